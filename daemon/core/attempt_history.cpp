#include "daemon/core/attempt_history.h"

#include <algorithm>
#include <tuple>

namespace reconciled::core {
namespace {

bool money_moved(Result result) {
  return result == Result::kPaid || result == Result::kPartiallyCancelled ||
         result == Result::kCancelled;
}

// Interface §1.1: paid -> ready, a smaller cancel_amount. A decided attempt does not become open
// again, and money that moved does not turn into a failure.
bool goes_backwards(const Snapshot& from, const Snapshot& to) {
  if (is_decided(from.result) && !is_decided(to.result)) return true;
  if (money_moved(from.result) && to.result == Result::kFailed) return true;
  return to.cancelled_amount < from.cancelled_amount;
}

bool says_the_same(const Snapshot& left, const Snapshot& right) {
  return left.result == right.result && left.total_amount == right.total_amount &&
         left.cancelled_amount == right.cancelled_amount && left.currency == right.currency &&
         left.payment_id == right.payment_id;
}

// Interface §1.1: V2 answers by updatedAt, then by when they were asked; V1 by when they were
// asked.
auto time_key(const Snapshot& s) {
  const PortoneTime by_portone =
      s.api == Api::kV2 ? s.updated_at.value_or(PortoneTime{}) : PortoneTime{};
  return std::tuple(by_portone, s.asked_at);
}

// All of an answer that a decision can hang on besides its times.
auto content_key(const Snapshot& s) {
  std::string disputes = s.disputes ? "[" : "";
  for (const Dispute& dispute : s.disputes.value_or(std::vector<Dispute>{})) {
    disputes += dispute.id + (dispute.resolved ? "\n-" : "\n+");
  }
  return std::tuple(s.cancelled_amount, static_cast<int>(s.result), s.status, s.total_amount,
                    s.payment_id, s.currency, s.api, s.version, s.store_id, s.channel,
                    s.started_at, s.paid_at,
                    s.virtual_account ? s.virtual_account->due_at : std::nullopt, disputes,
                    s.chargebacks);
}

// What is equal in time differs in content alone, and content breaks the tie, never the order of
// arrival.
bool is_older(const SnapshotFact* left, const SnapshotFact* right) {
  const auto left_time = time_key(left->snapshot);
  const auto right_time = time_key(right->snapshot);
  if (left_time != right_time) return left_time < right_time;
  const auto left_content = content_key(left->snapshot);
  const auto right_content = content_key(right->snapshot);
  if (left_content != right_content) return left_content < right_content;
  return left->id < right->id;
}

// Whether `next` is the answer that PortOne gave to the asking again (interface §1.1), not a
// repetition of the suspect itself.
bool confirms(const Snapshot& next, const Snapshot& suspect) {
  return next.asked_at != suspect.asked_at && says_the_same(suspect, next);
}

std::string cause_of(const Snapshot& s) {
  return s.attempt_id.str() + "@" + to_rfc3339(s.updated_at ? to_time(*s.updated_at) : s.asked_at);
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

void take(AttemptHistory& history, Past& past, const SnapshotFact& fact) {
  const Snapshot& s = fact.snapshot;
  if (s.result == Result::kPaid) {
    history.paid = &fact;
    history.approved_after_failure |= past.failed;
    if (past.cancelled) history.paid_after_cancel.push_back(cause_of(s));
    past.cancelled = false;
  }
  past.failed |= s.result == Result::kFailed;
  past.cancelled |= s.result == Result::kCancelled;
  if (history.taken == nullptr || !says_the_same(history.taken->snapshot, s)) {
    history.changed_at = s.asked_at;
  }
  history.taken = &fact;
  history.suspect = nullptr;
}

}  // namespace

AttemptHistory fold_attempt(std::vector<const SnapshotFact*> answers,
                            const DecisionPolicy& policy) {
  std::sort(answers.begin(), answers.end(), is_older);
  AttemptHistory history(answers.front()->snapshot.attempt_id);
  for (const SnapshotFact* fact : answers) {
    if (fact->snapshot.api == Api::kV2) history.version = fact->snapshot.version;
  }
  history.naming = answers.back();
  // A V1 attempt is judged by V1 answers alone where V1 is configured; V2 then only names it.
  if (history.version == Api::kV1 && policy.v1_configured) {
    std::erase_if(answers, [](const SnapshotFact* f) { return f->snapshot.api == Api::kV2; });
  }

  Past past;
  for (const SnapshotFact* fact : answers) {
    history.newest = fact;
    history.naming = fact;
    carry_over(history, fact->snapshot);
    if (history.taken == nullptr || !goes_backwards(history.taken->snapshot, fact->snapshot)) {
      take(history, past, *fact);
    } else if (history.suspect != nullptr &&
               confirms(fact->snapshot, history.suspect->snapshot)) {
      history.went_backwards.push_back(cause_of(fact->snapshot));
      take(history, past, *fact);
    } else {
      history.suspect = fact;
    }
  }
  return history;
}

}  // namespace reconciled::core
