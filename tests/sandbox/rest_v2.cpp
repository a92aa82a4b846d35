#include <nlohmann/json.hpp>

#include "tests/sandbox/answers.h"
#include "tests/sandbox/errors.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

std::string store_of(const Call& call) {
  return core::form_value(call.query(), "storeId").value_or("");
}

Reply get_payment(World& world, const Call& call, const Captures& ids) {
  View view(world, call);
  const std::vector<Attempt> attempts = view.see(v2_visible(world, ids[0], store_of(call)));
  const Attempt* attempt = representative(attempts);
  if (attempt == nullptr) return v2_payment_not_found();
  return json_reply(200, view.show(v2_recorded_payment(world, *attempt), *attempt));
}

Reply get_transactions(World& world, const Call& call, const Captures& ids) {
  const std::vector<Attempt> attempts = v2_visible(world, ids[0], store_of(call));
  if (attempts.empty()) return v2_payment_not_found();
  View view(world, call);
  Json items = view.extra_rows();
  for (const Attempt& attempt : view.see(attempts)) {
    items.push_back(view.show(v2_transaction(attempt), attempt));
  }
  return json_reply(200, Json{{"items", std::move(items)}});
}

Reply get_identity(World& world, const Call&, const Captures& ids) {
  const std::optional<Identity> identity = world.store.identity(Api::kV2, ids[0]);
  if (!identity) {
    return v2_error(404, "IDENTITY_VERIFICATION_NOT_FOUND", "본인인증 건을 찾을 수 없습니다.");
  }
  return json_reply(200, v2_identity(*identity));
}

}  // namespace

std::vector<Attempt> v2_visible(World& world, const std::string& payment_id,
                                const std::string& store_id) {
  const std::string& wanted = store_id.empty() ? world.options.store_id : store_id;
  std::vector<Attempt> attempts = world.store.attempts_of(payment_id);
  std::erase_if(attempts, [&](const Attempt& attempt) { return attempt.store_id != wanted; });
  return attempts;
}

void add_webhooks(const World& world, const Attempt& attempt, Json& body) {
  const Options& options = world.options;
  const int retries =
      attempt.version == Api::kV1 ? options.v1_webhook_retries : options.v2_webhook_retries;
  Json webhooks = Json::array();
  for (const SentMessage& sent : world.sender.messages_of(attempt.payment_id)) {
    if (sent.message.attempt_id != attempt.attempt_id) continue;
    webhooks.push_back(v2_webhook(sent, 1 + retries));
  }
  if (!webhooks.empty()) body["webhooks"] = std::move(webhooks);
}

Json v2_recorded_payment(const World& world, const Attempt& attempt) {
  Json body = v2_payment(attempt);
  add_webhooks(world, attempt, body);
  return body;
}

bool foreign_store(const World& world, const std::string& store_id) {
  return !store_id.empty() && store_id != world.options.store_id;
}

Reply v2_payment_not_found() {
  return v2_error(404, "PAYMENT_NOT_FOUND", "결제 건을 찾을 수 없습니다.");
}

const std::vector<Route>& v2_routes() {
  static const std::vector<Route> routes{
      {"POST", "/login/api-secret", "login", true, v2_login},
      {"POST", "/token/refresh", "login", true, v2_refresh},
      {"GET", "/payments", "list", false, v2_list},
      {"GET", "/payments-by-cursor", "cursor", false, v2_list_by_cursor},
      {"GET", "/payment-events-by-cursor", "events", false, v2_events_by_cursor},
      {"GET", "/payments/{}", "single", false, get_payment},
      {"GET", "/payments/{}/transactions", "transactions", false, get_transactions},
      {"POST", "/payments/{}/cancel", "cancel", false, v2_cancel},
      {"POST", "/payments/{}/resend-webhook", "resend", false, v2_resend_webhook},
      {"POST", "/payments/{}/pre-register", "prepare", false, v2_pre_register},
      {"GET", "/identity-verifications/{}", "certification", false, get_identity}};
  return routes;
}

}  // namespace reconciled::sandbox
