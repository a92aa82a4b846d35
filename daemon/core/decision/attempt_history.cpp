#include "daemon/core/decision/attempt_history.h"

#include <algorithm>
#include <tuple>

#include "daemon/core/words/mark.h"

namespace reconciled::core {
namespace {

bool money_moved(Result result) {
  return result == Result::kPaid || result == Result::kPartiallyCancelled ||
         result == Result::kCancelled;
}

bool says_the_same(const Snapshot& left, const Snapshot& right) {
  return left.result == right.result && left.total_amount == right.total_amount &&
         left.cancelled_amount == right.cancelled_amount && left.currency == right.currency &&
         left.payment_id == right.payment_id;
}

// With what hangs on an attempt besides: an answer that cannot carry disputes says nothing of them.
bool agrees(const Snapshot& left, const Snapshot& right) {
  const bool same_disputes =
      !left.disputes || !right.disputes || *left.disputes == *right.disputes;
  return says_the_same(left, right) && same_disputes && left.chargebacks == right.chargebacks;
}

// Interface §1.1: paid -> ready, a smaller cancel_amount. A decided attempt does not become open
// again, and money that moved does not turn into a failure.
bool falls_behind(const Snapshot& from, const Snapshot& to) {
  if (is_decided(from.result) && !is_decided(to.result)) return true;
  if (money_moved(from.result) && to.result == Result::kFailed) return true;
  return to.cancelled_amount < from.cancelled_amount;
}

// PortOne itself says that this answer is older than the one before (V2). Its clock may be wrong,
// so that orders nothing: it only asks for a second answer.
bool calls_itself_older(const Snapshot& from, const Snapshot& to) {
  return from.api == Api::kV2 && to.api == Api::kV2 && from.updated_at && to.updated_at &&
         *to.updated_at < *from.updated_at && !agrees(from, to);
}

// All of an answer that a decision can hang on besides its times.
auto content_key(const Snapshot& s) {
  std::string disputes = s.disputes ? "[" : "";
  for (const Dispute& dispute : s.disputes.value_or(std::vector<Dispute>{})) {
    disputes += dispute.id + (dispute.resolved ? "\n-" : "\n+");
  }
  return std::tuple(s.cancelled_amount, static_cast<int>(s.result), s.status, s.total_amount,
                    s.payment_id, s.currency, s.api, s.version, s.store_id, s.channel,
                    s.started_at, s.paid_at, s.updated_at,
                    s.virtual_account ? s.virtual_account->due_at : std::nullopt, disputes,
                    s.chargebacks);
}

// One answer, once for each look-up that brought it.
struct Answer {
  std::int64_t look_up;
  const SnapshotFact* fact;
};

// Interface §1.1: by the number of the look-up. What one look-up brought twice differs in content
// alone, and content breaks the tie, never the order of arrival.
bool is_older(const Answer& left, const Answer& right) {
  if (left.look_up != right.look_up) return left.look_up < right.look_up;
  const auto left_content = content_key(left.fact->snapshot);
  const auto right_content = content_key(right.fact->snapshot);
  if (left_content != right_content) return left_content < right_content;
  return left.fact->id < right.fact->id;
}

std::vector<Answer> in_order(const std::vector<const SnapshotFact*>& facts) {
  std::vector<Answer> answers;
  for (const SnapshotFact* fact : facts) {
    answers.push_back({fact->snapshot.look_up, fact});
    for (const std::int64_t look_up : fact->repeats) answers.push_back({look_up, fact});
  }
  std::sort(answers.begin(), answers.end(), is_older);
  return answers;
}

std::string cause_of(const Answer& answer) {
  return answer.fact->snapshot.attempt_id.str() + "#" + std::to_string(answer.look_up);
}

void carry_over(AttemptHistory& history, const Snapshot& s) {
  if (s.disputes) history.disputes = *s.disputes;
  for (const std::string& id : s.chargebacks) {
    if (std::find(history.chargebacks.begin(), history.chargebacks.end(), id) ==
        history.chargebacks.end()) {
      history.chargebacks.push_back(id);
    }
  }
}

struct Past {
  bool failed = false;
  bool cancelled = false;
};

void take(AttemptHistory& history, Past& past, const Answer& answer) {
  const Snapshot& s = answer.fact->snapshot;
  if (s.result == Result::kPaid) {
    history.paid = answer.fact;
    history.approved_after_failure |= past.failed;
    RECONCILED_MARK_IF(past.failed, kApprovedAfterFailure);
    RECONCILED_MARK_IF(past.cancelled, kPaidAfterCancel);
    if (past.cancelled) history.paid_after_cancel.push_back(cause_of(answer));
    past.cancelled = false;
  }
  past.failed |= s.result == Result::kFailed;
  past.cancelled |= s.result == Result::kCancelled;
  if (history.taken == nullptr || !agrees(history.taken->snapshot, s)) {
    history.changed_look_up = answer.look_up;
    history.changed_at = s.asked_at;
  }
  RECONCILED_MARK_IF(!s.disputes && !history.disputes.empty(), kDisputeCarriedOver);
  carry_over(history, s);
  history.taken = answer.fact;
  history.suspect = nullptr;
}

// Takes the answer, or holds it for suspect until another one agrees with it.
void consider(AttemptHistory& history, Past& past, const Answer& answer) {
  const Snapshot& next = answer.fact->snapshot;
  const Snapshot* const from = history.taken != nullptr ? &history.taken->snapshot : nullptr;
  const bool is_behind = from != nullptr && falls_behind(*from, next);
  if (!is_behind && (from == nullptr || !calls_itself_older(*from, next))) {
    RECONCILED_MARK_IF(history.suspect != nullptr, kStepBackRefuted);
    take(history, past, answer);
    return;
  }
  // A repetition within one look-up is no second answer. Where the status is in doubt, the status
  // has to be said again; a dispute may have come meanwhile.
  const bool is_second = history.suspect != nullptr && answer.look_up != history.suspect_look_up;
  if (is_second && (is_behind ? says_the_same(history.suspect->snapshot, next)
                              : agrees(history.suspect->snapshot, next))) {
    RECONCILED_MARK_IF(is_behind, kStepBackConfirmed);
    if (is_behind) history.went_backwards.push_back(cause_of(answer));
    take(history, past, answer);
    return;
  }
  RECONCILED_MARK_IF(is_behind, kStepBackSuspected);
  RECONCILED_MARK_IF(!is_behind, kOlderByItsOwnWord);
  RECONCILED_MARK_IF(history.suspect != nullptr && !is_second, kNoSecondAnswer);
  history.suspect = answer.fact;
  history.suspect_look_up = answer.look_up;
}

}  // namespace

AttemptHistory fold_attempt(const std::vector<const SnapshotFact*>& facts,
                            const DecisionPolicy& policy) {
  std::vector<Answer> answers = in_order(facts);
  AttemptHistory history(facts.front()->snapshot.attempt_id);
  for (const Answer& answer : answers) {
    const Snapshot& s = answer.fact->snapshot;
    if (s.api == Api::kV2) history.version = s.version;
  }
  history.naming = answers.back().fact;
  // A V1 attempt is judged by V1 answers alone where V1 is configured; V2 then only names it.
  const Answer newest = answers.back();
  if (history.version == Api::kV1 && policy.v1_configured) {
    [[maybe_unused]] const auto named =
        std::erase_if(answers, [](const Answer& a) { return a.fact->snapshot.api == Api::kV2; });
    RECONCILED_MARK_IF(named > 0, kV2OnlyNames);
  }
  Past past;
  for (const Answer& answer : answers) {
    history.naming = answer.fact;
    consider(history, past, answer);
  }
  // What the other API says of it does not count, but it is newer (V1 was not configured for a
  // while): goods do not go out on the older word, V1 is asked again.
  if (history.taken != nullptr && newest.look_up > answers.back().look_up &&
      !says_the_same(history.taken->snapshot, newest.fact->snapshot)) {
    RECONCILED_MARK(kOtherViewIsNewer);
    history.suspect = newest.fact;
    history.suspect_look_up = newest.look_up;
  }
  return history;
}

}  // namespace reconciled::core
