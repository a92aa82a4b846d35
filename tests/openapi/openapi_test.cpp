// GET /openapi.json against the real admin endpoint: each route, and each answer by its status, is
// described, and none that is not there. check.js compares.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <regex>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;

namespace {

// Asks, and keeps what was answered.
class Witness {
 public:
  explicit Witness(const Rig& rig) : rig_(rig) {}

  Json see(const std::string& method, const std::string& target, const Json& body = Json(),
           Headers headers = {}) {
    if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
    const Answer answer =
        ask(rig_.daemon.admin(), {method, target, body.is_null() ? "" : body.dump(), headers});
    exchanges_.push_back({{"method", method},
                          {"target", target},
                          {"status", answer.status},
                          {"content_type", answer.header("Content-Type")},
                          {"body", answer.body}});
    return answer.json();
  }
  Json see(const std::string& target) { return see("GET", target); }
  [[nodiscard]] const Json& exchanges() const { return exchanges_; }

 private:
  const Rig& rig_;
  Json exchanges_ = Json::array();
};

// The admin endpoint's routes as the log tells them, with {} for what is captured; no pages.
Json routes_of(const Rig& rig) {
  Json routes = Json::array();
  const std::string log = rig.daemon.log();
  const std::regex line("route listener=admin method=(\\w+) path=\"?([^\"\n]+)\"?\n");
  for (std::sregex_iterator i(log.begin(), log.end(), line), end; i != end; ++i) {
    std::string path = std::regex_replace((*i)[2].str(), std::regex("\\([^)]*\\)"), "{}");
    path.erase(std::remove(path.begin(), path.end(), '\\'), path.end());
    if (path == "/" || path.starts_with("/dashboard")) continue;  // pages, for people
    const Json route{{"method", (*i)[1].str()}, {"path", path}};
    if (std::find(routes.begin(), routes.end(), route) == routes.end()) routes.push_back(route);
  }
  return routes;
}

// Payments of all kinds, with what arrived and what was refused for them.
void live(Rig& rig) {
  for (const std::string& v : kVersions) {
    for (const char* id : {"paid", "part", "gone", "failed", "account", "twice", "wrong"}) {
      rig.daemon.register_order(id + ("-" + v));
    }
    const auto make = [&](const std::string& id, Json members) {
      members["payment_id"] = id + ("-" + v);
      members["version"] = v;
      return rig.portone.make(members);
    };
    rig.come_back(make("paid", {{"status", "paid"}}).at("redirect_query"));
    rig.portone.move(make("part", {{"status", "paid"}}),
                     {{"status", "cancelled"}, {"cancel_amount", 100}});
    rig.portone.move(make("gone", {{"status", "paid"}}), {{"status", "cancelled"}});
    const Json failed = make("failed", {{"status", "failed"}, {"reason", "한도초과"}});
    rig.come_back(failed.at("redirect_query"));
    make("account", {{"method", "vbank"}, {"status", "virtual_account_issued"}});
    make("twice", {{"status", "paid"}});
    make("twice", {{"status", "paid"}});
    make("wrong", {{"status", "paid"}, {"amount", 9'000}});
    make("stranger", {{"status", "paid"}});
    for (const char* id : {"paid", "twice", "stranger"})
      rig.daemon.wait_for_result(id + ("-" + v), "paid");
    rig.daemon.wait_for_result("part-" + v, "partially_cancelled");
    rig.daemon.wait_for_result("gone-" + v, "cancelled");
    rig.daemon.wait_for_result("failed-" + v, "failed");
    rig.daemon.wait_for_result("account-" + v, "awaiting_deposit");
  }
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "x", "y", {"msg_9", "whsec_YQ=="})).status ==
        401);
  rig.acknowledged(v1_webhook("imp_1234567890", "merchant_1234567890", "ready"));
  CHECK(ask(rig.daemon.webhook(), {"POST",
                                   "/confirm/portone",
                                   R"({"imp_uid":"imp_9","merchant_uid":"paid-v1","amount":10000})",
                                   {{"Content-Type", "application/json"}}})
            .status == 409);
  rig.daemon.wait_for_empty_inbox();
}

// A value that the schema of a query's parameter takes.
std::string value_of(const Json& schema) {
  if (schema.contains("enum")) {
    const Json& first = schema.at("enum")[0];
    return first.is_string() ? first.get<std::string>() : first.dump();
  }
  const std::string type = schema.at("type");
  if (type == "boolean") return "true";
  if (type == "integer") return schema.at("minimum").dump();
  if (schema.contains("format")) return schema.at("examples")[0];
  return schema.value("default", "x");
}

class Description {
 public:
  explicit Description(Json api) : api_(std::move(api)) {}

  struct Operation {
    std::string method;
    std::string path;   // with ids in their places
    std::string query;  // all parameters that it describes
  };
  [[nodiscard]] std::vector<Operation> operations() const {
    std::vector<Operation> all;
    for (const auto& [path, item] : api_.at("paths").items()) {
      for (const auto& [method, operation] : item.items()) {
        if (method == "parameters") continue;
        std::string name = std::regex_replace(path, std::regex("\\{payment_id\\}"), "paid-v1");
        name = std::regex_replace(name, std::regex("\\{id\\}"), "1");
        std::string upper = method;
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        all.push_back({upper, name, query_of(operation)});
      }
    }
    return all;
  }

 private:
  [[nodiscard]] Json followed(Json node) const {
    while (node.contains("$ref")) {
      const std::string ref = node.at("$ref").get<std::string>().substr(1);
      const Json beside = node;
      node = api_.at(Json::json_pointer(ref));
      if (beside.contains("default")) node["default"] = beside.at("default");
    }
    return node;
  }
  [[nodiscard]] std::string query_of(const Json& operation) const {
    std::string query;
    for (const Json& entry : operation.value("parameters", Json::array())) {
      const Json parameter = followed(entry);
      if (parameter.at("in") != "query") continue;
      query += (query.empty() ? "?" : "&") + parameter.at("name").get<std::string>() + "=" +
               encode(value_of(followed(parameter.at("schema"))));
    }
    return query;
  }
  Json api_;
};

void see_orders(Witness& witness) {
  const Json order{{"amount", 500}, {"currency", "KRW"}, {"name", "사과 한 상자"}};
  witness.see("PUT", "/orders/new", order);
  witness.see("PUT", "/orders/new", order);
  witness.see("PUT", "/orders/told", {{"amount", 500}, {"currency", "KRW"}, {"preregister", true}});
  witness.see("PUT", "/orders/new", {{"amount", 0}, {"currency", "KRW"}});
  witness.see("PUT", "/orders/paid-v2", {{"amount", 1}, {"currency", "KRW"}});
  witness.see("/orders/new");
  witness.see("DELETE", "/orders/new", Json::object());
  witness.see("DELETE", "/orders/new", Json::object());
  witness.see("PUT", "/orders/paid-v2",
              {{"amount", 1}, {"currency", "KRW"}, {"correct", true}, {"note", "a typo"}, {"by", "kim"}});
  witness.see("PUT", "/orders/paid-v2",
              {{"amount", 10'000}, {"currency", "KRW"}, {"correct", true}, {"note", "it was none"}});
  witness.see("PUT", "/orders/paid-v2", {{"amount", 1}, {"currency", "KRW"}, {"correct", true}});
  witness.see("DELETE", "/orders/paid-v2", Json::object());
  witness.see("/orders/unknown");
}

void see_notifications(Witness& witness) {
  const Json all = witness.see("/notifications?limit=500").at("notifications");
  CHECK(all.size() > 16);
  witness.see("POST", "/notifications/1/resend", Json::object());
  witness.see("POST", "/notifications/777777/resend", Json::object());
  witness.see("POST", "/notifications/resend", {{"since", "2026-01-01T00:00:00Z"}});
}

void see_books(Witness& witness, Rig& rig) {
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 2'000}, {"where", {"v1 list", "v2 list"}}});
  witness.see("/backfill");
  witness.see("POST", "/backfill", {{"from", "2025-11-22"}, {"to", "2025-11-23"}, {"notify", true}});
  witness.see("POST", "/backfill", {{"from", "2025-11-22"}, {"to", "2025-11-24"}});
  witness.see("/backfill");
  witness.see("DELETE", "/backfill", Json::object());
  witness.see("DELETE", "/backfill", Json::object());
  witness.see("POST", "/report", {{"day", "today"}});
  witness.see("POST", "/report", {{"day", "2025-11-22"}});
  witness.see("/report?format=csv");
  rig.portone.clear_faults();
  wait_until("the report is made",
             [&] { return witness.see("/report").at("state") == "done"; });
  CHECK(witness.see("/report?day=today").at("difference_count") > 3);
  witness.see("/report?format=csv");
}

void see_findings(Witness& witness) {
  const Json all = witness.see("/findings").at("findings");
  CHECK(all.size() > 4);
  for (const Json& finding : all) {
    const std::string target = "/findings/" + finding.at("id").dump() + "/resolve";
    witness.see("POST", target, {{"note", "seen"}, {"by", "kim"}});
  }
  witness.see("/findings?open=true");
  witness.see("POST", "/findings/1/resolve", Json::object());
  witness.see("POST", "/findings/777777/resolve", {{"note", "seen"}});
}

void see_the_rest(Witness& witness) {
  const Json payments = witness.see("/payments?limit=500").at("payments");
  CHECK(payments.size() == 18);
  for (const Json& payment : payments) {
    const std::string target = "/payments/" + encode(payment.at("payment_id"));
    witness.see(target);
    witness.see(target + "?timeline=0");
  }
  witness.see("/payments/unknown");
  const Json events = witness.see("/events?limit=500").at("events");
  CHECK(events.size() > 16);
  for (const Json& event : events) {
    witness.see("/events/" + event.at("id").dump());
  }
  witness.see("/events/777777");
  witness.see("POST", "/events/777777/replay", Json::object());
  witness.see("/changes?cursor=1000000");
  CHECK(witness.see("/rejected").at("rejected").size() == 1);
  see_findings(witness);
  witness.see("/payments?limit=1");
}

}  // namespace

TEST_CASE("openapi: what the admin endpoint does is what GET /openapi.json describes") {
  const ShopBackend shop;
  Settings settings;
  settings.notify_lines = shop.lines();
  Rig rig(settings);
  live(rig);
  Witness witness(rig);
  const Json api = witness.see("/openapi.json");
  CHECK(api.at("info").at("version") == PROJECT_VERSION);
  see_orders(witness);
  see_the_rest(witness);
  see_notifications(witness);
  see_books(witness, rig);

  const std::vector<Description::Operation> operations = Description(api).operations();
  const auto has_body = [](const auto& operation) { return operation.method != "GET"; };
  for (const auto& operation : operations) {
    // With all parameters that are described, and with one that is not.
    if (operation.method == "GET") witness.see(operation.path + operation.query);
    if (operation.method == "POST") witness.see("POST", operation.path, Json::object());
    const Json body = has_body(operation) ? Json::object() : Json();
    if (!operation.path.starts_with("/metrics") && !operation.path.starts_with("/openapi") &&
        !operation.path.ends_with("z")) {
      witness.see(operation.method, operation.path + "?unheard=of", body);
    }
    witness.see(operation.method, operation.path, body, {{"Host", "shop.example.com"}});
    if (has_body(operation)) witness.see(operation.method, operation.path, Json());
  }
  const Json changes = witness.see("/changes?limit=500").at("changes");
  const Json routes = routes_of(rig);

  rig.daemon.settings().admin_lines = "token = \"secret\"";
  rig.daemon.configure(rig.daemon.settings());
  CHECK(rig.daemon.stop() == 0);
  rig.daemon.start();
  for (const auto& operation : operations) {
    witness.see(operation.method, operation.path, has_body(operation) ? Json::object() : Json());
  }

  // Where nobody is told.
  rig.daemon.settings().admin_lines = "";
  rig.daemon.settings().notify_lines = "";
  rig.daemon.configure(rig.daemon.settings());
  CHECK(rig.daemon.stop() == 0);
  rig.daemon.start();
  for (const auto& operation : operations) {
    if (!operation.path.starts_with("/notifications/")) continue;
    witness.see("POST", operation.path, {{"since", "2026-01-01T00:00:00Z"}});
  }

  // What was told, and each payment under each word.
  Json messages = Json::array();
  for (const Message& message : shop.taken()) messages.push_back(message.body);
  CHECK(messages.size() > 16);
  for (const Json& payment : changes) {
    for (const auto& webhook : api.at("webhooks").items()) {
      messages.push_back(
          {{"type", webhook.key()}, {"timestamp", payment.at("updated_at")}, {"data", payment}});
    }
  }
  const std::string api_file = rig.folder.text() + "/openapi.json";
  const std::string seen_file = rig.folder.text() + "/seen.json";
  write_file(api_file, api.dump());
  write_file(
      seen_file,
      Json{{"routes", routes}, {"exchanges", witness.exchanges()}, {"messages", messages}}.dump());
  const Finished check =
      run({.arguments = {"node", OPENAPI_CHECK_FOLDER "/check.js", api_file, seen_file}});
  CHECK_MESSAGE(check.status == 0, check.out << check.err);
  MESSAGE(check.out);
}
