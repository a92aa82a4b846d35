#include "daemon/core/messages/webhook.h"

#include <doctest/doctest.h>

#include <string>

#include "daemon/core/words/text.h"
#include "tests/core/messages/webhook_reading.h"

using namespace reconciled::test;

TEST_CASE("webhook: a V1 status says a result, an unknown one is pending") {
  const std::pair<const char*, Result> table[] = {
      {"paid", Result::kPaid},       {"cancelled", Result::kCancelled},
      {"failed", Result::kFailed},   {"ready", Result::kAwaitingDeposit},
      {"pending", Result::kPending}, {"Paid", Result::kPending}};
  for (const auto& [word, result] : table) {
    const WebhookMessage message = read(v1(word));
    CAPTURE(word);
    CHECK(message.event.source == EventSource::kWebhook);
    CHECK(message.event.api == Api::kV1);
    CHECK(message.event.kind == EventKind::kPayment);
    CHECK(message.event.status == result);
    CHECK(message.event.type == word);
    CHECK_FALSE(message.needs_signature);
    CHECK_FALSE(message.event.signed_by_portone);
    check_ids(message.event, "ord-1", "imp_1");
    const std::string form = std::string("imp_uid=imp_1&merchant_uid=ord-1&status=") + word;
    CHECK(read(form, kForm).event.status == result);
  }
}

TEST_CASE("webhook: V1 copies are named by ids, status, cancellation, event and extra") {
  const auto name = [](const std::string& body) { return read(body).event.dedupe_text; };
  CHECK(name(v1("paid")) == name(R"({"status":"paid","merchant_uid":"ord-1","imp_uid":"imp_1"})"));
  CHECK(name(v1("paid")) == name(v1("paid", R"(,"new_field":7)")));
  CHECK(name(v1("paid")) ==
        read("status=paid&imp_uid=imp_1&merchant_uid=ord-1", kForm).event.dedupe_text);
  CHECK(name(v1("paid")) != name(v1("cancelled")));
  CHECK(name(v1("cancelled", R"(,"cancellation_id":"a")")) !=
        name(v1("cancelled", R"(,"cancellation_id":"b")")));
  CHECK(name(v1("paid", R"(,"event":"Inicis.Escrow.Changed","extra":{"a":1,"b":2})")) ==
        name(v1("paid", R"(,"event":"Inicis.Escrow.Changed","extra":{"b":2, "a":1})")));
  CHECK(name(v1("paid", R"(,"event":"Inicis.Escrow.Changed","extra":{"a":1})")) !=
        name(v1("paid", R"(,"event":"Inicis.Escrow.Changed","extra":{"a":2})")));
  const std::string escrow = "imp_uid=i&merchant_uid=m&status=paid&event=Inicis.Escrow.Changed";
  const auto form = [&](const char* more) { return read(escrow + more, kForm).event.dedupe_text; };
  CHECK(form("&extra[a]=1&extra[b]=2") == form("&extra%5Bb%5D=2&extra[a]=1"));
  CHECK(form("&extra[a]=1") != form("&extra[a]=2"));
  CHECK(name(R"({"imp_uid":"ab","merchant_uid":"c","status":"paid"})") !=
        name(R"({"imp_uid":"a","merchant_uid":"bc","status":"paid"})"));
}

TEST_CASE("webhook: an escrow event speaks of the parcel, not of the payment") {
  const Event event =
      read(v1("paid", R"(,"event":"Inicis.Escrow.Changed","extra":{"escrow_status":"3"})")).event;
  CHECK(event.kind == EventKind::kEscrow);
  CHECK(event.type == "Inicis.Escrow.Changed");
  CHECK(event.status == std::nullopt);
  check_ids(event, "ord-1", "imp_1");
}

TEST_CASE("webhook: the console's test call and empty ids are test calls") {
  const Event call =
      read(R"({"imp_uid":"imp_1234567890","merchant_uid":"merchant_1234567890","status":"ready"})")
          .event;
  CHECK(call.kind == EventKind::kTestCall);
  CHECK(call.status == std::nullopt);
  CHECK(
      read(R"({"imp_uid":"imp_1234567890","merchant_uid":"ord-1","status":"ready"})").event.kind ==
      EventKind::kPayment);
  for (const char* body : {R"({"imp_uid":"","merchant_uid":"","status":""})",
                           R"({"imp_uid":null,"merchant_uid":null,"status":null})",
                           R"({"imp_uid":"","merchant_uid":"ord-1","status":"paid"})",
                           R"({"merchant_uid":"ord-1","status":"paid"})", R"({"imp_uid":""})"}) {
    const WebhookMessage message = read(body);
    CAPTURE(body);
    CHECK(message.event.kind == EventKind::kTestCall);
    CHECK_FALSE(message.event.payment_id.has_value());
    CHECK_FALSE(message.event.attempt_id.has_value());
    CHECK_FALSE(message.needs_signature);
  }
  CHECK(read("imp_uid=&merchant_uid=&status=", kForm).event.kind == EventKind::kTestCall);
}

TEST_CASE("webhook: a V1 message without merchant_uid still names its attempt") {
  const Event event = read(R"({"imp_uid":"imp_1","merchant_uid":"","status":"paid"})").event;
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.attempt_id.has_value());
  CHECK_FALSE(event.payment_id.has_value());
}

TEST_CASE("webhook: V1 content with signature headers is V1, and must verify") {
  const WebhookMessage message = read_signed(v1("paid"));
  CHECK(message.needs_signature);
  CHECK(message.event.api == Api::kV1);
  CHECK(message.event.dedupe_text == read(v1("paid")).event.dedupe_text);
}

TEST_CASE("confirm: V1 asks by an amount without status, in its exact text") {
  const std::string ids = R"({"imp_uid":"imp_1","merchant_uid":"ord-1","amount":)";
  const WebhookMessage message = read(ids + "64900.10}");
  CHECK(message.event.source == EventSource::kConfirm);
  CHECK(message.event.kind == EventKind::kConfirm);
  CHECK(message.event.asked_amount == "64900.10");
  CHECK(message.event.status == std::nullopt);
  CHECK_FALSE(message.needs_signature);
  check_ids(message.event, "ord-1", "imp_1");
  CHECK(read(ids + "\"64900\"}").event.asked_amount == "64900");
  CHECK(read("imp_uid=i&merchant_uid=m&amount=64900", kForm).event.asked_amount == "64900");
  CHECK(read(ids + "1}").event.dedupe_text == read(ids + "1}").event.dedupe_text);
  CHECK(read(ids + "1}").event.dedupe_text != read(ids + "2}").event.dedupe_text);
}

TEST_CASE("confirm: a V1 call that says too little is never taken for a test call") {
  // A test call is answered with a plain 200, which V1 reads as "charge the buyer".
  for (const char* body :
       {R"({"imp_uid":"","merchant_uid":"m","amount":5})", R"({"merchant_uid":"m","amount":5})",
        R"({"imp_uid":"i","merchant_uid":"m","amount":null})",
        R"({"imp_uid":"i","merchant_uid":"m","status":"","amount":5})",
        R"({"imp_uid":"imp_1234567890","merchant_uid":"merchant_1234567890",
                              "amount":5})"}) {
    CAPTURE(body);
    CHECK(read(body).event.kind == EventKind::kConfirm);
  }
  CHECK(fault(R"({"imp_uid":"i","merchant_uid":"m","amount":[5]})") == WebhookFault::kNotAMessage);
}

TEST_CASE("webhook: V2 types say a result, or only that something changed") {
  const std::pair<const char*, std::optional<Result>> table[] = {
      {"Ready", Result::kReady},
      {"Paid", Result::kPaid},
      {"VirtualAccountIssued", Result::kAwaitingDeposit},
      {"PartialCancelled", Result::kPartiallyCancelled},
      {"Cancelled", Result::kCancelled},
      {"Failed", Result::kFailed},
      {"PayPending", Result::kPending},
      {"CancelPending", std::nullopt},
      {"DisputeCreated", std::nullopt},
      {"DisputeResolved", std::nullopt}};
  for (const auto& [word, result] : table) {
    CAPTURE(word);
    const WebhookMessage message = read_signed(v2(std::string("Transaction.") + word, kIds));
    CHECK(message.needs_signature);
    CHECK(message.event.api == Api::kV2);
    CHECK(message.event.kind == EventKind::kPayment);
    CHECK(message.event.status == result);
    CHECK(message.event.type == std::string("Transaction.") + word);
    CHECK(message.event.store_id == "store-1");
    CHECK(message.event.cancellation_id == "c_1");
    CHECK(message.event.said_at == parse_rfc3339("2026-09-01T03:00:04.812Z"));
    check_ids(message.event, "pay_1", "tx_1");
    const std::string old =
        std::string(R"({"payment_id":"pay_1","tx_id":"tx_1","status":")") + word + "\"}";
    CHECK(read_signed(old).event.status == result);
    CHECK(read_signed(old).event.kind == EventKind::kPayment);
    CHECK(read_signed(old).event.type == word);
    const std::string form = std::string("payment_id=pay_1&tx_id=tx_1&status=") + word;
    const WebhookMessage of_form = read(form, kForm, true, "msg_1");
    CHECK(of_form.event.status == result);
    CHECK(of_form.needs_signature);
    check_ids(of_form.event, "pay_1", "tx_1");
  }
}

TEST_CASE("webhook: V2 messages need a signature whether they carry one or not") {
  CHECK(read(v2("Transaction.Paid", kIds)).needs_signature);
  CHECK(read(v2("Transaction.New", "{}")).needs_signature);
  CHECK(read(v2("BillingKey.Issued", "{}")).needs_signature);
  CHECK(read(v2("Anything", "{}")).needs_signature);
  CHECK(read(R"({"payment_id":"p","tx_id":"t","status":"Paid"})").needs_signature);
  CHECK(read("payment_id=p&tx_id=t&status=Paid", kForm).needs_signature);
}

TEST_CASE("webhook: V2 copies are named by webhook-id alone") {
  const auto name = [](const std::string& body, const char* id) {
    return read_signed(body, id).event.dedupe_text;
  };
  CHECK(name(v2("Transaction.Paid", kIds), "a") == name(v2("Transaction.Paid", kIds), "a"));
  CHECK(name(v2("Transaction.Paid", kIds), "a") != name(v2("Transaction.Paid", kIds), "b"));
}

TEST_CASE("webhook: a webhook-id of any bytes and length names its copies") {
  const std::string body = v2("Transaction.Paid", kIds);
  for (const std::string& id :
       {std::string(300, 'a'), std::string(5000, 'a'), std::string("\xC1")}) {
    const std::string name = read_signed(body, id.c_str()).event.dedupe_text;
    CHECK(name == read_signed(body, id.c_str()).event.dedupe_text);
    CHECK(name != read_signed(body, (id + "b").c_str()).event.dedupe_text);
    CHECK(is_valid_utf8(name));
    CHECK(name.size() < 1100);
  }
}

TEST_CASE("webhook: V2 payment messages without usable ids are of unknown kind") {
  for (const char* data : {"{}", "null", "[]", R"({"paymentId":1.5,"transactionId":"t"})",
                           R"({"paymentId":"a\nb","transactionId":"t"})"}) {
    const WebhookMessage message = read_signed(v2("Transaction.Paid", data));
    CAPTURE(data);
    CHECK(message.event.kind == EventKind::kUnknown);
    CHECK(message.event.api == Api::kV2);
    CHECK(message.event.status == std::nullopt);
    CHECK(message.needs_signature);
  }
  CHECK(read_signed(R"({"payment_id":null,"tx_id":"t","status":"Paid"})").event.kind ==
        EventKind::kUnknown);
  CHECK(read_signed(R"({"payment_id":"p","tx_id":"t","status":"Settled"})").event.kind ==
        EventKind::kUnknown);
}

TEST_CASE("webhook: types outside the payment's life are kept apart") {
  CHECK(read_signed(v2("BillingKey.Deleted", R"({"billingKey":"b"})")).event.kind ==
        EventKind::kBillingKey);
  CHECK(read_signed(v2("Transaction.SomethingNew", kIds)).event.kind == EventKind::kUnknown);
  CHECK(read_signed(v2("transaction.paid", kIds)).event.kind == EventKind::kUnknown);
  CHECK(read_signed(v2("Store.Closed", "{}")).event.kind == EventKind::kUnknown);
  CHECK(read_signed(v2(std::string(500, 'x'), "{}")).event.type.size() == 64);
}

TEST_CASE("webhook: a tax invoice needs no signature, but a carried one must verify") {
  const std::string body = v2("TaxInvoice.Issued", R"({"taxInvoiceId":"t"})");
  const WebhookMessage plain = read(body);
  CHECK(plain.event.kind == EventKind::kTaxInvoice);
  CHECK_FALSE(plain.needs_signature);
  CHECK(plain.event.dedupe_text == read(body).event.dedupe_text);
  CHECK(plain.event.dedupe_text != read(body + " ").event.dedupe_text);
  CHECK(read_signed(body).needs_signature);
  CHECK(read_signed(body, "a").event.dedupe_text == read_signed(body + " ", "a").event.dedupe_text);
}

TEST_CASE("confirm: V2 asks in both of its shapes") {
  const WebhookMessage now = read_signed(
      v2("Transaction.Confirm", R"({"paymentId":"p","transactionId":"t","totalAmount":1000})"));
  CHECK(now.event.source == EventSource::kConfirm);
  CHECK(now.event.kind == EventKind::kConfirm);
  CHECK(now.event.asked_amount == "1000");
  CHECK(now.needs_signature);
  check_ids(now.event, "p", "t");
  const WebhookMessage old = read_signed(R"({"payment_id":"p","tx_id":"t","total_amount":1000})");
  CHECK(old.event.source == EventSource::kConfirm);
  CHECK(old.event.kind == EventKind::kConfirm);
  CHECK(old.event.asked_amount == "1000");
  CHECK(read("payment_id=p&tx_id=t&total_amount=1000", kForm, true, "m").event.kind ==
        EventKind::kConfirm);
}

TEST_CASE("confirm: a V2 call that says too little is still a confirm call") {
  for (const std::string& body :
       {v2("Transaction.Confirm", "{}"), v2("Transaction.Confirm", "null"),
        std::string(R"({"payment_id":"","tx_id":"","total_amount":1})")}) {
    const Event event = read_signed(body).event;
    CAPTURE(body);
    CHECK(event.source == EventSource::kConfirm);
    CHECK(event.kind == EventKind::kConfirm);
    CHECK_FALSE(event.payment_id.has_value());
  }
}

TEST_CASE("webhook: a new field named type does not hide a V1 or older V2 message") {
  CHECK(read(v1("paid", R"(,"type":"x")")).event.kind == EventKind::kPayment);
  CHECK(read_signed(R"({"payment_id":"p","tx_id":"t","status":"Paid","type":"x"})").event.kind ==
        EventKind::kPayment);
}

TEST_CASE("webhook: the body is stored as sent, without tokens") {
  const std::string plain = v1("paid", R"(, "x" : 1.50)");
  CHECK(read(plain).event.stored_body == plain);
  const Event cut = read(v1("paid", R"(,"deep":[{"paymentToken":"s3cret"}])")).event;
  CHECK(cut.stored_body.find("s3cret") == std::string::npos);
  CHECK(cut.stored_body.find("imp_1") != std::string::npos);
  const std::string form = "imp_uid=i&merchant_uid=m&status=paid&paymentToken=s3cret&x=1";
  CHECK(read(form, kForm).event.stored_body == "imp_uid=i&merchant_uid=m&status=paid&x=1");
}

TEST_CASE("webhook: a form's undecodable bytes do not get into the stored texts") {
  const std::string ids = "imp_uid=i&merchant_uid=m&status=";
  const Event broken = read(ids + "re%E1dy", kForm).event;
  CHECK(is_valid_utf8(broken.dedupe_text));
  CHECK(is_valid_utf8(broken.type));
  CHECK(broken.dedupe_text != read(ids + "re%E2dy", kForm).event.dedupe_text);
  CHECK(is_valid_utf8(read("imp_uid=i&merchant_uid=m&amount=\xE1", kForm).event.dedupe_text));
  const std::string more = "paid&extra=" + std::string(50000, 'x');
  CHECK(read(ids + more, kForm).event.dedupe_text.size() < 100);
  CHECK(read(ids + more, kForm).event.dedupe_text !=
        read(ids + more + "y", kForm).event.dedupe_text);
}
