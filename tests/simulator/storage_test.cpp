// Promises 2, 4 and 7 through the real storage: the same evidence, written in different orders.
#include <doctest/doctest.h>
#include <unistd.h>

#include <optional>
#include <set>

#include "tests/simulator/compare.h"
#include "tests/simulator/oracle.h"
#include "tests/simulator/replay.h"
#include "tests/support/scoped_environment.h"

namespace reconciled::simulator {
namespace {

constexpr int kHistories = 2'000;
constexpr int kHistoriesInDatabase = 250;
constexpr int kOrders = 2;
constexpr int kLong = 8;  // pieces; all orders of shorter histories are tried on the core

std::string without(std::string text, const std::string& name) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
    text.replace(at, name.size(), "#");
  }
  return text;
}

template <class T>
std::string word(const std::optional<T>& value) {
  return value ? std::string(core::to_word(*value)) : "-";
}
std::string number(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

bool is_open(const storage::FindingView& finding) { return finding.open; }
bool is_open(const core::FindingDraft&) { return true; }

// All that promise 2 speaks of, in one text; of a stored payment or of a decision.
template <class Payment, class Attempts, class Findings>
std::string end_of(const Payment& payment, const Attempts& attempts, const Findings& findings) {
  std::string text = std::string(core::to_word(payment.result)) + ' ' + word(payment.authority) +
                     (payment.deliverable ? " deliverable" : "") +
                     (payment.unverified ? " unverified" : "") +
                     (payment.unobstructed ? " unobstructed" : "") + ' ' +
                     number(payment.total_amount) + '-' + number(payment.cancelled_amount) + '\n';
  for (const auto& attempt : attempts) {
    text += attempt.attempt_id.str() + ' ' + std::string(core::to_word(attempt.api)) + ' ' +
            std::string(core::to_word(attempt.result)) + '\n';
  }
  std::set<std::string> lines;
  for (const auto& finding : findings) {
    if (!is_open(finding) || is_timers(finding.kind)) continue;
    lines.insert(std::string(core::to_word(finding.kind)) + ": " + finding.detail + '\n');
  }
  for (const std::string& line : lines) text += line;
  return text;
}

std::string end_of(const core::Decision& decision) {
  return end_of(decision, decision.attempts, decision.findings);
}

std::string stored_end(storage::Reader& reader, const core::PaymentId& id) {
  const auto detail = reader.payment(id, false);
  return detail ? end_of(detail->payment, detail->attempts, detail->findings)
                : end_of(core::Decision{});
}

// The ends of one history in each of its orders.
void compare(storage::Reader& reader, const std::vector<Replay>& orders, int number) {
  std::string first;
  std::string first_other;
  for (const Replay& replay : orders) {
    const History& history = *replay.history;
    const std::string stored = stored_end(reader, history.world.payment_id);
    const core::Decision decision =
        core::decide(evidence_of(history, replay.held), history.world.policy);
    const std::string hint = replay_hint(number) + "\n" + describe(history);
    if (stored != end_of(decision)) {
      FAIL("stored:\n" << stored << "decided:\n" << end_of(decision) << hint);
    }
    if (is_exact(history)) {
      const std::string fault = difference(expect(history, replay.held), decision);
      if (!fault.empty()) FAIL(fault << "\n" << hint);
    }
    if (decision.deliverable) {
      const std::string why = why_not_deliverable(history, replay.held, decision.winner);
      if (!why.empty()) FAIL("deliverable, but " << why << "\n" << hint);
    }
    const std::string end = without(stored, history.world.name);
    std::string other;
    if (history.world.stranger) {
      other = without(stored_end(reader, history.world.stranger->payment_id), history.world.name);
    }
    if (&replay == &orders.front()) {
      first = end;
      first_other = other;
    }
    if (end != first) FAIL("one order:\n" << first << "another:\n" << end << hint);
    if (other != first_other) FAIL("one order:\n" << first_other << "another:\n" << other << hint);
  }
}

// The same history under another name for each order, so that one database can hold all.
std::vector<Replay> make_replays(int number, const core::DecisionPolicy& policy) {
  std::vector<Replay> replays(kOrders);
  for (std::size_t i = 0; i < replays.size(); ++i) {
    Random random(simulator_seed(), static_cast<std::uint64_t>(number) + 2'000'000'000);
    const std::string name = "h" + std::to_string(number) + "o" + std::to_string(i) + "e";
    auto history = make_history(random, make_world(random, name, policy), {});
    Random own(simulator_seed() + static_cast<std::uint64_t>(number), i);
    replays[i] = make_replay(std::move(history), random, own);
  }
  return replays;
}

// Gives how many long histories were replayed.
int check_database(int first) {
  Random random(simulator_seed(), static_cast<std::uint64_t>(first) + 3'000'000'000);
  const core::DecisionPolicy policy = make_policy(random);
  Database database(policy);
  std::vector<Replay> replays;
  int long_ones = 0;
  for (int number = first; number < first + kHistoriesInDatabase; ++number) {
    for (Replay& replay : make_replays(number, policy)) {
      long_ones += replay.held.size() >= kLong ? 1 : 0;
      replays.push_back(std::move(replay));
    }
  }
  database.run(replays);
  storage::Reader reader = database.reader();
  for (std::size_t i = 0; i < replays.size(); i += kOrders) {
    std::vector<Replay> orders;
    for (std::size_t o = i; o < i + kOrders; ++o) orders.push_back(std::move(replays[o]));
    compare(reader, orders, first + static_cast<int>(i) / kOrders);
  }
  const std::vector<std::string> differences = database.rebuild_differences();
  if (!differences.empty()) FAIL(replay_hint(first) << ": " << differences.front());
  return long_ones;
}

}  // namespace

TEST_CASE("simulator: histories end alike in the storage, however they were written") {
  // Nothing is proved here by waiting for a disk.
  std::optional<test::ScopedEnvironment> in_memory;
  if (::access("/dev/shm", W_OK) == 0) in_memory.emplace("TMPDIR", "/dev/shm");
  int long_ones = 0;
  for (int first = 0; first < kHistories; first += kHistoriesInDatabase) {
    long_ones += check_database(first);
  }
  CHECK(long_ones >= 2'000);
}

}  // namespace reconciled::simulator
