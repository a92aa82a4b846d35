// Evidence about one payment, built fact by fact: for the tests of the decision.
//
// Times are seconds after a fixed instant. Unless a test says otherwise a payment is "ord-1",
// 64 900 KRW over a live channel of store "store-1", with an order that matches.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/decision/decision.h"

namespace reconciled::test {

using namespace reconciled::core;

inline const PaymentId kPayment = PaymentId::trusted("ord-1");
inline const Currency kKrw = *Currency::make("KRW");
inline const Currency kUsd = *Currency::make("USD");
inline constexpr std::int64_t kAmount = 64'900;

inline Time at(int seconds) { return from_ms(1'795'000'000'000 + seconds * 1'000LL); }
inline PortoneTime portone_at(int seconds) { return PortoneTime(at(seconds)); }
inline AttemptId attempt(const std::string& id) { return AttemptId::trusted(id); }

// PortOne's answers say at least what storage's schema wants: money moved as the result tells.
inline Snapshot answer(Api api, const std::string& id, Result result, int asked) {
  Snapshot s{.api = api,
             .version = api,
             .payment_id = kPayment,
             .attempt_id = attempt(id),
             .result = result,
             .status = std::string(to_word(result)),
             .total_amount = kAmount,
             .currency = kKrw};
  if (result == Result::kCancelled) s.cancelled_amount = kAmount;
  if (result == Result::kPartiallyCancelled) s.cancelled_amount = 10'000;
  if (api == Api::kV2) s.store_id = "store-1";
  s.channel = Channel::kLive;
  s.asked_at = at(asked);
  s.look_up = asked;
  return s;
}
inline Snapshot v1(const std::string& id, Result result, int asked = 10) {
  return answer(Api::kV1, id, result, asked);
}
inline Snapshot v2(const std::string& id, Result result, int updated, int asked) {
  Snapshot s = answer(Api::kV2, id, result, asked);
  s.updated_at = portone_at(updated);
  return s;
}
inline Snapshot v2(const std::string& id, Result result) { return v2(id, result, 5, 10); }

inline DecisionPolicy both_apis() {
  DecisionPolicy policy;
  policy.v1_configured = true;
  policy.v2_store_id = "store-1";
  return policy;
}

// Facts in the order in which they are added.
struct Evidence {
  PaymentEvidence facts{.payment_id = kPayment};

  Evidence() { order(kAmount, kKrw); }

  Evidence& order(std::int64_t amount, const Currency& currency) {
    facts.order = ExpectedOrder{.amount = amount, .currency = currency, .registered_at = at(0)};
    return *this;
  }
  Evidence& no_order() {
    facts.order.reset();
    return *this;
  }
  Evidence& says(Snapshot snapshot) {
    const auto id = static_cast<std::int64_t>(facts.snapshots.size()) + 1;
    facts.snapshots.push_back({SnapshotId{id}, std::move(snapshot), {}});
    return *this;
  }
  Evidence& v1_webhook(const std::string& id, std::optional<Result> status, int received = 1) {
    return webhook({next(received), Api::kV1, false, attempt(id), status, std::nullopt});
  }
  Evidence& v2_webhook(const std::string& id, std::optional<Result> status, int said = 1,
                       int received = 1) {
    return webhook({next(received), Api::kV2, true, attempt(id), status, portone_at(said)});
  }
  Evidence& webhook(WebhookFact fact) {
    facts.webhooks.push_back(std::move(fact));
    return *this;
  }
  // Answered, where a look-up of that number or later is among the facts by the time of deciding.
  Evidence& redirect(UiState hint, int arrived, std::optional<std::string> id = std::nullopt) {
    RedirectFact fact{next(arrived), std::nullopt, hint, arrived, false};
    if (id) fact.attempt_id = attempt(*id);
    facts.redirects.push_back(std::move(fact));
    return *this;
  }
  Evidence& resolved(const FindingDraft& finding) {
    facts.resolutions.push_back({finding.kind, finding.cause});
    return *this;
  }
  [[nodiscard]] Decision decide(const DecisionPolicy& policy = both_apis()) const {
    PaymentEvidence answered = facts;
    for (RedirectFact& redirect : answered.redirects) {
      redirect.is_answered = std::any_of(
          facts.snapshots.begin(), facts.snapshots.end(), [&](const SnapshotFact& fact) {
            return fact.snapshot.attempt_id == redirect.attempt_id &&
                   fact.snapshot.look_up > redirect.arrival;
          });
    }
    return core::decide(answered, policy);
  }

 private:
  // Numbers in the order of arrival.
  [[nodiscard]] EventId next(int arrived) const {
    return {arrived * 1'000 +
            static_cast<std::int64_t>(facts.webhooks.size() + facts.redirects.size())};
  }
};

inline std::vector<FindingDraft> of_kind(const Decision& decision, FindingKind kind) {
  std::vector<FindingDraft> found;
  std::copy_if(decision.findings.begin(), decision.findings.end(), std::back_inserter(found),
               [&](const FindingDraft& finding) { return finding.kind == kind; });
  return found;
}
inline bool has(const Decision& decision, FindingKind kind) {
  return !of_kind(decision, kind).empty();
}
// The kinds of all findings, for a whole comparison.
inline std::vector<std::string> kinds(const Decision& decision) {
  std::vector<std::string> words;
  for (const FindingDraft& finding : decision.findings) {
    words.emplace_back(to_word(finding.kind));
  }
  std::sort(words.begin(), words.end());
  return words;
}
using Kinds = std::vector<std::string>;

inline constexpr Result kAnswerable[] = {Result::kReady,
                                         Result::kPending,
                                         Result::kAwaitingDeposit,
                                         Result::kPaid,
                                         Result::kPartiallyCancelled,
                                         Result::kCancelled,
                                         Result::kFailed};

}  // namespace reconciled::test
