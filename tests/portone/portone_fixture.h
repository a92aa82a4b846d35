// What the tests of this folder ask with, and what PortOne says in them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/portone/asker.h"
#include "tests/portone/scripted_portone.h"

namespace reconciled::test {

using nlohmann::json;
using namespace std::chrono_literals;
using storage::LookupReport;
using storage::Question;
using storage::QuestionKind;
using Outcome = LookupReport::Outcome;

inline json v1_row(const std::string& imp_uid, const std::string& merchant_uid,
                   const json& amount = 1000, const char* status = "paid") {
  return {{"imp_uid", imp_uid},       {"merchant_uid", merchant_uid},
          {"amount", amount},         {"cancel_amount", 0},
          {"currency", "KRW"},        {"status", status},
          {"sandbox", false},         {"pay_method", "card"},
          {"started_at", 1788231490}, {"paid_at", 1788231604}};
}
inline std::string v1_answer(const json& response) {
  return json{{"code", 0}, {"message", nullptr}, {"response", response}}.dump();
}
inline Reply v1_unknown() { return {404, R"({"code":-1,"message":"x","response":null})", {}}; }
inline Reply v1_token(const std::string& token = "t") {
  return {200, v1_answer({{"access_token", token}, {"now", 1000}, {"expired_at", 2800}}), {}};
}
inline json v1_page(const json& rows, const json& next = 0, const json& total = nullptr) {
  return {{"total", total}, {"previous", 0}, {"next", next}, {"list", rows}};
}
inline json v2_row(const std::string& payment, const std::string& attempt,
                   const char* status = "PAID") {
  return {{"status", status},
          {"id", payment},
          {"transactionId", attempt},
          {"storeId", "store-1"},
          {"version", "V2"},
          {"channel", {{"type", "LIVE"}}},
          {"amount", {{"total", 1000}, {"cancelled", 0}}},
          {"currency", "KRW"},
          {"updatedAt", "2026-09-01T03:00:04Z"},
          {"disputes", json::array()}};
}
inline json v2_attempt(const std::string& payment, const std::string& attempt,
                       const char* status = "FAILED") {
  json row = v2_row(payment, attempt, status);
  row["paymentId"] = payment;
  row["id"] = attempt;
  return row;
}

inline Question v1_attempt(const std::string& imp_uid, const std::string& payment = {}) {
  Question question{QuestionKind::kV1Attempt, imp_uid, std::nullopt, {}};
  if (!payment.empty()) question.payment_id = core::PaymentId::trusted(payment);
  return question;
}
inline Question v1_order(const std::string& payment) {
  return {QuestionKind::kV1Order, payment, core::PaymentId::trusted(payment), {}};
}
inline Question v2_payment(const std::string& payment, const std::string& named = {}) {
  Question question{QuestionKind::kV2Payment, payment, core::PaymentId::trusted(payment), {}};
  if (!named.empty()) question.named_attempts.push_back(core::AttemptId::trusted(named));
  return question;
}

// One who asks this PortOne, over both APIs.
struct Asking {
  explicit Asking(const ScriptedPortone& portone) : Asking(config_for(portone.url())) {}
  explicit Asking(core::Config with) : config(std::move(with)) {}

  static core::Config config_for(const std::string& url) {
    core::Config made;
    made.v1.emplace();
    made.v1->base_url = url;
    made.v1->imp_key = "the-key";
    made.v1->imp_secret = "the-secret";
    made.v2.emplace();
    made.v2->base_url = url;
    made.v2->api_secret = "the-api-secret";
    made.v2->store_id = "store-1";
    return made;
  }
  [[nodiscard]] LookupReport ask(const Question& question) { return asker.ask({question}).at(0); }
  // Runs the loop until the task has its value.
  template <class T>
  [[nodiscard]] T until_done(portone::Task<T> task) {
    std::optional<T> value;
    portone::start(std::move(task), [&value](T got) { value.emplace(std::move(got)); });
    while (!value) loop.run_once(100ms);
    return std::move(*value);
  }
  // The asker for a caller that waits.
  struct Waiting {
    Asking& asking;
    portone::Asker real;

    [[nodiscard]] std::vector<LookupReport> ask(const std::vector<Question>& questions) {
      return asking.until_done(real.ask(questions));
    }
    [[nodiscard]] storage::PreregistrationReport preregister(core::Api api, const std::string& id,
                                                             std::int64_t minor,
                                                             const char* currency) {
      return asking.until_done(real.preregister(
          {1, api, core::PaymentId::trusted(id), {minor, *core::Currency::make(currency)}}));
    }
    [[nodiscard]] std::optional<portone::LookupFault> walk(
        core::Api api, core::Time from, core::Time until,
        const std::function<void(const portone::ListPage&)>& take) {
      return asking.until_done(real.walk(api, from, until, [&](const portone::ListPage& page) {
        take(page);
        return portone::ready();
      }));
    }
    void abort() { asking.loop.abort(); }
  };
  [[nodiscard]] bool warns(WarningKind kind, const std::string& about) const {
    for (const Warning& warning : warnings.standing()) {
      if (warning.kind == kind && warning.about == about) return true;
    }
    return false;
  }
  [[nodiscard]] bool counted(const std::string& line) const {
    return metrics.render().find(line + "\n") != std::string::npos;
  }

  core::Config config;
  SystemClock clock;
  Metrics metrics{"test"};
  Warnings warnings{clock, metrics};
  portone::AccessWatch watch{warnings};
  http::InFlightLimit v1_limit{64};
  http::InFlightLimit v2_limit{64};
  http::ClientLoop loop;
  portone::Asker::World world{loop, watch, v1_limit, v2_limit, clock, metrics};
  Waiting asker{*this, {config, world}};
};

inline bool is_login(const std::string& target) { return target == "/users/getToken"; }

}  // namespace reconciled::test
