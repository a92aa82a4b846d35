#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/sandbox/control.h"
#include "tests/sandbox/moves.h"
#include "tests/sandbox/reshape.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

constexpr std::array<std::pair<WebhookMode, const char*>, 5> kWebhookModes{
    {{WebhookMode::kNormal, "normal"},
     {WebhookMode::kLost, "lost"},
     {WebhookMode::kLate, "late"},
     {WebhookMode::kDoubled, "doubled"},
     {WebhookMode::kReordered, "reordered"}}};

Json delivery_json(const Delivery& delivery) {
  return Json{{"webhook_id", delivery.webhook_id},
              {"url", delivery.url},
              {"payment_id", delivery.payment_id},
              {"attempt_id", delivery.attempt_id},
              {"what", delivery.what},
              {"execution", delivery.execution},
              {"response_status", delivery.response_status},
              {"error", delivery.error},
              {"at", to_text(delivery.at)},
              {"body", delivery.body}};
}

std::vector<std::string> secrets_of(const Json& body) {
  std::vector<std::string> secrets = texts_of(body, "secrets");
  for (const std::string& secret : secrets) {
    if (!is_webhook_secret(secret)) throw BadMember{"secrets"};
  }
  return secrets;
}

// A copy for every target, or for the url that `body` names in their place.
std::vector<Message> addressed(World& world, const Message& message, const Json& body) {
  const std::string id = text_of(body, "webhook_id").value_or("");
  const auto url = text_of(body, "url");
  if (!url) return world.sender.address(message, id);
  Message copy = message;
  copy.url = *url;
  copy.id = id.empty() ? "msg_" + new_uuid(0) : id;
  return {copy};
}

// Sends the message as `body` says.
Reply deliver(World& world, Message message, const Json& body) {
  reshape(message, body);
  message.secrets = secrets_of(body);
  message.timestamp_shift = std::chrono::seconds(integer_of(body, "timestamp_shift_s").value_or(0));
  std::this_thread::sleep_for(duration_of(body, "delay_ms"));
  const int copies = small_of(body, "copies", 1);
  const bool sign = !flag_of(body, "unsigned").value_or(false);
  Json rows = Json::array();
  for (const Message& one : addressed(world, message, body)) {
    for (int copy = 0; copy < copies; ++copy) {
      rows.push_back(delivery_json(world.sender.send_now(one, sign && one.is_signed)));
    }
  }
  return json_reply(200, Json{{"deliveries", std::move(rows)}});
}

Reply send_webhook(World& world, const Json& body) {
  const std::optional<Attempt> attempt = world.store.find(text_of(body, "attempt_id").value_or(""));
  if (!attempt) return control_error(404, "unknown_attempt", "attempt_id names none");
  MessageForm form{text_of(body, "format").value_or(world.options.v1_webhook_format),
                   text_of(body, "version").value_or(world.options.v2_webhook_version), ""};
  form.said = text_of(body, "type").value_or(text_of(body, "status").value_or(""));
  Occurrence occurrence = present_occurrence(*attempt);
  if (attempt->version == Api::kV2 && !form.said.empty()) {
    if (form.said.find('.') == std::string::npos) form.said = "Transaction." + form.said;
    occurrence.happened = happened_from_type(form.said).value_or(occurrence.happened);
  }
  if (const auto id = text_of(body, "cancellation_id")) occurrence.cancellation_id = *id;
  return deliver(world, make_message(*attempt, occurrence, form), body);
}

Reply send_raw(World& world, const Json& body) {
  Message message;
  message.version = Api::kV2;
  message.is_signed = true;
  message.body = text_of(body, "body").value_or("");
  if (const auto hex = text_of(body, "body_hex")) {
    const auto bytes = from_hex(*hex);
    if (!bytes) throw BadMember{"body_hex"};
    message.body = *bytes;
  }
  message.content_type = "application/json";
  message.what = "raw";
  message.at = now();
  return deliver(world, std::move(message), body);
}

Reply list_webhooks(World& world, const Call& call) {
  Json rows = Json::array();
  const std::string of = core::form_value(call.query(), "payment_id").value_or("");
  for (const Delivery& delivery : world.sender.deliveries(of)) {
    rows.push_back(delivery_json(delivery));
  }
  return json_reply(200, Json{{"targets", world.sender.targets()},
                              {"pending", world.sender.pending()},
                              {"deliveries", std::move(rows)}});
}

Reply set_targets(World& world, const Json& body) {
  if (!body.contains("urls") || !body["urls"].is_array()) throw BadMember{"urls"};
  std::vector<std::string> urls;
  for (const Json& url : body["urls"]) {
    if (!url.is_string() || url.get<std::string>().rfind("http", 0) != 0) throw BadMember{"urls"};
    urls.push_back(url.get<std::string>());
  }
  world.sender.set_targets(urls);
  return json_reply(200, Json{{"targets", urls}});
}

Reply list_requests(World& world) {
  const RequestLog::State state = world.log.state();
  Json rows = Json::array();
  for (const RequestLog::Entry& entry : state.entries) {
    Json row{{"method", entry.method},     {"target", entry.target}, {"body", entry.body},
             {"endpoint", entry.endpoint}, {"place", entry.place},   {"at_ms", entry.at_ms}};
    if (entry.ended_ms) row["ended_ms"] = *entry.ended_ms;
    rows.push_back(std::move(row));
  }
  return json_reply(200, Json{{"counts", state.counts},
                              {"in_flight", state.in_flight},
                              {"max_in_flight", Json{{"all", state.max_in_flight},
                                                     {"endpoints", state.max_by_endpoint},
                                                     {"payments", state.max_by_payment}}},
                              {"requests", std::move(rows)}});
}

}  // namespace

WebhookFault read_webhook_fault(const Json& body) {
  WebhookFault fault;
  const std::string mode = text_of(body, "mode").value_or("normal");
  bool known = false;
  for (const auto& [value, word] : kWebhookModes) {
    if (mode == word) {
      fault.mode = value;
      known = true;
    }
  }
  if (!known) throw BadMember{"webhooks.mode"};
  fault.delay = duration_of(body, "delay_ms");
  fault.copies = small_of(body, "copies", 2);
  fault.secrets = secrets_of(body);
  fault.content_type = text_of(body, "content_type").value_or("");
  fault.payment = text_of(body, "payment").value_or("");
  if (integer_of(body, "count")) fault.count = small_of(body, "count", 1);
  return fault;
}

Json webhook_fault_json(const World& world) {
  const WebhookFault fault = world.sender.fault();
  const char* mode = "";
  for (const auto& [value, word] : kWebhookModes) {
    if (value == fault.mode) mode = word;
  }
  Json shown{{"mode", mode},
             {"delay_ms", fault.delay.count()},
             {"copies", fault.copies},
             {"secrets", fault.secrets},
             {"content_type", fault.content_type},
             {"payment", fault.payment}};
  if (fault.count) shown["count"] = *fault.count;
  return shown;
}

std::optional<Reply> control_delivery(World& world, const Call& call, const Json& body) {
  const std::string_view path = call.path();
  const std::string& method = call.method;
  if (path == "/sandbox/webhooks" && method == "GET") return list_webhooks(world, call);
  if (path == "/sandbox/webhooks/send" && method == "POST") return send_webhook(world, body);
  if (path == "/sandbox/webhooks/raw" && method == "POST") return send_raw(world, body);
  if (path == "/sandbox/webhooks/target" && method == "PUT") return set_targets(world, body);
  if (path == "/sandbox/requests" && method == "GET") return list_requests(world);
  if (path == "/sandbox/requests" && method == "DELETE") {
    world.log.reset();
    return json_reply(200, Json::object());
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
