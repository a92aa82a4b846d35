#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/sandbox/control.h"
#include "tests/sandbox/moves.h"

namespace reconciled::sandbox {
namespace {

constexpr std::array<std::pair<WebhookMode, const char*>, 5> kWebhookModes{
    {{WebhookMode::kNormal, "normal"},
     {WebhookMode::kLost, "lost"},
     {WebhookMode::kLate, "late"},
     {WebhookMode::kDoubled, "doubled"},
     {WebhookMode::kReordered, "reordered"}}};

std::chrono::milliseconds duration_of(const Json& body, const char* name) {
  const std::int64_t ms = integer_of(body, name).value_or(0);
  if (ms < 0 || ms > 24LL * 3600 * 1000) throw BadMember{name};
  return std::chrono::milliseconds(ms);
}

int small_of(const Json& body, const char* name, int otherwise) {
  const std::int64_t value = integer_of(body, name).value_or(otherwise);
  if (value < 1 || value > 1'000'000) throw BadMember{name};
  return static_cast<int>(value);
}

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

Reply deliver(World& world, const std::vector<Message>& messages, const Json& body) {
  std::this_thread::sleep_for(duration_of(body, "delay_ms"));
  const int copies = small_of(body, "copies", 1);
  const bool sign = !flag_of(body, "unsigned").value_or(false);
  Json rows = Json::array();
  for (const Message& message : messages) {
    for (int copy = 0; copy < copies; ++copy) {
      rows.push_back(delivery_json(world.sender.send_now(message, sign && message.is_signed)));
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
  const Message message = make_message(*attempt, occurrence, form);
  return deliver(world, world.sender.address(message, text_of(body, "webhook_id").value_or("")),
                 body);
}

Reply send_raw(World& world, const Json& body) {
  Message message;
  message.version = Api::kV2;
  message.is_signed = true;
  message.body = text_of(body, "body").value_or("");
  message.content_type = text_of(body, "content_type").value_or("application/json");
  message.what = "raw";
  message.at = now();
  return deliver(world, world.sender.address(message, text_of(body, "webhook_id").value_or("")),
                 body);
}

Reply list_webhooks(World& world) {
  Json rows = Json::array();
  for (const Delivery& delivery : world.sender.deliveries())
    rows.push_back(delivery_json(delivery));
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
  return fault;
}

RestFault read_rest_fault(const Json& body) {
  RestFault fault;
  const auto mode = rest_mode_from_word(text_of(body, "mode").value_or("normal"));
  if (!mode) throw BadMember{"rest.mode"};
  fault.mode = *mode;
  fault.status = small_of(body, "status", 500);
  if (fault.status < 200 || fault.status > 599) throw BadMember{"rest.status"};
  fault.delay = duration_of(body, "delay_ms");
  if (const auto seconds = integer_of(body, "retry_after_s")) {
    fault.retry_after_s = static_cast<int>(*seconds);
  }
  if (integer_of(body, "count")) fault.count = small_of(body, "count", 1);
  fault.match = text_of(body, "match").value_or("");
  return fault;
}

Json faults_json(const World& world) {
  const WebhookFault webhooks = world.sender.fault();
  const RestFault rest = world.faults.get();
  const char* mode = "";
  for (const auto& [value, word] : kWebhookModes) {
    if (value == webhooks.mode) mode = word;
  }
  Json rest_json{{"mode", to_word(rest.mode)},
                 {"status", rest.status},
                 {"delay_ms", rest.delay.count()},
                 {"match", rest.match}};
  if (rest.count) rest_json["count"] = *rest.count;
  if (rest.retry_after_s) rest_json["retry_after_s"] = *rest.retry_after_s;
  return Json{
      {"webhooks",
       Json{{"mode", mode}, {"delay_ms", webhooks.delay.count()}, {"copies", webhooks.copies}}},
      {"rest", std::move(rest_json)}};
}

Reply set_faults(World& world, const Json& body) {
  std::optional<WebhookFault> webhooks;
  std::optional<RestFault> rest;
  for (const auto& [name, part] : body.items()) {
    if (!part.is_object()) throw BadMember{name};
    if (name == "webhooks") {
      webhooks = read_webhook_fault(part);
    } else if (name == "rest") {
      rest = read_rest_fault(part);
    } else {
      throw BadMember{name};
    }
  }
  if (webhooks) world.sender.set_fault(*webhooks);
  if (rest) world.faults.set(*rest);
  return json_reply(200, faults_json(world));
}

Reply list_requests(World& world) {
  Json rows = Json::array();
  for (const RequestLog::Entry& entry : world.log.newest()) {
    rows.push_back(Json{{"method", entry.method},
                        {"target", entry.target},
                        {"endpoint", entry.endpoint},
                        {"at_ms", entry.at_ms}});
  }
  return json_reply(200, Json{{"counts", world.log.counts()}, {"requests", std::move(rows)}});
}

}  // namespace

std::optional<Reply> control_delivery(World& world, const Call& call, const Json& body) {
  const std::string_view path = call.path();
  const std::string& method = call.method;
  if (path == "/sandbox/webhooks" && method == "GET") return list_webhooks(world);
  if (path == "/sandbox/webhooks/send" && method == "POST") return send_webhook(world, body);
  if (path == "/sandbox/webhooks/raw" && method == "POST") return send_raw(world, body);
  if (path == "/sandbox/webhooks/target" && method == "PUT") return set_targets(world, body);
  if (path == "/sandbox/faults" && method == "GET") return json_reply(200, faults_json(world));
  if (path == "/sandbox/faults" && method == "PUT") return set_faults(world, body);
  if (path == "/sandbox/requests" && method == "GET") return list_requests(world);
  if (path == "/sandbox/requests" && method == "DELETE") {
    world.log.reset();
    return json_reply(200, Json::object());
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
