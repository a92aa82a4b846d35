#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core/messages/portone_answer.h"

using namespace reconciled::core;
using nlohmann::json;

namespace {

const Time kAsked = from_ms(1788231700000);

json payment(const char* status = "paid") {
  return json{{"imp_uid", "imp_1"},
              {"merchant_uid", "ord-1"},
              {"amount", 64900},
              {"cancel_amount", 0},
              {"currency", "KRW"},
              {"status", status},
              {"sandbox", false},
              {"pay_method", "card"},
              {"pg_provider", "html5_inicis"},
              {"started_at", 1788231490},
              {"paid_at", 1788231604},
              {"cancelled_at", 0},
              {"failed_at", 0},
              {"vbank_date", 0},
              {"vbank_num", nullptr},
              {"buyer_name", "홍길동"},
              {"buyer_email", "buyer@example.com"},
              {"card_number", "510737******1234"},
              {"custom_data", "{\"a\":1}"}};
}
std::string envelope(const json& response) {
  return json{{"code", 0}, {"message", nullptr}, {"response", response}}.dump();
}
json with(json object, const char* key, json value) {
  object[key] = std::move(value);
  return object;
}

}  // namespace

TEST_CASE("V1 list: batches, pages and nothing found") {
  const auto list = [](int status, const json& response) {
    return read_v1_list(status, envelope(response), kAsked);
  };
  const auto batch = list(200, json::array({payment(), payment("failed")}));
  REQUIRE(batch.ok());
  CHECK(batch.value().snapshots.size() == 2);
  CHECK(batch.value().has_next == false);
  CHECK(list(207, json::array({payment()})).value().snapshots.size() == 1);
  CHECK(list(200, json::array()).value().snapshots.empty());
  const auto page = list(
      200, json{{"total", 21}, {"previous", 0}, {"next", 2}, {"list", json::array({payment()})}});
  REQUIRE(page.ok());
  CHECK(page.value().has_next == true);
  CHECK(page.value().snapshots[0].result == Result::kPaid);
  CHECK(list(200, json{{"total", 0}, {"previous", 0}, {"next", 0}}).value().has_next == false);
  const auto none = read_v1_list(404, R"({"code":-1,"message":"x","response":null})", kAsked);
  REQUIRE(none.ok());
  CHECK(none.value().snapshots.empty());
}

TEST_CASE("V1 list: a row that cannot be read is named, and the others are taken") {
  const auto rows = [](const json& list) {
    const auto answer = read_v1_list(200, envelope(list), kAsked);
    REQUIRE(answer.ok());
    return answer.value();
  };
  json odd = payment("ready");
  odd["imp_uid"] = "imp_2";
  odd["amount"] = 1000.5;
  const V1List batch = rows(json::array({payment(), odd, nullptr, 5, "x", payment("failed")}));
  CHECK(batch.snapshots.size() == 2);
  REQUIRE(batch.unreadable.size() == 4);
  CHECK(batch.unreadable[0].id == "imp_2");
  CHECK(batch.unreadable[0].reason == "amount is missing or no amount of its currency");
  CHECK(batch.unreadable[1].id.empty());
  CHECK(batch.has_next == false);
  json nameless = odd;
  nameless.erase("imp_uid");
  CHECK(rows(json::array({nameless})).unreadable[0].id == "ord-1");

  const V1List page = rows(
      json{{"total", 2}, {"previous", 0}, {"next", 0}, {"list", json::array({odd, payment()})}});
  CHECK(page.snapshots.size() == 1);
  CHECK(page.unreadable.size() == 1);
  CHECK(page.has_next == false);
  CHECK(page.total == 2);
}

TEST_CASE("V1 list: rows with broken numbers or names leave the others readable") {
  std::string body = envelope(json::array({payment(), with(payment(), "imp_uid", "imp_2")}));
  const auto with_second = [&](const std::string& from, const std::string& to) {
    std::string changed = body;
    changed.replace(changed.rfind(from), from.size(), to);
    const auto list = read_v1_list(200, changed, kAsked);
    REQUIRE(list.ok());
    return list.value();
  };
  for (const char* amount : {"1e999", "NaN", "-Infinity", "01", "1.", "64900,\"amount\":64900"}) {
    CAPTURE(amount);
    const V1List list = with_second("\"amount\":64900", std::string("\"amount\":") + amount);
    CHECK(list.snapshots.size() == 1);
    REQUIRE(list.unreadable.size() == 1);
    CHECK(list.unreadable[0].id == "imp_2");
  }
  const V1List list = with_second("imp_2", "imp_\xC1\xD6");
  CHECK(list.snapshots.size() == 1);
  CHECK(list.unreadable[0].id == "ord-1");
}

TEST_CASE(
    "V1 list: an end mark that cannot be read is said to be missing, a list that is none is a "
    "fault") {
  const auto page = [](const json& next) {
    return json{{"total", "1"}, {"next", next}, {"list", json::array({payment()})}};
  };
  for (const json& next : {json(nullptr), json("0"), json(0.5), json::array()}) {
    const auto list = read_v1_list(200, envelope(page(next)), kAsked);
    REQUIRE(list.ok());
    CHECK(list.value().has_next == std::nullopt);
    CHECK(list.value().total == std::nullopt);
    CHECK(list.value().snapshots.size() == 1);
  }
  const auto bad = [](const json& response) {
    const auto list = read_v1_list(200, envelope(response), kAsked);
    return !list.ok() && list.error().fault == AnswerFault::kMalformed;
  };
  CHECK(bad(json{{"total", 1}, {"previous", 0}, {"next", 0}}));
  CHECK(bad(json{{"total", 1}, {"previous", 0}, {"next", 0}, {"list", 5}}));
  CHECK(bad("text"));
  CHECK(read_v1_list(503, "", kAsked).error().fault == AnswerFault::kUnavailable);
}
