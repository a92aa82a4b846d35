#include "tests/e2e/rig.h"

#include <doctest/doctest.h>

#include <ctime>

#include "daemon/core/messages/signature.h"

namespace reconciled::e2e {
namespace {

Settings beside(const SandboxProcess& portone, Settings settings) {
  settings.sandbox_url = portone.base_url();
  return settings;
}

Call json_post(const Json& body) {
  return {"POST", "/webhooks/portone", body.dump(), {{"Content-Type", "application/json"}}};
}

std::string attribute(const std::string& page, const std::string& name) {
  const std::string mark = name + "=\"";
  const auto at = page.find(mark);
  if (at == std::string::npos) return "";
  const auto begin = at + mark.size();
  return page.substr(begin, page.find('"', begin) - begin);
}

}  // namespace

Rig::Rig(Settings settings, const std::vector<std::string>& sandbox_options, const Command& program)
    : portone(folder.text(), sandbox_options),
      daemon(folder.text(), beside(portone, std::move(settings)), program) {
  portone.send_webhooks_to({daemon.webhook_url()});
}

void Rig::restart() {
  daemon.start();
  portone.send_webhooks_to({daemon.webhook_url()});
}

Answer Rig::come_back(const std::string& query, const Headers& headers) {
  return ask(daemon.redirect(), {"GET", "/payments/complete?" + query, "", headers});
}

void Rig::acknowledged(const Call& webhook) {
  const Answer answer = deliver(webhook);
  REQUIRE_MESSAGE(answer.status == 200, answer.body);
}

Call signed_call(const Json& body, const SignedHeaders& headers) {
  Call call = json_post(body);
  const std::string timestamp = std::to_string(std::time(nullptr) - headers.seconds_ago);
  const auto key = core::decode_webhook_secret(headers.secret);
  call.headers.emplace_back("webhook-id", headers.id);
  call.headers.emplace_back("webhook-timestamp", timestamp);
  call.headers.emplace_back("webhook-signature",
                            core::sign_webhook(key.value(), headers.id, timestamp, call.body));
  return call;
}

Call v2_webhook(const std::string& type, const std::string& payment_id,
                const std::string& attempt_id, const SignedHeaders& headers) {
  return signed_call({{"type", type},
                      {"timestamp", "2026-01-02T03:04:05.678Z"},
                      {"data",
                       {{"storeId", SandboxProcess::kStoreId},
                        {"paymentId", payment_id},
                        {"transactionId", attempt_id}}}},
                     headers);
}

Call v1_webhook(const std::string& imp_uid, const std::string& merchant_uid,
                const std::string& status) {
  return json_post({{"imp_uid", imp_uid}, {"merchant_uid", merchant_uid}, {"status", status}});
}

Call paid_webhook(const Json& attempt, const SignedHeaders& headers) {
  const std::string payment_id = attempt.at("payment_id");
  if (attempt.at("version") == "v1") return v1_webhook(id_of(attempt), payment_id, "paid");
  return v2_webhook("Transaction.Paid", payment_id, id_of(attempt), headers);
}

Json made(const std::string& version, const std::string& id, const std::string& status) {
  return {{"version", version}, {"payment_id", id}, {"status", status}, {"webhook", false}};
}

Settings scheduled(const std::string& schedule, const std::string& more) {
  Settings settings;
  settings.reconcile_lines = "lookup_schedule = [" + schedule + "]\n" + more;
  return settings;
}

std::string state_in(const Answer& page) { return attribute(page.body, "data-state"); }

std::string status_target(const Answer& page) { return attribute(page.body, "data-status"); }

std::string id_of(const Json& attempt) { return attempt.at("attempt_id"); }

}  // namespace reconciled::e2e
