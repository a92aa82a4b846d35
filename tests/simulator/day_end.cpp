// How a day ends: the faults stop, and what then must hold.
#include <algorithm>

#include "storage/rebuild.h"
#include "tests/simulator/compare.h"
#include "tests/simulator/day.h"

namespace reconciled::simulator {
namespace {

using namespace std::chrono_literals;
using core::FindingKind;
using core::Result;

bool is_open(const storage::PaymentDetail& detail, std::initializer_list<FindingKind> kinds) {
  return std::any_of(detail.findings.begin(), detail.findings.end(), [&](const auto& finding) {
    return finding.open && std::find(kinds.begin(), kinds.end(), finding.kind) != kinds.end();
  });
}

// Until there is news of it, it stands as it was decided under the configuration of then. Where a
// webhook has to announce what counts, any attempt that is sound by itself may be the one.
bool may_deliver(const World& world, const Truth& truth, bool may_wait, bool is_asked) {
  if (truth.is_sound) return true;
  World lenient = world;
  lenient.policy.accept_unregistered |= !is_asked;
  if (!may_wait) return truth_of(lenient).is_sound;
  return std::any_of(world.attempts.begin(), world.attempts.end(), [&](const Attempt& attempt) {
    lenient.attempts = {attempt};
    return truth_of(lenient).is_sound;
  });
}

constexpr const char* kWronglyDeliverable = "is deliverable, and must not be";

std::string word(Result result) { return std::string(core::to_word(result)); }

}  // namespace

DayEnd Day::run() {
  end_.histories = static_cast<int>(histories_.size());
  run_until(faults_end_);
  end_faults();
  run_until(faults_end_ + static_cast<int>(kBound.count()));
  judge(false);
  is_bounded_ = false;
  // What a warning or a finding named, a person has PortOne asked about again.
  for (const auto& history : histories_) daemon_->ask_about(history->world.payment_id);
  run_until(machine_.second() + 300);
  judge(true);
  judge_the_rest();
  return std::move(end_);
}

// Both APIs are configured, the clock is right, PortOne is well, and nobody sends anything more.
void Day::end_faults() {
  stop();
  agenda_.clear();
  portone_.end_faults();
  setup_ = make_setup();
  setup_.policy.v1_configured = true;
  setup_.policy.v2_store_id = "store-1";
  start(setup_);
  daemon_->run();
  machine_.off = 0s;
  is_over_ = true;
  for (const auto& [id, world] : world_of_) {
    World& made = histories_[world]->world;
    made.policy = setup_.policy;
    made.orders.clear();
    if (told_[world].order) made.orders.push_back(*told_[world].order);
  }
  differs_.assign(histories_.size(), true);
  std::set<core::PaymentId> all;
  for (const auto& history : histories_) all.insert(history->world.payment_id);
  watch(all);
}

void Day::watch(std::set<core::PaymentId> changed) {
  for (const core::PaymentId& id : changed) {
    const auto found = world_of_.find(id.str());
    if (found == world_of_.end()) continue;
    const std::string why = difference_of(found->second, false);
    if (why == kWronglyDeliverable && !differs_[found->second]) {
      say(found->second, why + " any more");
    }
    const bool differs = !why.empty();
    if (is_bounded_ && differs_[found->second] && !differs) {
      const auto after = std::chrono::seconds(machine_.second() - faults_end_);
      end_.slowest = std::max(end_.slowest, after);
      if (core::is_decided(truth_of(histories_[found->second]->world).result)) {
        end_.slowest_decided = std::max(end_.slowest_decided, after);
      }
    }
    differs_[found->second] = differs;
  }
}

std::string Day::difference_of(std::size_t world, bool is_asked) {
  const World& made = histories_[world]->world;
  const Truth truth = truth_of(made);
  const auto detail = daemon_->reader().payment(made.payment_id, false);
  const Result result = detail ? detail->payment.result : Result::kNone;
  // A window that was opened, about which nobody told us anything.
  if (truth.result == Result::kReady && result == Result::kNone && !made.order()) return {};
  // A person was told of what could not be read, and looks it up.
  const bool is_told = portone_.oddly_told().contains(made.payment_id.str());
  if (is_told && !is_asked) return {};
  if (!detail) return "is not known, must be " + word(truth.result);
  const storage::PaymentView& payment = detail->payment;
  // By our clock thirty days had passed: nobody asks about it any more, only lists tell.
  if (payment.asking_ended_at && !core::is_decided(truth.result) && !is_asked) return {};
  const bool held = is_open(
      *detail, {FindingKind::kPaidAfterCancel, FindingKind::kDispute, FindingKind::kChargeback});
  const bool may_wait = made.policy.wait_for_webhook || (has_waited_ && !is_asked);
  if (payment.deliverable && !may_deliver(made, truth, may_wait, is_asked)) {
    return kWronglyDeliverable;
  }
  if (made.policy.wait_for_webhook) return {};
  // What `wait` decided stays as well, until there is news of it or its schedule asks.
  if (has_waited_ && !is_asked) return {};
  // A window that was opened after another attempt came to nothing: no list is asked for those.
  const bool came_to_nothing = result == Result::kCancelled || result == Result::kFailed;
  if (truth.result == Result::kReady && came_to_nothing && !is_asked) return {};
  if (result != truth.result) return "is " + word(result) + ", must be " + word(truth.result);
  const auto winner =
      std::find_if(made.attempts.begin(), made.attempts.end(),
                   [&](const Attempt& attempt) { return attempt.id == truth.winner; });
  if (payment.total_amount != winner->total ||
      payment.cancelled_amount != winner->states.back().cancelled) {
    return "has other amounts";
  }
  if (!is_asked || payment.deliverable == (truth.is_sound && !held)) return {};
  return payment.deliverable ? "is deliverable, though held" : "is not deliverable";
}

void Day::say(std::size_t world, const std::string& fault) {
  end_.faults.push_back(histories_[world]->world.payment_id.str() + ' ' + fault + '\n' +
                        describe(*histories_[world]));
}

void Day::judge(bool is_asked) {
  for (std::size_t world = 0; world < histories_.size(); ++world) {
    const std::string fault = difference_of(world, is_asked);
    if (!fault.empty()) say(world, fault + (is_asked ? ", even asked by hand" : ", at the bound"));
  }
}

void Day::judge_the_rest() {
  storage::Reader& reader = daemon_->reader();
  const auto inbox = reader.inbox_after({}, 10);
  if (!inbox.empty()) {
    end_.faults.push_back("event " + std::to_string(inbox.front().value) + " is left in the inbox");
  }
  if (reader.stats().lookups_failing > 0) end_.faults.emplace_back("a look-up fails for ever");
  stop();
  (void)storage::check_rebuild(
      storage::Store(file_), [this](const std::string& text) { end_.faults.push_back("rebuild: " + text); });
}

}  // namespace reconciled::simulator
