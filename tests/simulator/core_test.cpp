// Promises 2 and 4 on the decision itself: each history in many orders, against the oracle.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/simulator/compare.h"
#include "tests/simulator/marks.h"
#include "tests/simulator/oracle.h"

namespace reconciled::simulator {
namespace {

constexpr int kLongHistories = 200'000;
// What the evidence of one payment comes to, in the pure decision.
std::vector<core::Mark> expected_marks() {
  using core::Mark;
  return {Mark::kStepBackSuspected, Mark::kStepBackConfirmed,  Mark::kStepBackRefuted,
          Mark::kOlderByItsOwnWord, Mark::kNoSecondAnswer,     Mark::kPaidAfterCancel,
          Mark::kApprovedAfterFailure, Mark::kDisputeCarriedOver, Mark::kV2OnlyNames,
          Mark::kOtherViewIsNewer,  Mark::kBoundElsewhere,     Mark::kWaitsForWebhook,
          Mark::kAnnounced,         Mark::kHeldByFinding,      Mark::kResolutionLiftedHold,
          Mark::kUnverified,        Mark::kIdentityMismatch,   Mark::kRedirectContradicts,
          Mark::kDoublePayment};
}

constexpr int kShortHistories = 60;
constexpr std::size_t kMostExhausted = 7;

std::vector<int> numbers_of(const History& history) {
  std::vector<int> numbers(history.pieces.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// In another order, with some pieces more than once.
std::vector<int> shuffled(Random& random, std::vector<int> numbers) {
  const std::size_t once = numbers.size();
  for (int copies = random.below(once + 1); copies > 0; --copies) {
    numbers.push_back(numbers[static_cast<std::size_t>(random.below(once))]);
  }
  random.shuffle(numbers);
  return numbers;
}

core::Decision decide(const History& history, const std::vector<int>& order) {
  return core::decide(evidence_of(history, order), history.world.policy);
}

// All that one set of evidence must hold: promise 4 and the findings.
std::string judge(const History& history, const std::vector<int>& held,
                  const core::Decision& decision) {
  if (decision.deliverable) {
    const std::string why = why_not_deliverable(history, held, decision.winner);
    if (!why.empty()) return "deliverable, but " + why;
  }
  return is_exact(history) ? difference(expect(history, held), decision) : "";
}

// Once two look-ups began after PortOne's last change, its truth is ours.
std::string against_truth(const History& history, const core::Decision& decision) {
  if (!history.is_settled || history.world.policy.wait_for_webhook) return {};
  const Truth truth = truth_of(history.world);
  if (truth.winner != decision.winner) return "another winner than PortOne's";
  if (truth.result != decision.result) return "another result than PortOne's";
  const bool held = std::any_of(decision.findings.begin(), decision.findings.end(),
                                [](const core::FindingDraft& finding) {
                                  return finding.kind == core::FindingKind::kPaidAfterCancel ||
                                         finding.kind == core::FindingKind::kDispute ||
                                         finding.kind == core::FindingKind::kChargeback;
                                });
  if (decision.deliverable != (truth.is_sound && !held)) return "not as deliverable as in truth";
  return {};
}

// A person closes one kind of hold: it lifts that hold and no mismatch.
std::string against_resolving(const History& history, const std::vector<int>& held,
                              const core::Decision& decision) {
  if (!is_exact(history) || decision.findings.empty()) return {};
  core::PaymentEvidence evidence = evidence_of(history, held);
  const core::FindingKind kind = decision.findings.back().kind;
  for (const core::FindingDraft& finding : decision.findings) {
    if (finding.kind == kind) evidence.resolutions.push_back({kind, finding.cause});
  }
  return difference(expect(history, held, {kind}), core::decide(evidence, history.world.policy));
}

// What the histories came to, so that none of the rules goes untried unseen.
struct Tally {
  int long_ones = 0;
  int deliverable = 0;
  std::map<core::Result, int> results;
  std::map<core::FindingKind, int> findings;

  void add(const History& history, const core::Decision& decision) {
    long_ones += history.pieces.size() > kMostExhausted ? 1 : 0;
    deliverable += decision.deliverable ? 1 : 0;
    results[decision.result] += 1;
    for (const core::FindingDraft& finding : decision.findings) findings[finding.kind] += 1;
  }
};

void check_case(int number, Tally& tally) {
  Random random(simulator_seed(), static_cast<std::uint64_t>(number));
  const World world = make_world(random, "w", make_policy(random));
  const auto history = make_history(random, world, {.has_marks = true, .answers_all = false});
  const std::vector<int> all = numbers_of(*history);
  const core::Decision told = decide(*history, all);
  tally.add(*history, told);

  std::string fault = judge(*history, all, told);
  if (fault.empty()) fault = against_truth(*history, told);
  if (fault.empty()) fault = against_resolving(*history, all, told);
  const std::vector<int> order = shuffled(random, all);
  if (fault.empty()) fault = difference(told, decide(*history, order));

  // What had arrived until some moment, or what arrived at all.
  std::vector<int> part = all;
  random.shuffle(part);
  part.resize(static_cast<std::size_t>(random.below(part.size() + 1)));
  const core::Decision of_part = decide(*history, part);
  if (fault.empty()) fault = judge(*history, part, of_part);
  if (fault.empty() && !part.empty()) {
    fault = difference(of_part, decide(*history, shuffled(random, part)));
  }
  if (!fault.empty()) FAIL(replay_hint(number) << ": " << fault << "\n" << describe(*history));
}

}  // namespace

TEST_CASE("simulator: every order of a short history ends in the same decision") {
  int histories = 0;
  std::size_t longest = 0;
  for (int number = 0; histories < kShortHistories; ++number) {
    Random random(simulator_seed(), static_cast<std::uint64_t>(number) + 1'000'000'000);
    const World world = make_world(random, "w", make_policy(random));
    const auto history = make_history(random, world, {.most_look_ups = 3});
    std::vector<int> order = numbers_of(*history);
    if (order.size() < 4) continue;
    // Any seven of a longer history are a history too.
    random.shuffle(order);
    order.resize(std::min(order.size(), kMostExhausted));
    std::sort(order.begin(), order.end());
    histories += 1;
    longest = std::max(longest, order.size());
    const core::Decision told = decide(*history, order);
    std::string fault = judge(*history, order, told);
    do {
      std::vector<int> arrival = order;
      if (random.chance(50)) {
        arrival.push_back(order[static_cast<std::size_t>(random.below(order.size()))]);
      }
      if (fault.empty()) fault = difference(told, decide(*history, arrival));
    } while (fault.empty() && std::next_permutation(order.begin(), order.end()));
    if (!fault.empty()) FAIL(replay_hint(number) << ": " << fault << "\n" << describe(*history));
  }
  CHECK(longest == kMostExhausted);
}

TEST_CASE("simulator: long histories end as PortOne's truth says, in any order, cut anywhere") {
  Tally tally;
  const std::vector<int> one = cases_to_run(0);
  for (const int number : one) check_case(number, tally);
  if (!one.empty()) return;
  const int count = how_many_histories(kLongHistories);
  int histories = 0;
  for (; tally.long_ones < count; ++histories) check_case(histories, tally);
  MESSAGE("seed " << simulator_seed() << ": " << histories << " histories, " << tally.long_ones
                  << " of them long");
  check_marks(expected_marks());
  constexpr int kOften = 50;
  if (count < kLongHistories) return;
  CHECK(tally.deliverable > count / 10);
  CHECK(tally.results.size() == 8);
  for (const auto& [result, times] : tally.results) {
    CAPTURE(std::string(core::to_word(result)));
    CHECK(times > kOften);
  }
  // All but `poisoned`, which no decision makes.
  CHECK(tally.findings.size() == core::kFindingKinds - 1);
  for (const auto& [kind, times] : tally.findings) {
    CAPTURE(std::string(core::to_word(kind)));
    CHECK(times > kOften);
  }
}

}  // namespace reconciled::simulator
