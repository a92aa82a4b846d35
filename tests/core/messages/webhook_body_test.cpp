// What a body is and which of its ids can be read, whatever its label and whatever is broken in it.
#include <doctest/doctest.h>

#include <string>

#include "daemon/core/messages/webhook.h"
#include "daemon/core/words/text.h"
#include "tests/core/messages/webhook_reading.h"

using namespace reconciled::test;

TEST_CASE("webhook: the body says whether it is JSON or a form, whatever its label says") {
  const std::string json = v1("paid");
  const std::string form = "imp_uid=imp_1&merchant_uid=ord-1&status=paid";
  for (const char* type : {kJson, kForm, "", "text/plain", "application/octet-stream",
                           "multipart/form-data; boundary=x", " Application/JSON ; charset=utf-8",
                           "application/cloudevents+json", "nonsense"}) {
    for (const std::string& body :
         {json, form, " \r\n" + json, "\xEF\xBB\xBF" + json, "\xEF\xBB\xBF" + form}) {
      CAPTURE(type);
      CAPTURE(body);
      const Event event = read(body, type).event;
      CHECK(event.kind == EventKind::kPayment);
      CHECK(event.status == Result::kPaid);
      CHECK(event.dedupe_text == read(json).event.dedupe_text);
      check_ids(event, "ord-1", "imp_1");
    }
  }
}

TEST_CASE("webhook: a signed message counts as JSON under any label") {
  for (const char* type : {kJson, kForm, "", "text/plain", "image/png"}) {
    CAPTURE(type);
    const WebhookMessage paid = read(v2("Transaction.Paid", kIds), type, true, "msg_1");
    CHECK(paid.event.kind == EventKind::kPayment);
    CHECK(paid.needs_signature);
    const WebhookMessage strange = read(R"({"a":1})", type, true, "msg_1");
    CHECK(strange.event.kind == EventKind::kUnknown);
    CHECK(strange.needs_signature);
  }
}

TEST_CASE("webhook: what is no message is refused by its label: of another kind, or malformed") {
  for (const char* body : {"hello", "{}", "", "a=b", "{\"imp_uid\":", "\x89PNG\r\n\x1A\n",
                           "--x\r\nContent-Disposition: form-data; name=\"imp_uid\"\r\n\r\ni"}) {
    CAPTURE(body);
    for (const char* type : {"image/png", "multipart/form-data; boundary=x", "text/plain"}) {
      CHECK(fault(body, type) == WebhookFault::kUnsupportedType);
    }
    for (const char* type :
         {kJson, kForm, "", "APPLICATION/X-WWW-FORM-URLENCODED;charset=EUC-KR"}) {
      CHECK(fault(body, type) == WebhookFault::kNotAMessage);
    }
  }
}

TEST_CASE("webhook: V1 ids of another type or unfit text make no message") {
  for (const char* body :
       {R"({"imp_uid":"i\n","merchant_uid":"m","status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":"m\u0000","status":"paid"})",
        R"({"imp_uid":1.5,"merchant_uid":"m","status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":["m"],"status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":1e3,"status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":1.0,"status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":-1,"status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":true,"status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":"m","status":1})", R"({"imp_uid":"i","merchant_uid":"m"})",
        R"({"imp_uid":{},"merchant_uid":"m","amount":1})"}) {
    CAPTURE(body);
    CHECK(fault(body) == WebhookFault::kNotAMessage);
  }
}

TEST_CASE("webhook: an id that is a number is its digits, to the last one") {
  for (const char* number : {"0", "20261125", "9223372036854775807", "9223372036854775808",
                             "123456789012345678901234567890"}) {
    CAPTURE(number);
    const std::string bare = number;
    const auto message = [](const std::string& id) {
      return R"({"imp_uid":"imp_1","merchant_uid":)" + id + R"(,"status":"paid"})";
    };
    const Event event = read(message(bare)).event;
    check_ids(event, number, "imp_1");
    CHECK(event.dedupe_text == read(message('"' + bare + '"')).event.dedupe_text);
    check_ids(read(R"({"imp_uid":)" + bare + R"(,"merchant_uid":"m","status":"paid"})").event, "m",
              number);
    check_ids(read(R"({"imp_uid":"i","amount":5,"merchant_uid":)" + bare + "}").event, number, "i");
    check_ids(
        read_signed(v2("Transaction.Paid", R"({"transactionId":"t","paymentId":)" + bare + "}"))
            .event,
        number, "t");
    check_ids(read_signed(R"({"tx_id":"t","status":"Paid","payment_id":)" + bare + "}").event,
              number, "t");
  }
  CHECK(read(v1("cancelled", R"(,"cancellation_id":7)")).event.cancellation_id == "7");
}

TEST_CASE("webhook: an id in a broken encoding leaves the rest of the message standing") {
  const std::string euc_kr = "%C1%D6%B9%AE-1";
  for (const std::string& id : {euc_kr, std::string("\xC1\xD6-1"), std::string("%FF")}) {
    CAPTURE(id);
    const Event event = read("imp_uid=imp_1&status=paid&merchant_uid=" + id, kForm).event;
    CHECK(event.kind == EventKind::kPayment);
    CHECK(event.status == Result::kPaid);
    CHECK(event.attempt_id->str() == "imp_1");
    CHECK_FALSE(event.payment_id.has_value());
    CHECK(is_valid_utf8(event.stored_body));
    CHECK(is_valid_utf8(event.dedupe_text));
    // The other way round the order is asked about.
    const Event turned = read("merchant_uid=ord-1&status=paid&imp_uid=" + id, kForm).event;
    CHECK(turned.kind == EventKind::kPayment);
    CHECK(turned.payment_id->str() == "ord-1");
    CHECK_FALSE(turned.attempt_id.has_value());
    CHECK(fault("status=paid&merchant_uid=" + id + "&imp_uid=" + id, kForm) ==
          WebhookFault::kNotAMessage);
    // A question about an order that nobody can name is answered by the confirm rules.
    const Event asked = read("imp_uid=imp_1&amount=5&merchant_uid=" + id, kForm).event;
    CHECK(asked.kind == EventKind::kConfirm);
    CHECK_FALSE(asked.payment_id.has_value());
    const Event older =
        read("payment_id=pay_1&status=Paid&tx_id=" + id, kForm, true, "msg_1").event;
    CHECK(older.kind == EventKind::kPayment);
    CHECK(older.payment_id->str() == "pay_1");
  }
  for (const std::string& id : {std::string("a%0Ab"), std::string("a%00"), std::string(300, 'm')}) {
    CHECK(fault("imp_uid=imp_1&status=paid&merchant_uid=" + id, kForm) ==
          WebhookFault::kNotAMessage);
  }
  CHECK(read("imp_uid=i&status=paid&merchant_uid=%C1%D6", kForm).event.dedupe_text !=
        read("imp_uid=i&status=paid&merchant_uid=%C1%D7", kForm).event.dedupe_text);
}

TEST_CASE("webhook: a broken text inside JSON costs itself alone") {
  // EUC-KR bytes, half an emoji, a raw line break, a number beyond a double.
  const std::string mended[] = {"\"\xC1\xD6\xB9\xAE\"", R"("gift \ud83d")", "\"a\nb\"", "1e999"};
  // A name that stands twice, and what is nested too deep.
  const std::string odd[] = {R"({"a":1,"a":2})", std::string(1000, '[') + std::string(1000, ']')};
  for (const std::string& value : mended) {
    CAPTURE(value);
    const Event event = read(v1("paid", ",\"custom\":" + value)).event;
    CHECK(event.kind == EventKind::kPayment);
    check_ids(event, "ord-1", "imp_1");
    CHECK(is_valid_utf8(event.stored_body));
    CHECK(event.dedupe_text == read(v1("paid")).event.dedupe_text);
  }
  for (const std::string& value : odd) {
    CHECK(fault(v1("paid", ",\"custom\":" + value)) == WebhookFault::kNotAMessage);
    CHECK(read_signed(v1("paid", ",\"custom\":" + value)).event.kind == EventKind::kPayment);
  }
  for (const std::string& value : {mended[0], mended[1], mended[2], mended[3], odd[0], odd[1]}) {
    CAPTURE(value.substr(0, 40));
    const auto typed = [&](const std::string& data) {
      return read_signed(v2("Transaction.Paid", data)).event;
    };
    CHECK(typed(R"({"paymentId":"p","x":)" + value + "}").payment_id->str() == "p");
    CHECK(typed(R"({"paymentId":"p","x":)" + value + "}").kind == EventKind::kPayment);
    // As an id it names nothing, and moves nothing.
    const Event unsure = typed(R"({"transactionId":"t","paymentId":)" + value + "}");
    CHECK(unsure.kind == EventKind::kUnknown);
    CHECK_FALSE(unsure.payment_id.has_value());
  }
  for (const char* id : {"\"\xC1\xD6-1\"", R"("gift \ud83d")"}) {
    CAPTURE(id);
    const std::string begin = R"({"status":"paid","merchant_uid":)";
    const Event event = read(begin + id + R"(,"imp_uid":"imp_1"})").event;
    CHECK(event.kind == EventKind::kPayment);
    CHECK(event.attempt_id->str() == "imp_1");
    CHECK_FALSE(event.payment_id.has_value());
    CHECK(fault(begin + id + ",\"imp_uid\":" + id + "}") == WebhookFault::kNotAMessage);
  }
}

TEST_CASE("webhook: a doubled key before a broken one leaves JSON in the stored body") {
  const Event event =
      read_signed("{\"a\":1,\"a\":2,\"paymentToken\":\"s3cret\",\"pay\002\":\"\xC1\"}").event;
  CHECK(is_valid_utf8(event.stored_body));
  CHECK(event.stored_body.find('\002') == std::string::npos);
  CHECK(event.stored_body.find("s3cret") == std::string::npos);
}

TEST_CASE("webhook: ids that stand twice are read as neither of them") {
  for (const char* body :
       {R"({"imp_uid":"a","imp_uid":"b","merchant_uid":"m","status":"paid"})",
        R"({"imp_uid":"i","merchant_uid":"m","status":"paid","status":"failed"})",
        R"({"imp_uid":"i","merchant_uid":"m","amount":5,"amount":6})"}) {
    CAPTURE(body);
    CHECK(fault(body) == WebhookFault::kNotAMessage);
    CHECK(read_signed(body).event.kind == EventKind::kUnknown);
  }
  const Event twice =
      read_signed(v2("Transaction.Paid", R"({"paymentId":"a","paymentId":"b"})")).event;
  CHECK(twice.kind == EventKind::kUnknown);
  const Event asked =
      read_signed(v2("Transaction.Confirm",
                     R"({"paymentId":"a","transactionId":"t","totalAmount":5,"totalAmount":6})"))
          .event;
  CHECK(asked.kind == EventKind::kConfirm);
  CHECK(asked.asked_amount.empty());
}

TEST_CASE("webhook: any JSON with a signature is a message, without one it needs a shape") {
  std::string deep(1000, '[');
  deep += std::string(1000, ']');
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), std::string("1"), std::string(R"({"a":1})"),
        std::string(R"({"imp_uid":[1],"merchant_uid":2,"type":"x"})"), std::string(R"({"type":1})"),
        std::string(R"({"type":"Transaction.Paid","type":"x"})"), deep}) {
    CAPTURE(body.substr(0, 40));
    const WebhookMessage message = read_signed(body);
    CHECK(message.event.kind == EventKind::kUnknown);
    CHECK(message.needs_signature);
    CHECK(fault(body) == WebhookFault::kNotAMessage);
  }
  for (const char* body : {"", "{", "hello", "\xFF", "a=b"}) {
    CHECK(fault(body, kJson, true) == WebhookFault::kNotAMessage);
  }
  CHECK(fault("a=b", kForm, true) == WebhookFault::kNotAMessage);
}
