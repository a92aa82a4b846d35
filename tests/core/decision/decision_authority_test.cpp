// On whose word a payment stands, what the webhooks said and what the browser said (interface §1).
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

DecisionPolicy waiting() {
  DecisionPolicy policy = both_apis();
  policy.wait_for_webhook = true;
  return policy;
}

}  // namespace

TEST_CASE("authority: a webhook announces by the same attempt and the same word") {
  for (const Result said : kAnswerable) {
    for (const Result is : kAnswerable) {
      CAPTURE(std::string(to_word(said)));
      CAPTURE(std::string(to_word(is)));
      const Decision by_v2 = Evidence().says(v2("tx-1", is)).v2_webhook("tx-1", said).decide();
      CHECK(by_v2.authority == (said == is ? Authority::kWebhook : Authority::kLookup));
      // V1's `cancelled` is sent for a partial cancel too (dossier §4).
      const bool v1_announces =
          said == is || (said == Result::kCancelled && is == Result::kPartiallyCancelled);
      const Decision by_v1 = Evidence().says(v1("imp_1", is)).v1_webhook("imp_1", said).decide();
      CHECK(by_v1.authority == (v1_announces ? Authority::kWebhook : Authority::kLookup));
    }
  }
}

TEST_CASE("authority: a webhook about another attempt announces nothing") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kPaid))
                                .says(v1("imp_2", Result::kFailed))
                                .v1_webhook("imp_2", Result::kPaid)
                                .decide();
  CHECK(decision.winner == attempt("imp_1"));
  CHECK(decision.authority == Authority::kLookup);
}

TEST_CASE("authority: without any webhook it is the look-up's") {
  CHECK(Evidence().says(v1("imp_1", Result::kPaid)).decide().authority == Authority::kLookup);
}

TEST_CASE("authority: a webhook without an attempt or a status announces nothing") {
  WebhookFact nameless{EventId{1},    Api::kV2,      true, std::nullopt,
                       Result::kPaid, portone_at(1)};
  CHECK(Evidence().says(v2("tx-1", Result::kPaid)).webhook(nameless).decide().authority ==
        Authority::kLookup);
  CHECK(Evidence()
            .says(v2("tx-1", Result::kPaid))
            .v2_webhook("tx-1", std::nullopt)
            .decide()
            .authority == Authority::kLookup);
}

TEST_CASE("webhook_status: the newest by V2's timestamp, whatever arrived last") {
  const Decision decision = Evidence()
                                .says(v2("tx-1", Result::kPaid))
                                .v2_webhook("tx-1", Result::kPaid, 20, 100)
                                .v2_webhook("tx-1", Result::kReady, 10, 200)
                                .decide();
  CHECK(decision.webhook_status == Result::kPaid);
}

TEST_CASE("webhook_status: the newest by V1's arrival") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kCancelled))
                                .v1_webhook("imp_1", Result::kCancelled, 30)
                                .v1_webhook("imp_1", Result::kPaid, 20)
                                .decide();
  CHECK(decision.webhook_status == Result::kCancelled);
}

TEST_CASE("webhook_status: a message without a word leaves it") {
  const Decision decision = Evidence()
                                .says(v2("tx-1", Result::kPaid))
                                .v2_webhook("tx-1", Result::kPaid, 10)
                                .v2_webhook("tx-1", std::nullopt, 20)
                                .decide();
  CHECK(decision.webhook_status == Result::kPaid);
}

TEST_CASE("webhook_status: an unsigned webhook counts once PortOne confirms its pair") {
  CHECK(Evidence().v1_webhook("imp_1", Result::kPaid).decide().webhook_status == Result::kNone);
  CHECK(Evidence()
            .says(v1("imp_1", Result::kReady))
            .v1_webhook("imp_1", Result::kPaid)
            .decide()
            .webhook_status == Result::kPaid);
}

TEST_CASE("webhook_status: another attempt's answer confirms no unsigned pair") {
  const Decision decision =
      Evidence().says(v1("imp_1", Result::kReady)).v1_webhook("imp_2", Result::kPaid).decide();
  CHECK(decision.webhook_status == Result::kNone);
  CHECK(decision.attempts.size() == 1);
}

TEST_CASE("webhook_status: an unsigned webhook that calls itself V2 is never authentic") {
  WebhookFact forged{EventId{1},    Api::kV2,      false, attempt("tx-1"),
                     Result::kPaid, portone_at(1)};
  const Decision decision = Evidence().says(v2("tx-1", Result::kPaid)).webhook(forged).decide();
  CHECK(decision.webhook_status == Result::kNone);
  CHECK(decision.authority == Authority::kLookup);
}

TEST_CASE("webhook_status: a signed webhook counts before any answer") {
  CHECK(Evidence().v2_webhook("tx-1", Result::kPaid).decide().webhook_status == Result::kPaid);
}

TEST_CASE("wait: what no webhook announced is not decided") {
  struct Row {
    Result answered;
    Result counted;
  };
  constexpr Row kRows[] = {
      {Result::kReady, Result::kReady},
      {Result::kPending, Result::kPending},
      {Result::kAwaitingDeposit, Result::kAwaitingDeposit},
      {Result::kPaid, Result::kPending},
      {Result::kPartiallyCancelled, Result::kPending},
      {Result::kCancelled, Result::kPending},
      {Result::kFailed, Result::kReady},
  };
  for (const Row& row : kRows) {
    CAPTURE(std::string(to_word(row.answered)));
    const Decision decision = Evidence().says(v1("imp_1", row.answered)).decide(waiting());
    CHECK(decision.result == row.counted);
    CHECK_FALSE(is_decided(decision.result));
    CHECK_FALSE(decision.deliverable);
    // The attempt itself still tells what PortOne said.
    CHECK(decision.attempts.at(0).result == row.answered);
    // With `lookup` the same answer decides.
    CHECK(Evidence().says(v1("imp_1", row.answered)).decide().result == row.answered);
  }
}

TEST_CASE("wait: a webhook that announced the attempt as decided lets PortOne's answer count") {
  const Decision paid = Evidence()
                            .says(v1("imp_1", Result::kPaid))
                            .v1_webhook("imp_1", Result::kPaid)
                            .decide(waiting());
  CHECK(paid.result == Result::kPaid);
  CHECK(paid.authority == Authority::kWebhook);
  CHECK(paid.deliverable);
  // Cancelled after it was announced as paid: V1 sends nothing for a cancel by API.
  const Decision cancelled = Evidence()
                                 .says(v1("imp_1", Result::kCancelled))
                                 .v1_webhook("imp_1", Result::kPaid)
                                 .decide(waiting());
  CHECK(cancelled.result == Result::kCancelled);
  CHECK(cancelled.authority == Authority::kLookup);
}

TEST_CASE("wait: a webhook that said failed or cancelled does not announce a payment") {
  DecisionPolicy wait = both_apis();
  wait.wait_for_webhook = true;
  for (const Result said : {Result::kFailed, Result::kCancelled, Result::kPartiallyCancelled}) {
    const Decision decision =
        Evidence().v2_webhook("tx-1", said).says(v2("tx-1", Result::kPaid)).decide(wait);
    CHECK(decision.result == Result::kPending);
    CHECK_FALSE(decision.deliverable);
  }
}

TEST_CASE("wait: a virtual account's announcement does not announce the deposit") {
  CHECK(Evidence()
            .says(v1("imp_1", Result::kPaid))
            .v1_webhook("imp_1", Result::kAwaitingDeposit)
            .decide(waiting())
            .result == Result::kPending);
}

TEST_CASE("wait: a webhook about another attempt does not help") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kPaid))
                                .says(v1("imp_2", Result::kFailed))
                                .v1_webhook("imp_2", Result::kFailed)
                                .decide(waiting());
  CHECK(decision.result == Result::kPending);
  CHECK(decision.winner == attempt("imp_1"));
}

TEST_CASE("redirect: it moves ui_state and nothing else") {
  for (const UiState hint :
       {UiState::kReturnedSuccess, UiState::kReturnedFailure, UiState::kReturnedUnknown}) {
    for (const Result result : kAnswerable) {
      const Decision before = Evidence().says(v1("imp_1", result)).decide();
      // Arrived after the look-up, so that it contradicts nothing yet.
      const Decision after =
          Evidence().says(v1("imp_1", result)).redirect(hint, 60, "imp_1").decide();
      CHECK(before.ui_state == UiState::kNone);
      CHECK(after.ui_state == hint);
      CHECK(after.result == before.result);
      CHECK(after.authority == before.authority);
      CHECK(after.deliverable == before.deliverable);
      CHECK(after.webhook_status == before.webhook_status);
      CHECK(after.total_amount == before.total_amount);
      CHECK(kinds(after) == kinds(before));
      CHECK(after.attempts.size() == before.attempts.size());
    }
  }
}

TEST_CASE("redirect: the newest arrival is what the browser said") {
  CHECK(Evidence()
            .redirect(UiState::kReturnedSuccess, 20)
            .redirect(UiState::kReturnedFailure, 10)
            .decide()
            .ui_state == UiState::kReturnedSuccess);
}
