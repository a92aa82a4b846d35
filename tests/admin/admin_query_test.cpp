#include "daemon/admin/admin_query.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

const core::Time kNow = core::from_ms(1'795'000'000'000);
const core::PaymentId kPayment = core::PaymentId::trusted("ord-1");

bool order_fails(const std::string& body) {
  const auto read = read_order_body(kPayment, body, kNow);
  return !read.ok() && !read.error().message.empty();
}

}  // namespace

TEST_CASE("admin query: a payment id is percent-decoded once, as one segment") {
  CHECK(read_payment_id("ord-1").value().str() == "ord-1");
  CHECK(read_payment_id("a%2Fb%3Fc%23d%25").value().str() == "a/b?c#d%");
  CHECK(read_payment_id("%252F").value().str() == "%2F");
  CHECK(read_payment_id("a+b").value().str() == "a+b");
  CHECK(read_payment_id("%EC%A3%BC%EB%AC%B8").value().str() == "주문");
  for (const char* bad : {"", "%00", "%0A", "%FF", "%C3"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(read_payment_id(bad).ok());
  }
  CHECK_FALSE(read_payment_id(std::string(257, 'a')).ok());
}

TEST_CASE("admin query: a row number that does not fit is beyond every row") {
  CHECK(read_event_id("12") == core::EventId{12});
  CHECK(read_event_id("99999999999999999999999") == core::EventId{INT64_MAX});
}

TEST_CASE("admin query: every filter of the payment list is read") {
  const auto read = read_payment_filter(
      "result=paid&ui_state=returned_failure&deliverable=false&finding=late_approval&q=ord%20%26"
      "&since=2026-11-22T09:30:00.5Z&until=2026-11-22T18:30:00%2B09:00&limit=7&cursor=12");
  REQUIRE(read.ok());
  const storage::PaymentFilter& filter = read.value();
  CHECK(filter.result == core::Result::kPaid);
  CHECK(filter.ui_state == core::UiState::kReturnedFailure);
  CHECK(filter.deliverable == false);
  CHECK(filter.finding == core::FindingKind::kLateApproval);
  CHECK(filter.contains == "ord &");
  CHECK(core::to_rfc3339(filter.since.value()) == "2026-11-22T09:30:00.500Z");
  CHECK(core::to_rfc3339(filter.until.value()) == "2026-11-22T09:30:00.000Z");
  CHECK(filter.limit == 7);
  CHECK(filter.cursor == 12);
}

TEST_CASE("admin query: empty values filter nothing, an empty query neither") {
  for (const char* query :
       {"", "result=&ui_state=&deliverable=&finding=&q=&since=&until=&limit=&cursor="}) {
    const auto read = read_payment_filter(query);
    REQUIRE(read.ok());
    CHECK_FALSE(read.value().result.has_value());
    CHECK_FALSE(read.value().deliverable.has_value());
    CHECK_FALSE(read.value().cursor.has_value());
    CHECK(read.value().contains.empty());
    CHECK(read.value().limit == 100);
  }
}

TEST_CASE("admin query: a bad value is refused by its name") {
  for (const char* query :
       {"result=payed", "ui_state=PAID", "deliverable=1", "finding=x", "since=yesterday",
        "until=2026-13-01T00:00:00Z", "limit=0", "limit=501", "limit=-1", "limit=1.5", "limit=x",
        "limit=99999999999999999999", "cursor=0", "cursor=-4", "cursor=abc"}) {
    CAPTURE(std::string(query));
    const auto read = read_payment_filter(query);
    REQUIRE_FALSE(read.ok());
    const std::string name(std::string_view(query).substr(0, std::string_view(query).find('=')));
    CHECK(read.error().message.rfind(name + " must be ", 0) == 0);
  }
  CHECK(read_payment_filter("limit=500").ok());
  CHECK(read_payment_filter("limit=1").ok());
}

TEST_CASE("admin query: events filter by source and payment") {
  const auto read = read_event_filter("source=redirect&payment_id=a%2Fb&limit=3&cursor=9");
  REQUIRE(read.ok());
  CHECK(read.value().source == core::EventSource::kRedirect);
  CHECK(read.value().payment_id->str() == "a/b");
  CHECK(read.value().limit == 3);
  CHECK(read.value().cursor == 9);
  CHECK_FALSE(read_event_filter("source=rumour").ok());
  CHECK_FALSE(read_event_filter("payment_id=%00").ok());
  CHECK_FALSE(read_list_query("limit=0").ok());
  CHECK(read_list_query("").value().limit == 100);
}

TEST_CASE("admin query: waiting is for 60 seconds at most") {
  CHECK(read_payment_query("").value().wait == 0s);
  CHECK(read_payment_query("wait=0").value().wait == 0s);
  CHECK(read_payment_query("wait=5&version=3&timeline=0").value().wait == 5s);
  CHECK(read_payment_query("wait=5&version=3").value().version == 3);
  CHECK_FALSE(read_payment_query("timeline=0").value().timeline);
  CHECK(read_payment_query("wait=61").value().wait == 60s);
  CHECK(read_payment_query("wait=9223372036854775807").value().wait == 60s);
  CHECK(read_changes_query("cursor=0&limit=5&wait=60").value().limit == 5);
  CHECK(read_changes_query("cursor=7-1795000000000").value().cursor.number == 7);
  CHECK(to_text(read_changes_query("cursor=7-1795").value().cursor) == "7-1795");
  for (const char* bad : {"cursor=x", "cursor=-1", "cursor=7-", "cursor=7-x", "cursor=-"}) {
    CHECK_FALSE(read_changes_query(bad).ok());
  }
  for (const char* bad : {"wait=-1", "wait=x", "wait=1.5", "wait=99999999999999999999",
                          "version=-1", "timeline=2"}) {
    CHECK_FALSE(read_payment_query(bad).ok());
  }
}

TEST_CASE("admin query: a parameter that no list knows is named, not passed over") {
  CHECK(read_payment_query("wiat=30").error().message == "unknown parameter: wiat");
  CHECK(read_payment_filter("result=paid&resutl=x").error().message ==
        "unknown parameter: resutl");
  CHECK(read_event_filter("q=x").error().message == "unknown parameter: q");
  CHECK(read_findings_query("state=open").error().message == "unknown parameter: state");
  CHECK(read_changes_query("since=1").error().message == "unknown parameter: since");
  CHECK(read_notifications_query("open=true").error().message == "unknown parameter: open");
  CHECK(read_notifications_query("state=lost").ok() == false);
  CHECK(refuse_parameters("x=1")->message == "unknown parameter: x");
  CHECK_FALSE(refuse_parameters("").has_value());
}

TEST_CASE("admin query: a currency that ISO 4217 does not list is named") {
  CHECK(order_fails(R"({"amount":1,"currency":"KWR"})"));
  CHECK(read_order_body(kPayment, R"({"amount":1,"currency":"KWR"})", kNow)
            .error()
            .message.find("KWR") != std::string::npos);
  for (const char* code : {"KRW", "USD", "JPY", "EUR", "AED", "ZWG"}) {
    CHECK(read_order_body(kPayment,
                          R"({"amount":1,"currency":")" + std::string(code) + R"("})", kNow)
              .ok());
  }
}

TEST_CASE("admin query: an order is an amount in minor units, a currency and perhaps a name") {
  const auto read = read_order_body(
      kPayment, R"({"amount":64900,"currency":"KRW","name":"양말","preregister":false})", kNow);
  REQUIRE(read.ok());
  CHECK(read.value().payment_id == kPayment);
  CHECK(read.value().amount == 64'900);
  CHECK(read.value().currency.code() == "KRW");
  CHECK(read.value().name == "양말");
  CHECK(read.value().at == kNow);
  CHECK_FALSE(read.value().preregister);
  const auto told =
      read_order_body(kPayment, R"({"amount":1,"currency":"USD","preregister":true})", kNow);
  REQUIRE(told.ok());
  CHECK(told.value().preregister);
  CHECK(read_order_body(kPayment, R"({"amount":1,"currency":"USD"})", kNow).ok());
}

TEST_CASE("admin query: anything that is not exactly an order is refused") {
  for (const char* body :
       {"", "[]", "null", "{", R"({"currency":"KRW"})", R"({"amount":1})",
        R"({"amount":0,"currency":"KRW"})", R"({"amount":-1,"currency":"KRW"})",
        R"({"amount":1.5,"currency":"KRW"})", R"({"amount":"1","currency":"KRW"})",
        R"({"amount":9223372036854775808,"currency":"KRW"})", R"({"amount":null,"currency":"KRW"})",
        R"({"amount":1,"currency":"krw"})", R"({"amount":1,"currency":"KRWW"})",
        R"({"amount":1,"currency":7})", R"({"amount":1,"amount":2,"currency":"KRW"})",
        R"({"amount":1,"currency":"KRW","amuont":2})", R"({"amount":1,"currency":"KRW","name":7})",
        R"({"amount":1,"currency":"KRW","preregister":"yes"})"}) {
    CAPTURE(std::string(body));
    CHECK(order_fails(body));
  }
  std::string deep = R"({"amount":1,"currency":"KRW","name":)";
  for (int i = 0; i < 5'000; ++i) deep += "[";
  CHECK(order_fails(deep));
}

TEST_CASE("admin query: a note is counted in characters, and so is who writes it") {
  const auto read = [](const std::string& note, const std::string& by) {
    return read_resolve_body(R"({"note":")" + note + R"(","by":")" + by + "\"}");
  };
  const auto times = [](const std::string& text, int count) {
    std::string all;
    for (int n = 0; n < count; ++n) all += text;
    return all;
  };
  for (const std::string& character : {std::string("x"), std::string("은"), std::string("😀")}) {
    CAPTURE(character);
    const auto longest = read(times(character, 1'000), times(character, 100));
    REQUIRE(longest.ok());
    CHECK(longest.value().note == times(character, 1'000));
    CHECK(longest.value().by == times(character, 100));
    CHECK_FALSE(read(times(character, 1'001), "kim").ok());
    CHECK_FALSE(read("x", times(character, 101)).ok());
  }
}

TEST_CASE("admin query: an order is corrected with both members, never by accident") {
  const std::string order = R"({"amount":1,"currency":"KRW")";
  const auto plain = read_order_body(kPayment, order + "}", kNow);
  REQUIRE(plain.ok());
  CHECK_FALSE(plain.value().correction.has_value());
  for (const char* more : {R"(,"correct":true})", R"(,"note":"x"})", R"(,"by":"kim"})",
                           R"(,"correct":false,"note":"x"})", R"(,"correct":"true","note":"x"})",
                           R"(,"correct":true,"note":""})", R"(,"correct":true,"note":null})"}) {
    CAPTURE(std::string(more));
    CHECK(order_fails(order + more));
  }
  const auto both = read_order_body(kPayment, order + R"(,"correct":true,"note":"x","by":"kim"})", kNow);
  REQUIRE(both.ok());
  CHECK(both.value().correction.value().by == "kim");
}
