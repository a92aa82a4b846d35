#include "daemon/core/decision/confirm.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

namespace {

Event question(Api api, const std::string& amount) {
  Event event;
  event.source = EventSource::kConfirm;
  event.api = api;
  event.kind = EventKind::kConfirm;
  event.payment_id = PaymentId::trusted("ord-1");
  event.attempt_id = AttemptId::trusted("imp_1");
  event.asked_amount = amount;
  return event;
}

ConfirmFacts ordered(std::int64_t amount, const char* currency = "KRW") {
  ConfirmFacts facts;
  facts.order = ExpectedOrder{.amount = amount, .currency = *Currency::make(currency)};
  return facts;
}

}  // namespace

TEST_CASE("confirm: approves what the registered order names, to the last minor unit") {
  CHECK(answer_confirm(question(Api::kV1, "64900"), ordered(64'900)).approved);
  CHECK(answer_confirm(question(Api::kV2, "64900"), ordered(64'900)).approved);
  CHECK(answer_confirm(question(Api::kV1, "64900"), ordered(64'900)).reason.empty());
  for (const char* other : {"64899", "64901", "0", "6490"}) {
    for (const Api api : {Api::kV1, Api::kV2}) {
      const ConfirmAnswer answer = answer_confirm(question(api, other), ordered(64'900));
      CHECK_FALSE(answer.approved);
      CHECK(answer.reason == "amount differs from the order");
    }
  }
}

TEST_CASE("confirm: V1 asks in major units, V2 in minor units") {
  CHECK(answer_confirm(question(Api::kV1, "10.5"), ordered(1'050, "USD")).approved);
  CHECK(answer_confirm(question(Api::kV2, "1050"), ordered(1'050, "USD")).approved);
  CHECK_FALSE(answer_confirm(question(Api::kV1, "1050"), ordered(1'050, "USD")).approved);
  CHECK_FALSE(answer_confirm(question(Api::kV2, "10.5"), ordered(1'050, "USD")).approved);
}

TEST_CASE("confirm: an unknown order is refused") {
  const ConfirmAnswer answer = answer_confirm(question(Api::kV1, "64900"), {});
  CHECK_FALSE(answer.approved);
  CHECK(answer.reason == "unknown order");
}

TEST_CASE("confirm: a payment that another attempt paid is refused, its own attempt's is not") {
  ConfirmFacts facts = ordered(64'900);
  facts.paid_by = AttemptId::trusted("imp_0");
  const ConfirmAnswer answer = answer_confirm(question(Api::kV1, "64900"), facts);
  CHECK_FALSE(answer.approved);
  CHECK(answer.reason == "already paid");
  facts.paid_by = AttemptId::trusted("imp_1");
  CHECK(answer_confirm(question(Api::kV1, "64900"), facts).approved);
}

TEST_CASE("confirm: what cannot be read is not approved") {
  for (const Api api : {Api::kV1, Api::kV2}) {
    for (const char* amount : {"", "-64900", "sixty", "64900 ", "64900.5", "+64900", "0x1"}) {
      CAPTURE(std::string(amount));
      const ConfirmAnswer answer = answer_confirm(question(api, amount), ordered(64'900));
      CHECK_FALSE(answer.approved);
      CHECK(answer.reason == cannot_tell().reason);
    }
  }
  Event nameless = question(Api::kV1, "64900");
  nameless.attempt_id.reset();
  CHECK_FALSE(answer_confirm(nameless, ordered(64'900)).approved);
  nameless = question(Api::kV1, "64900");
  nameless.payment_id.reset();
  CHECK_FALSE(answer_confirm(nameless, ordered(64'900)).approved);
  CHECK_FALSE(cannot_tell().approved);
}
