#include "daemon/core/decision/findings.h"

#include <algorithm>
#include <tuple>

#include "daemon/core/words/check.h"
#include "daemon/core/words/mark.h"

namespace reconciled::core {
namespace {

class Derivation {
 public:
  Derivation(const PaymentEvidence& evidence, const DecisionPolicy& policy, const Judged& judged)
      : evidence_(evidence),
        policy_(policy),
        decision_(judged.decision),
        attempts_(judged.attempts),
        authentic_(judged.authentic) {}

  std::vector<FindingDraft> run(const AttemptHistory* winner) {
    if (decision_.result == Result::kPaid && winner != nullptr) against_the_order(*winner);
    for (const AttemptHistory& attempt : attempts_) {
      if (attempt.taken == nullptr) continue;
      where_it_was_paid(attempt);
      what_happened_to(attempt);
      disputes_of(attempt);
      redirect_against(attempt);
      if (winner != nullptr) paid_beside(attempt, *winner);
    }
    identities();
    overdue_webhooks();
    after_the_schedule();
    unread_answers();
    std::sort(drafts_.begin(), drafts_.end(), [](const FindingDraft& l, const FindingDraft& r) {
      return std::tie(l.kind, l.cause) < std::tie(r.kind, r.cause);
    });
    // One finding per kind and cause, however often the evidence says it.
    const auto repeated = std::unique(drafts_.begin(), drafts_.end(),
                                      [](const FindingDraft& l, const FindingDraft& r) {
                                        return l.kind == r.kind && l.cause == r.cause;
                                      });
    drafts_.erase(repeated, drafts_.end());
    return std::move(drafts_);
  }

 private:
  void open(FindingKind kind, std::string cause, std::string detail) {
    drafts_.push_back({kind, std::move(cause), std::move(detail)});
  }

  void against_the_order(const AttemptHistory& winner) {
    const Snapshot& s = winner.taken->snapshot;
    if (!evidence_.order) {
      if (!policy_.accept_unregistered) {
        open(FindingKind::kUnregisteredOrder, evidence_.payment_id.str(),
             "Paid " + readable_amount(s.total_amount, s.currency) +
                 ", but the shop never registered this order. Register it with its true amount, "
                 "or refund the payment.");
      }
      return;
    }
    const ExpectedOrder& order = *evidence_.order;
    const std::string cause = s.attempt_id.str() + ":" + std::to_string(order.amount) +
                              order.currency.code() + "/" + std::to_string(s.total_amount) +
                              s.currency.code();
    if (order.currency != s.currency) {
      open(FindingKind::kCurrencyMismatch, cause,
           "Paid in " + s.currency.code() + ", but the order is in " + order.currency.code() +
               ". Do not deliver; refund it or correct the order.");
    } else if (order.amount != s.total_amount) {
      open(FindingKind::kAmountMismatch, cause,
           "Paid " + readable_amount(s.total_amount, s.currency) + ", but the order is " +
               readable_amount(order.amount, order.currency) +
               ". Do not deliver; the amount may have been tampered with in the browser. Refund "
               "it or correct the order.");
    }
  }

  // Where money was taken stays true after a refund: only a person closes these.
  void where_it_was_paid(const AttemptHistory& attempt) {
    if (attempt.paid == nullptr) return;
    const Snapshot& s = attempt.paid->snapshot;
    if (s.api == Api::kV2 && policy_.v2_store_id && s.store_id != *policy_.v2_store_id) {
      open(FindingKind::kStoreMismatch, s.attempt_id.str(),
           "Paid in store " + s.store_id +
               ", which is not the configured one. Check portone.v2.store_id; do not deliver.");
    }
    if (s.channel != policy_.channel) {
      const std::string ours(to_word(policy_.channel));
      open(FindingKind::kTestChannel, s.attempt_id.str(),
           s.channel ? "Paid through a " + std::string(to_word(*s.channel)) +
                           " channel, but this daemon takes " + ours +
                           " payments. No goods for it: the browser may have swapped the channel "
                           "key."
                     : "Paid, but PortOne does not say whether through a live or a test channel, "
                       "and this daemon takes " +
                           ours + " payments. Look at it in the console before you deliver.");
    }
  }

  void what_happened_to(const AttemptHistory& attempt) {
    const std::string& id = attempt.attempt_id.str();
    if (attempt.approved_after_failure) {
      open(FindingKind::kLateApproval, id,
           "Attempt " + id +
               " had failed and was approved later. Make sure that the order was "
               "not given up or paid another way meanwhile.");
    }
    for (const std::string& cause : attempt.paid_after_cancel) {
      open(FindingKind::kPaidAfterCancel, cause,
           "Attempt " + id +
               " was wholly cancelled and is paid again at PortOne. Look at it in "
               "the console; resolve this finding to let the order go out.");
    }
    for (const std::string& cause : attempt.went_backwards) {
      open(FindingKind::kWentBackwards, cause,
           "PortOne's answer about attempt " + id +
               " fell behind an earlier one, twice. Its "
               "newest answer counts; compare it with the console.");
    }
  }

  void disputes_of(const AttemptHistory& attempt) {
    const std::string& id = attempt.attempt_id.str();
    for (const Dispute& dispute : attempt.disputes) {
      if (dispute.resolved) continue;
      open(FindingKind::kDispute, id + ":" + dispute.id,
           "The buyer disputes attempt " + id + ". Hold the goods and answer the dispute.");
    }
    for (const std::string& cancellation : attempt.chargebacks) {
      open(FindingKind::kChargeback, id + ":" + cancellation,
           "Attempt " + id + " was charged back. The money is gone; stop the delivery.");
    }
  }

  // Only a look-up begun after the redirect can contradict it: before, PortOne may just not have
  // known yet (dossier §1.1, Kiwoompay's race). A redirect that says what the result is takes the
  // contradiction back, whichever of them came first.
  void redirect_against(const AttemptHistory& attempt) {
    bool success = false;
    bool failure = false;
    for (const RedirectFact& redirect : evidence_.redirects) {
      if (redirect.attempt_id != attempt.attempt_id || !redirect.is_answered) continue;
      success |= redirect.hint == UiState::kReturnedSuccess;
      failure |= redirect.hint == UiState::kReturnedFailure;
    }
    const Result result = attempt.taken->snapshot.result;
    const std::string& id = attempt.attempt_id.str();
    if (failure && !success && result == Result::kPaid) {
      open(FindingKind::kRedirectContradicts, id,
           "The buyer's browser reported a failure, but attempt " + id +
               " is paid. The buyer may "
               "believe that nothing was charged: tell them before they pay again.");
    } else if (success && !failure && result == Result::kFailed) {
      RECONCILED_MARK(kRedirectContradicts);
      open(FindingKind::kRedirectContradicts, id,
           "The buyer's browser reported success, but attempt " + id +
               " failed. The buyer may "
               "wait for goods, or the redirect was forged.");
    }
  }

  void paid_beside(const AttemptHistory& attempt, const AttemptHistory& winner) {
    if (&attempt == &winner || attempt.taken->snapshot.result != Result::kPaid ||
        winner.taken->snapshot.result != Result::kPaid) {
      return;
    }
    RECONCILED_MARK(kDoublePayment);
    const auto [first, second] = std::minmax(attempt.attempt_id.str(), winner.attempt_id.str());
    open(FindingKind::kDoublePayment, first + "+" + second,
         "Two attempts of this order are paid: " + first + " and " + second +
             ". Refund one of them.");
  }

  // A signed webhook says that the attempt is this payment's, PortOne's answer says another's.
  void identities() {
    for (const WebhookFact& webhook : evidence_.webhooks) {
      if (!webhook.is_signed || !webhook.attempt_id) continue;
      const SnapshotFact* elsewhere = nullptr;
      for (const SnapshotFact& fact : evidence_.snapshots) {
        if (fact.snapshot.attempt_id != *webhook.attempt_id) continue;
        if (fact.snapshot.payment_id == evidence_.payment_id) {
          elsewhere = nullptr;
          break;
        }
        if (elsewhere == nullptr || fact.snapshot.payment_id < elsewhere->snapshot.payment_id) {
          elsewhere = &fact;
        }
      }
      if (elsewhere == nullptr) continue;
      RECONCILED_MARK(kIdentityMismatch);
      const std::string cause = webhook.attempt_id->str() + ":" + evidence_.payment_id.str();
      open(FindingKind::kIdentityMismatch, cause,
           "A signed webhook names attempt " + webhook.attempt_id->str() +
               " for this payment, but PortOne binds it to " +
               elsewhere->snapshot.payment_id.str() +
               ". Ask PortOne's support; nothing was taken "
               "from that webhook.");
    }
  }

  // Ten minutes after a decision by look-up: PortOne's webhook about it has not come.
  void overdue_webhooks() {
    for (const TimerMark& mark : evidence_.marks) {
      if (mark.kind != TimerMark::Kind::kWebhookOverdue) continue;
      const AttemptId& attempt = must(mark.attempt_id, "an overdue webhook has an attempt");
      const Result result = must(mark.result, "an overdue webhook has a result");
      const bool came =
          std::any_of(authentic_.begin(), authentic_.end(), [&](const WebhookFact* webhook) {
            return announces(*webhook, attempt, result);
          });
      if (came) continue;
      const std::string word(to_word(result));
      open(FindingKind::kMissingWebhook, attempt.str() + ":" + word,
           "Attempt " + attempt.str() + " is " + word +
               " by PortOne's answer, but its "
               "webhook has not come within 10 minutes. Check the webhook URL in the console and "
               "whether deliveries are refused.");
    }
  }

  // What only the whole schedule, asked once, can tell.
  void after_the_schedule() {
    std::optional<std::int64_t> done;  // for events up to this number
    for (const TimerMark& mark : evidence_.marks) {
      if (mark.kind != TimerMark::Kind::kScheduleDone) continue;
      done = std::max(done.value_or(0), mark.up_to_event);
    }
    if (done) {
      const bool unknown = std::none_of(evidence_.snapshots.begin(), evidence_.snapshots.end(),
                                        [&](const SnapshotFact& fact) {
                                          return fact.snapshot.payment_id == evidence_.payment_id;
                                        });
      for (const WebhookFact& webhook : evidence_.webhooks) {
        if (!webhook.is_signed || webhook.event.value > *done) continue;
        if (unknown) {
          unknown_to_portone(webhook);
        } else {
          contradicted(webhook);
        }
      }
    }
    const bool is_open = !is_decided(decision_.result) || decision_.waits_for_webhook;
    if (decision_.is_asking_over && is_open && !evidence_.is_withdrawn &&
        somebody_said_otherwise()) {
      open(FindingKind::kStuck, evidence_.payment_id.str(),
           "PortOne was asked to the end of the schedule and the payment is still " +
               std::string(to_word(decision_.result)) +
               ", though somebody called it decided or money is on its way. Look at it in the "
               "console, and withdraw the order or ask again.");
    }
  }

  // An order that nobody tried to pay, an abandoned window, an account without its deposit just end.
  [[nodiscard]] bool somebody_said_otherwise() const {
    if (decision_.result == Result::kPending || decision_.waits_for_webhook) return true;
    const auto is_bound = [&](const std::optional<AttemptId>& id) {
      return id && std::any_of(attempts_.begin(), attempts_.end(),
                               [&](const AttemptHistory& a) { return a.attempt_id == *id; });
    };
    return std::any_of(attempts_.begin(), attempts_.end(),
                       [](const AttemptHistory& attempt) {
                         return attempt.taken != nullptr &&
                                attempt.taken->snapshot.result == Result::kPending;
                       }) ||
           std::any_of(authentic_.begin(), authentic_.end(),
                       [](const WebhookFact* webhook) {
                         return webhook->status && is_decided(*webhook->status);
                       }) ||
           std::any_of(evidence_.redirects.begin(), evidence_.redirects.end(),
                       [&](const RedirectFact& redirect) {
                         const bool decided = redirect.hint == UiState::kReturnedSuccess ||
                                              redirect.hint == UiState::kReturnedFailure;
                         return decided && is_bound(redirect.attempt_id);
                       });
  }

  // For ten minutes, three times at least, PortOne's answers about the payment could not be read,
  // and none has been read since.
  void unread_answers() {
    std::int64_t unread = 0;
    std::int64_t read = 0;
    for (const TimerMark& mark : evidence_.marks) {
      if (mark.kind == TimerMark::Kind::kUnreadable) unread = std::max(unread, mark.look_up);
      if (mark.kind == TimerMark::Kind::kReadable) read = std::max(read, mark.look_up);
    }
    const bool is_ours = evidence_.order || !attempts_.empty() ||
                         std::any_of(evidence_.webhooks.begin(), evidence_.webhooks.end(),
                                     [](const WebhookFact& webhook) { return webhook.is_signed; });
    if (unread <= read || !is_ours) return;
    open(FindingKind::kUnreadableAnswer, evidence_.payment_id.str(),
         "PortOne answers about this payment, but what it says cannot be read (see the log). Look "
         "at it in the console, decide by hand, and tell PortOne's support or update reconciled.");
  }

  void unknown_to_portone(const WebhookFact& webhook) {
    open(FindingKind::kUnknownPayment, std::to_string(webhook.event.value),
         "A signed webhook names this payment, but PortOne does not know it. Check that "
         "portone.v2.store_id and the API secret belong to the store that sends the webhooks.");
  }

  // Only the newest signed word about an attempt can be contradicted: older ones were overtaken.
  void contradicted(const WebhookFact& webhook) {
    if (!webhook.attempt_id || !webhook.status || !is_decided(*webhook.status)) return;
    for (const WebhookFact& other : evidence_.webhooks) {
      const bool newer = other.is_signed && other.status && is_newer(other, webhook);
      if (newer && other.attempt_id == webhook.attempt_id) return;
    }
    for (const SnapshotFact& fact : evidence_.snapshots) {
      if (fact.snapshot.attempt_id == *webhook.attempt_id &&
          announces(webhook, fact.snapshot.attempt_id, fact.snapshot.result)) {
        return;
      }
    }
    open(FindingKind::kWebhookContradicts, std::to_string(webhook.event.value),
         "A signed webhook said " + std::string(to_word(*webhook.status)) + " of attempt " +
             webhook.attempt_id->str() +
             ", but PortOne's answers to the whole schedule do not. "
             "Compare with the console; nothing was decided by that webhook.");
  }

  const PaymentEvidence& evidence_;
  const DecisionPolicy& policy_;
  const Decision& decision_;
  const std::vector<AttemptHistory>& attempts_;
  const std::vector<const WebhookFact*>& authentic_;
  std::vector<FindingDraft> drafts_;
};

}  // namespace

std::vector<FindingDraft> derive_findings(const PaymentEvidence& evidence,
                                          const DecisionPolicy& policy, const Judged& judged) {
  return Derivation(evidence, policy, judged).run(judged.winner);
}

// V1 says `cancelled` for partial cancels too (dossier §4).
bool announces(const WebhookFact& webhook, const AttemptId& attempt, Result result) {
  if (webhook.attempt_id != attempt || !webhook.status) return false;
  if (*webhook.status == result) return true;
  return webhook.api == Api::kV1 && *webhook.status == Result::kCancelled &&
         result == Result::kPartiallyCancelled;
}

bool is_newer(const WebhookFact& webhook, const WebhookFact& than) {
  if (webhook.said_at && than.said_at && *webhook.said_at != *than.said_at) {
    return *than.said_at < *webhook.said_at;
  }
  if (webhook.said_at && webhook.said_at == than.said_at && webhook.status != than.status) {
    return than.status < webhook.status;  // of one moment: "ready" comes before what follows
  }
  return than.event < webhook.event;
}

bool holds_until_resolved(FindingKind kind) {
  return kind == FindingKind::kPaidAfterCancel || kind == FindingKind::kDispute ||
         kind == FindingKind::kChargeback;
}

}  // namespace reconciled::core
