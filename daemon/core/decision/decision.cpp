#include "daemon/core/decision/decision.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/core/decision/attempt_history.h"
#include "daemon/core/decision/findings.h"
#include "daemon/core/words/mark.h"

namespace reconciled::core {
namespace {

// Interface §1.1: paid > partially_cancelled > awaiting_deposit = pending > the newest-started of
// cancelled, failed, ready.
int strength(Result result) {
  switch (result) {
    case Result::kPaid:
      return 4;
    case Result::kPartiallyCancelled:
      return 3;
    case Result::kAwaitingDeposit:
    case Result::kPending:
      return 2;
    case Result::kCancelled:
    case Result::kFailed:
    case Result::kReady:
      return 1;
    case Result::kNone:
      return 0;
  }
  return 0;
}

// An attempt as it enters the contest: with `wait` an unannounced one counts for less than what
// PortOne says of it.
struct Candidate {
  const AttemptHistory* attempt;
  Result counted;
};

bool is_stronger(const Candidate& left, const Candidate& right) {
  const int by_strength = strength(left.counted) - strength(right.counted);
  if (by_strength != 0) return by_strength > 0;
  const Snapshot& l = left.attempt->taken->snapshot;
  const Snapshot& r = right.attempt->taken->snapshot;
  if (strength(left.counted) == 1) {
    const auto l_start = l.started_at.value_or(PortoneTime::min());
    const auto r_start = r.started_at.value_or(PortoneTime::min());
    if (l_start != r_start) return l_start > r_start;
  }
  const auto l_paid = l.paid_at.value_or(PortoneTime::max());
  const auto r_paid = r.paid_at.value_or(PortoneTime::max());
  if (l_paid != r_paid) return l_paid < r_paid;
  return l.attempt_id < r.attempt_id;
}

// Signed, or V1 whose pair PortOne's answer confirms (interface §1, webhook_status).
bool is_authentic(const WebhookFact& webhook, const std::vector<AttemptHistory>& bound) {
  if (webhook.is_signed) return true;
  return webhook.api == Api::kV1 && webhook.attempt_id &&
         std::any_of(bound.begin(), bound.end(), [&](const AttemptHistory& attempt) {
           return attempt.attempt_id == *webhook.attempt_id;
         });
}

// Dossier §2.1 and §2.2: V1 is silent about failures and about cancels by API; V2 tells all.
bool portone_would_tell(Api api, Result result) {
  return is_decided(result) && (api == Api::kV2 || result == Result::kPaid);
}

// Interface §7: a payment that nobody named and whose newest status came about more than a minute
// before the daemon's first start.
constexpr std::chrono::seconds kBeforeOurTime{60};

class Judge {
 public:
  Judge(const PaymentEvidence& evidence, const DecisionPolicy& policy)
      : evidence_(evidence), policy_(policy) {}

  Decision run() {
    bind_attempts();
    find_authentic_webhooks();
    pick_winner();
    look_for_contradictions();
    list_attempts();
    read_redirects();
    decision_.is_asking_over = is_asking_over();
    decision_.findings =
        derive_findings(evidence_, policy_, {decision_, bound_, authentic_, winner_});
    judge_delivery();
    // After the holds were judged: being silent about an old payment does not deliver it.
    if (is_before_our_time()) {
      decision_.is_silent = true;
      decision_.findings.clear();
      decision_.expects_webhook = false;
    }
    return std::move(decision_);
  }

 private:
  // PortOne's newest answer about an attempt says whose it is; a V1 attempt that only V2 answers
  // name is bound, but not judged.
  void bind_attempts() {
    std::map<AttemptId, std::vector<const SnapshotFact*>> by_attempt;
    for (const SnapshotFact& fact : evidence_.snapshots) {
      by_attempt[fact.snapshot.attempt_id].push_back(&fact);
    }
    for (const auto& [id, answers] : by_attempt) {
      AttemptHistory history = fold_attempt(answers, policy_);
      if (history.naming->snapshot.payment_id == evidence_.payment_id) {
        bound_.push_back(std::move(history));
      } else {
        RECONCILED_MARK(kBoundElsewhere);
      }
    }
  }

  void find_authentic_webhooks() {
    // V2's word is as old as its timestamp says; others come one after the other.
    const WebhookFact* newest_timed = nullptr;
    const WebhookFact* newest_other = nullptr;
    for (const WebhookFact& webhook : evidence_.webhooks) {
      if (!is_authentic(webhook, bound_)) continue;
      authentic_.push_back(&webhook);
      if (!webhook.status) continue;
      const WebhookFact*& newest = webhook.said_at ? newest_timed : newest_other;
      if (newest == nullptr || is_newer(webhook, *newest)) newest = &webhook;
    }
    const WebhookFact* newest = newest_timed;
    if (newest == nullptr || (newest_other != nullptr && newest->event < newest_other->event)) {
      newest = newest_other;
    }
    if (newest != nullptr) decision_.webhook_status = *newest->status;
  }

  void look_for_contradictions() {
    for (const AttemptHistory& attempt : bound_) {
      const WebhookFact* newest = nullptr;
      for (const WebhookFact* webhook : authentic_) {
        if (webhook->attempt_id != attempt.attempt_id || !webhook->status) continue;
        if (newest == nullptr || is_newer(*webhook, *newest)) newest = webhook;
      }
      if (newest == nullptr || !is_decided(*newest->status)) continue;
      decision_.is_contradicted |=
          std::none_of(evidence_.snapshots.begin(), evidence_.snapshots.end(),
                       [&](const SnapshotFact& fact) {
                         return announces(*newest, fact.snapshot.attempt_id, fact.snapshot.result);
                       });
    }
  }

  // With `wait`, an attempt that no webhook ever announced as decided is not decided by PortOne's
  // answer alone: it counts as pending, a failure as ready.
  [[nodiscard]] Result counted(const AttemptHistory& attempt) const {
    const Result result = attempt.taken->snapshot.result;
    if (!policy_.wait_for_webhook || !is_decided(result)) return result;
    // Paid only where a webhook said paid of this attempt; what takes money or hope away again is
    // followed once any webhook called the attempt decided.
    const bool announced =
        std::any_of(authentic_.begin(), authentic_.end(), [&](const WebhookFact* webhook) {
          return webhook->attempt_id == attempt.attempt_id && webhook->status &&
                 is_decided(*webhook->status) &&
                 (result != Result::kPaid || *webhook->status == Result::kPaid);
        });
    if (announced) return result;
    RECONCILED_MARK(kWaitsForWebhook);
    return result == Result::kFailed ? Result::kReady : Result::kPending;
  }

  void pick_winner() {
    std::optional<Candidate> best;
    for (const AttemptHistory& attempt : bound_) {
      if (attempt.taken == nullptr) {
        // Only V2 told of it, and V1 judges it: until V1 was asked, money may have moved unseen.
        RECONCILED_MARK(kUnjudgedAskedAbout);
        decision_.suspect_look_up = std::max(decision_.suspect_look_up.value_or(0),
                                             attempt.naming->snapshot.look_up);
        continue;
      }
      const Candidate candidate{&attempt, counted(attempt)};
      if (!best || is_stronger(candidate, *best)) best = candidate;
      decision_.waits_for_webhook |=
          candidate.counted != attempt.taken->snapshot.result &&
          attempt.taken->snapshot.result == Result::kPaid;
      if (attempt.suspect != nullptr) {
        decision_.suspect_look_up =
            std::max(decision_.suspect_look_up.value_or(0), attempt.suspect_look_up);
      }
      if (!decision_.changed_at || decision_.changed_look_up < attempt.changed_look_up) {
        decision_.changed_look_up = attempt.changed_look_up;
        decision_.changed_at = attempt.changed_at;
      }
    }
    if (!best) return;
    winner_ = best->attempt;
    const Snapshot& s = winner_->taken->snapshot;
    decision_.result = best->counted;
    decision_.winner = s.attempt_id;
    decision_.deciding_snapshot = winner_->taken->id;
    decision_.currency = s.currency;
    decision_.total_amount = s.total_amount;
    decision_.cancelled_amount = s.cancelled_amount;
    if (s.result == Result::kAwaitingDeposit && s.virtual_account) {
      decision_.deposit_due_at = s.virtual_account->due_at;
    }
    const bool announced =
        std::any_of(authentic_.begin(), authentic_.end(), [&](const WebhookFact* webhook) {
          return announces(*webhook, s.attempt_id, decision_.result);
        });
    RECONCILED_MARK_IF(announced, kAnnounced);
    decision_.authority = announced ? Authority::kWebhook : Authority::kLookup;
    decision_.expects_webhook =
        !announced && portone_would_tell(winner_->version, decision_.result) &&
        std::none_of(evidence_.marks.begin(), evidence_.marks.end(), [&](const TimerMark& mark) {
          return mark.kind == TimerMark::Kind::kWebhookOverdue &&
                 mark.attempt_id == s.attempt_id && mark.result == decision_.result;
        });
  }

  [[nodiscard]] bool is_before_our_time() const {
    if (!evidence_.first_started_at || evidence_.order || !evidence_.webhooks.empty()) return false;
    const bool is_to_be_told =
        std::any_of(evidence_.marks.begin(), evidence_.marks.end(), [](const TimerMark& mark) {
          return mark.kind == TimerMark::Kind::kToBeTold;
        });
    if (is_to_be_told) return false;
    std::optional<PortoneTime> newest;
    for (const AttemptHistory& attempt : bound_) {
      if (attempt.taken == nullptr) continue;
      const auto& at = attempt.taken->snapshot.status_at;
      if (at && (!newest || *newest < *at)) newest = at;
    }
    return newest && *newest < *evidence_.first_started_at - kBeforeOurTime;
  }

  void list_attempts() {
    std::map<AttemptId, AttemptState> states;
    for (const AttemptHistory& attempt : bound_) {
      AttemptState state{attempt.attempt_id, attempt.version, Result::kNone, std::nullopt};
      if (attempt.taken != nullptr) {
        state.result = attempt.taken->snapshot.result;
        state.snapshot_id = attempt.taken->id;
      }
      states.emplace(attempt.attempt_id, state);
    }
    for (const WebhookFact* webhook : authentic_) {
      if (!webhook->attempt_id || bound_elsewhere(*webhook->attempt_id)) continue;
      states.emplace(*webhook->attempt_id,
                     AttemptState{*webhook->attempt_id, webhook->api, Result::kNone, {}});
    }
    for (auto& [id, state] : states) decision_.attempts.push_back(std::move(state));
  }

  [[nodiscard]] bool bound_elsewhere(const AttemptId& id) const {
    const bool is_known = std::any_of(
        evidence_.snapshots.begin(), evidence_.snapshots.end(),
        [&](const SnapshotFact& fact) { return fact.snapshot.attempt_id == id; });
    const bool is_ours = std::any_of(
        bound_.begin(), bound_.end(),
        [&](const AttemptHistory& attempt) { return attempt.attempt_id == id; });
    return is_known && !is_ours;
  }

  // The schedule came to its end, and nothing that begins it anew came after it had begun.
  [[nodiscard]] bool is_asking_over() const {
    std::int64_t newest = 0;
    for (const WebhookFact& webhook : evidence_.webhooks) {
      newest = std::max(newest, webhook.event.value);
    }
    return std::any_of(evidence_.marks.begin(), evidence_.marks.end(), [&](const TimerMark& mark) {
      return mark.kind == TimerMark::Kind::kAskingEnded && mark.up_to_event >= newest &&
             mark.look_up >= decision_.changed_look_up;
    });
  }

  // The newest redirect tells what the buyer last saw. It moves ui_state and nothing else.
  void read_redirects() {
    const RedirectFact* newest = nullptr;
    for (const RedirectFact& redirect : evidence_.redirects) {
      if (newest == nullptr || std::tuple(newest->arrival, newest->event) <
                                   std::tuple(redirect.arrival, redirect.event)) {
        newest = &redirect;
      }
    }
    if (newest != nullptr) decision_.ui_state = newest->hint;
  }

  // Interface §1.2. Each line keeps goods in the house for a reason of its own.
  void judge_delivery() {
    if (winner_ == nullptr) return;
    const Snapshot& s = winner_->taken->snapshot;
    const bool newest_says_so = winner_->suspect == nullptr;
    const bool amount_agrees =
        s.total_amount > 0 &&
        (evidence_.order ? evidence_.order->amount == s.total_amount &&
                               evidence_.order->currency == s.currency
                         : policy_.accept_unregistered);
    const bool our_store =
        s.api == Api::kV1 || (policy_.v2_store_id && s.store_id == *policy_.v2_store_id);
    const bool our_channel = s.channel == policy_.channel;
    decision_.unobstructed =
        newest_says_so && amount_agrees && our_store && our_channel && !is_held();
    decision_.deliverable = decision_.unobstructed && decision_.result == Result::kPaid;
    RECONCILED_MARK_IF(decision_.deliverable && !evidence_.order, kUnverified);
    decision_.unverified = decision_.deliverable && !evidence_.order;
  }

  [[nodiscard]] bool is_held() const {
    return std::any_of(
        decision_.findings.begin(), decision_.findings.end(), [&](const FindingDraft& finding) {
          if (!holds_until_resolved(finding.kind)) return false;
          const bool holds = std::none_of(evidence_.resolutions.begin(), evidence_.resolutions.end(),
                              [&](const Resolution& resolution) {
                                return resolution.kind == finding.kind &&
                                       resolution.cause == finding.cause;
                              });
          RECONCILED_MARK_IF(holds, kHeldByFinding);
          RECONCILED_MARK_IF(!holds, kResolutionLiftedHold);
          return holds;
        });
  }

  const PaymentEvidence& evidence_;
  const DecisionPolicy& policy_;
  std::vector<AttemptHistory> bound_;
  std::vector<const WebhookFact*> authentic_;
  const AttemptHistory* winner_ = nullptr;
  Decision decision_;
};

}  // namespace

Decision decide(const PaymentEvidence& evidence, const DecisionPolicy& policy) {
  return Judge(evidence, policy).run();
}

}  // namespace reconciled::core
