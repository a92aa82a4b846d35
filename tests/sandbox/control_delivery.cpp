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
  return fault;
}

Json webhook_fault_json(const World& world) {
  const WebhookFault fault = world.sender.fault();
  const char* mode = "";
  for (const auto& [value, word] : kWebhookModes) {
    if (value == fault.mode) mode = word;
  }
  return Json{{"mode", mode}, {"delay_ms", fault.delay.count()}, {"copies", fault.copies}};
}

std::optional<Reply> control_delivery(World& world, const Call& call, const Json& body) {
  const std::string_view path = call.path();
  const std::string& method = call.method;
  if (path == "/sandbox/webhooks" && method == "GET") return list_webhooks(world);
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
