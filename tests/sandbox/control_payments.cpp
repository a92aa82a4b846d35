#include <nlohmann/json.hpp>

#include "daemon/core/words/money.h"
#include "tests/sandbox/answers.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/moves.h"

namespace reconciled::sandbox {
namespace {

Json payment_json(const Attempt& attempt) {
  return attempt.version == Api::kV1 ? v1_payment(attempt) : v2_payment(attempt);
}

Json attempt_json(const Attempt& attempt) {
  Json body{
      {"payment_id", attempt.payment_id},
      {"attempt_id", attempt.attempt_id},
      {"version", core::to_word(attempt.version)},
      {"status", attempt.version == Api::kV1 ? v1_word(attempt.status) : v2_word(attempt.status)},
      {"amount", attempt.amount},
      {"currency", attempt.currency},
      {"cancelled_amount", attempt.cancelled_amount()},
      {"channel", attempt.test ? "test" : "live"},
      {"store_id", attempt.store_id},
      {"redirect_query", redirect_query(attempt)}};
  if (attempt.account) {
    body["account"] = Json{{"number", attempt.account->number},
                           {"due_at", to_text(attempt.account->due_at)}};
  }
  return body;
}

std::string one_of(const Json& body, const char* name, std::initializer_list<const char*> allowed) {
  const std::optional<std::string> value = text_of(body, name);
  if (!value) return *allowed.begin();
  for (const char* word : allowed) {
    if (*value == word) return *value;
  }
  throw BadMember{name};
}

Api version_of(const Json& body) {
  return one_of(body, "version", {"v1", "v2"}) == "v1" ? Api::kV1 : Api::kV2;
}

Change read_change(const Json& body) {
  Change change;
  change.status = text_of(body, "status").value_or("ready");
  change.cancel_amount = integer_of(body, "cancel_amount");
  change.code = text_of(body, "code").value_or("");
  change.reason = text_of(body, "reason").value_or("");
  change.trigger = one_of(body, "trigger", {"CONSOLE", "API", "PORTONE_ADMIN", "CHARGEBACK"});
  if (const auto at = text_of(body, "at")) {
    change.at = core::parse_rfc3339(*at);
    if (!change.at) throw BadMember{"at"};
  }
  return change;
}

Announce read_announce(const Json& body, const Change& change) {
  Announce announce;
  announce.webhook = flag_of(body, "webhook");
  announce.by_api = change.trigger == "API";
  announce.delay = std::chrono::milliseconds(integer_of(body, "webhook_delay_ms").value_or(0));
  return announce;
}

Reply moved_reply(const core::Outcome<Moved, Refusal>& moved, int status) {
  if (moved.ok()) return moved_reply(moved.value(), status);
  const Refusal refusal = moved.error();
  const bool bad = refusal == Refusal::kUnknownStatus || refusal == Refusal::kBadAmount;
  const int code = refusal == Refusal::kUnknownAttempt ? 404 : bad ? 400 : 409;
  return control_error(code, to_word(refusal), "the attempt stays as it was");
}

Reply state(World& world) {
  Json payments = Json::array();
  for (const Attempt& attempt : world.store.select([](const Attempt&) { return true; })) {
    payments.push_back(attempt_json(attempt));
  }
  Json prepared{{"v1", Json::object()}, {"v2", Json::object()}};
  for (const auto& [payment, one] : world.store.all_prepared()) {
    prepared[std::string(core::to_word(payment.first))][payment.second] =
        Json{{"amount", one.amount}, {"currency", one.currency}};
  }
  return json_reply(200, Json{{"store_id", world.options.store_id},
                              {"payments", std::move(payments)},
                              {"prepared", std::move(prepared)},
                              {"webhooks_pending", world.sender.pending()}});
}

Reply reset(World& world) {
  world.sender.reset();
  world.store.reset();
  world.tokens.reset();
  world.faults.reset();
  world.log.reset();
  return json_reply(200, Json::object());
}

Reply set_identity(World& world, const Json& body) {
  Identity identity;
  identity.version = version_of(body);
  identity.id = text_of(body, "id").value_or("");
  if (identity.id.empty()) throw BadMember{"id"};
  identity.merchant_uid = text_of(body, "merchant_uid").value_or("");
  identity.status = one_of(body, "status", {"verified", "ready", "failed"});
  identity.at = now();
  world.store.set_identity(identity);
  return json_reply(201, Json{{"id", identity.id}});
}

}  // namespace

Attempt read_attempt(const Json& body) {
  Attempt attempt;
  attempt.version = version_of(body);
  attempt.payment_id = text_of(body, "payment_id").value_or("");
  if (attempt.payment_id.empty()) throw BadMember{"payment_id"};
  attempt.attempt_id = text_of(body, "attempt_id").value_or("");
  attempt.amount = integer_of(body, "amount").value_or(10'000);
  if (attempt.amount < 0) throw BadMember{"amount"};
  attempt.currency = text_of(body, "currency").value_or("KRW");
  if (!core::Currency::make(attempt.currency)) throw BadMember{"currency"};
  attempt.test = one_of(body, "channel", {"live", "test"}) == "test";
  attempt.method = one_of(body, "method", {"card", "vbank", "trans", "paypal"});
  attempt.order_name = text_of(body, "order_name").value_or("");
  attempt.scheduled = flag_of(body, "scheduled").value_or(false);
  attempt.tier = text_of(body, "tier").value_or("");
  attempt.store_id = text_of(body, "store_id").value_or("");
  attempt.shown_store_id = text_of(body, "shown_store_id").value_or("");
  attempt.success_flag = one_of(body, "success_flag", {"imp_success", "success", "none"});
  return attempt;
}

Reply moved_reply(const Moved& moved, int status) {
  Json body = attempt_json(moved.attempt);
  body["announced"] = !moved.webhooks.empty();
  Json webhooks = Json::array();
  for (const Message& message : moved.webhooks) {
    webhooks.push_back(
        Json{{"webhook_id", message.id}, {"url", message.url}, {"what", message.what}});
  }
  body["webhooks"] = std::move(webhooks);
  body["payment"] = payment_json(moved.attempt);
  return json_reply(status, body);
}

std::function<void(World&)> move_of(const Json& body) {
  const Change change = read_change(body);
  const Announce announce = read_announce(body, change);
  if (text_of(body, "payment_id")) {
    return [attempt = read_attempt(body), change, announce](World& world) {
      (void)create(world, attempt, change, announce);
    };
  }
  const std::string attempt_id = text_of(body, "attempt_id").value_or("");
  if (attempt_id.empty()) throw BadMember{"attempt_id"};
  return [attempt_id, change, announce](World& world) {
    (void)move(world, attempt_id, change, announce);
  };
}

std::optional<Reply> control_payments(World& world, const Call& call, const Json& body) {
  const std::string_view path = call.path();
  if (call.method == "GET") {
    if (path == "/sandbox/state") return state(world);
    return std::nullopt;
  }
  if (call.method == "PUT") {
    if (path != "/sandbox/tokens") return std::nullopt;
    const auto left = integer_of(body, "expires_in_s");
    if (!left) throw BadMember{"expires_in_s"};
    world.tokens.set_remaining(std::chrono::seconds(*left), now());
    return json_reply(200, Json::object());
  }
  if (call.method != "POST") return std::nullopt;
  if (path == "/sandbox/reset") return reset(world);
  if (path == "/sandbox/identities") return set_identity(world, body);
  if (path == "/sandbox/payments") {
    const Change change = read_change(body);
    const Announce announce = read_announce(body, change);
    return moved_reply(create(world, read_attempt(body), change, announce), 201);
  }
  if (const auto ids = match_path("/sandbox/payments/{}/status", path)) {
    const Change change = read_change(body);
    return moved_reply(move(world, (*ids)[0], change, read_announce(body, change)), 200);
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
