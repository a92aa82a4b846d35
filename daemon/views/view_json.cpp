#include "daemon/views/view_json.h"

#include <nlohmann/json.hpp>

namespace reconciled {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<core::Time>& time) {
  if (!time) return nullptr;
  return core::to_rfc3339(*time);
}

template <class Enum>
Json word_or_null(const std::optional<Enum>& value) {
  if (!value) return nullptr;
  return core::to_word(*value);
}

template <class Id>
Json id_or_null(const std::optional<Id>& id) {
  if (!id) return nullptr;
  return id->str();
}

Json number_or_null(const std::optional<std::int64_t>& number) {
  if (!number) return nullptr;
  return *number;
}

Json text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

Json account_json(const std::optional<core::VirtualAccount>& account) {
  if (!account) return nullptr;
  Json due = nullptr;
  if (account->due_at) due = core::to_rfc3339(core::to_time(*account->due_at));
  return {{"bank", text_or_null(account->bank)},
          {"number", text_or_null(account->number)},
          {"holder", text_or_null(account->holder)},
          {"due_at", due}};
}

Json attempt_json(const storage::AttemptView& attempt) {
  return {{"attempt_id", attempt.attempt_id.str()},
          {"api", core::to_word(attempt.api)},
          {"result", core::to_word(attempt.result)},
          {"total_amount", number_or_null(attempt.total_amount)},
          {"pg_provider", text_or_null(attempt.pg_provider)},
          {"method", text_or_null(attempt.method)},
          {"virtual_account", account_json(attempt.virtual_account)},
          {"failure_reason", text_or_null(attempt.failure_reason)},
          {"updated_at", core::to_rfc3339(attempt.updated_at)}};
}

std::string dump_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json timeline_json(const storage::TimelineEntry& entry) {
  Json json{{"at", core::to_rfc3339(entry.at)},
            {"kind", entry.kind},
            {"id", entry.id},
            {"summary", entry.summary}};
  if (entry.from) json["from"] = *entry.from;
  if (entry.to) json["to"] = *entry.to;
  return json;
}

}  // namespace

Json to_json(const storage::PaymentView& payment) {
  return {{"payment_id", payment.payment_id.str()},
          {"result", core::to_word(payment.result)},
          {"authority", word_or_null(payment.authority)},
          {"deliverable", payment.deliverable},
          {"unverified", payment.unverified},
          {"ui_state", core::to_word(payment.ui_state)},
          {"webhook_status", core::to_word(payment.webhook_status)},
          {"currency", payment.currency ? Json(payment.currency->code()) : Json(nullptr)},
          {"expected_amount", number_or_null(payment.expected_amount)},
          {"total_amount", number_or_null(payment.total_amount)},
          {"cancelled_amount", number_or_null(payment.cancelled_amount)},
          {"created_at", core::to_rfc3339(payment.created_at)},
          {"updated_at", core::to_rfc3339(payment.updated_at)},
          {"decided_at", time_or_null(payment.decided_at)},
          {"next_lookup_at", time_or_null(payment.next_lookup_at)},
          {"asking_ended_at", time_or_null(payment.asking_ended_at)},
          {"version", payment.version}};
}

Json to_json(const storage::PaymentDetail& detail, bool with_timeline) {
  Json json = to_json(detail.payment);
  json["attempts"] = Json::array();
  for (const auto& attempt : detail.attempts) json["attempts"].push_back(attempt_json(attempt));
  if (with_timeline) {
    json["timeline"] = Json::array();
    for (const auto& entry : detail.timeline) json["timeline"].push_back(timeline_json(entry));
  }
  json["findings"] = Json::array();
  for (const auto& finding : detail.findings) json["findings"].push_back(to_json(finding));
  return json;
}

Json to_json(const storage::FindingView& finding) {
  return {{"id", finding.id},
          {"payment_id", finding.payment_id.str()},
          {"kind", core::to_word(finding.kind)},
          {"open", finding.open},
          {"detail", finding.detail},
          {"opened_at", core::to_rfc3339(finding.opened_at)},
          {"closed_at", time_or_null(finding.closed_at)},
          {"closed_by", text_or_null(finding.closed_by)},
          {"by", text_or_null(finding.by)},
          {"note", text_or_null(finding.note)}};
}

Json to_json(const storage::EventView& event) {
  Json json{{"id", event.id.value},
            {"received_at", core::to_rfc3339(event.received_at)},
            {"source", core::to_word(event.source)},
            {"api", word_or_null(event.api)},
            {"kind", core::to_word(event.kind)},
            {"type", event.type},
            {"payment_id", id_or_null(event.payment_id)},
            {"attempt_id", id_or_null(event.attempt_id)},
            {"status", word_or_null(event.status)},
            {"ui_state", core::to_word(event.hint)},
            {"reason_code", text_or_null(event.reason_code)},
            {"reason_message", text_or_null(event.reason_message)},
            {"signed", event.is_signed},
            {"remote_ip", text_or_null(event.remote_ip)},
            {"known_source", event.known_source},
            {"copies", event.copies},
            {"last_arrival_at", core::to_rfc3339(event.last_arrival)},
            {"processed_at", time_or_null(event.processed_at)}};
  if (event.headers_json) json["headers"] = Json::parse(*event.headers_json, nullptr, false);
  if (event.body) json["body"] = *event.body;
  return json;
}

Json to_json(const storage::RejectedDelivery& delivery) {
  return {{"at", core::to_rfc3339(delivery.at)},
          {"remote_ip", text_or_null(delivery.remote_ip)},
          {"path", delivery.path},
          {"status", delivery.status},
          {"reason", delivery.reason},
          {"webhook_id", text_or_null(delivery.webhook_id)},
          {"content_type", text_or_null(delivery.content_type)},
          {"body_bytes", delivery.body_bytes},
          {"body_sha256", delivery.body_sha256}};
}

Json to_json(const storage::NotificationView& notification) {
  return {{"id", notification.id},
          {"payment_id", notification.payment_id.str()},
          {"version", notification.version},
          {"type", core::to_word(notification.type)},
          {"state", core::to_word(notification.state)},
          {"tries", notification.tries},
          {"outcome", text_or_null(notification.outcome)},
          {"created_at", core::to_rfc3339(notification.created_at)},
          {"failing_since", time_or_null(notification.failing_since)},
          {"next_at", time_or_null(notification.next_at)},
          {"sent_at", time_or_null(notification.sent_at)}};
}

std::string notification_body(core::NotificationType type, core::Time at,
                              const storage::PaymentDetail& payment,
                              const storage::FindingView* finding) {
  Json data = to_json(payment, false);
  for (Json& attempt : data["attempts"]) {
    Json& account = attempt["virtual_account"];
    if (account.is_object()) account.erase("holder");
  }
  if (finding != nullptr) data["finding"] = to_json(*finding);
  return dump_line({{"type", core::to_word(type)},
                    {"timestamp", core::to_rfc3339(at)},
                    {"data", std::move(data)}});
}

Json to_json(const core::PaymentId& payment_id, const core::ExpectedOrder& order,
             const std::vector<storage::PreregistrationView>& preregistrations) {
  Json told = Json::object();
  for (const storage::PreregistrationView& one : preregistrations) {
    told[std::string(core::to_word(one.api))] = {{"state", core::to_word(one.state)},
                                                 {"detail", text_or_null(one.detail)},
                                                 {"at", core::to_rfc3339(one.at)},
                                                 {"next_at", time_or_null(one.next_at)}};
  }
  return {{"payment_id", payment_id.str()},
          {"amount", order.amount},
          {"currency", order.currency.code()},
          {"name", text_or_null(order.name)},
          {"registered_at", core::to_rfc3339(order.registered_at)},
          {"preregistered", std::move(told)}};
}

std::string dump_json(const Json& json) { return dump_line(json) + "\n"; }

std::string error_json(std::string_view code, std::string_view message) {
  return dump_json({{"error", {{"code", code}, {"message", message}}}});
}

}  // namespace reconciled
