#include "daemon/core/messages/answer_parts.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

// PortOne's own word for an error, `PAYMENT_NOT_FOUND`; empty where it has none (V1) or where it
// is not of that form, so that no foreign text gets into a log.
std::string error_type(const json& body) {
  const std::string type = text_member(body, "type").value_or("");
  const bool plain =
      type.size() <= kMaxWordBytes && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      });
  return plain ? type : std::string{};
}

AnswerFault fault_of(int status, bool speaks_portone) {
  if (status == 401) return AnswerFault::kUnauthorized;
  if (status == 403) return AnswerFault::kForbidden;
  if (status == 404 && speaks_portone) return AnswerFault::kNotFound;
  if (status == 429) return AnswerFault::kRateLimited;
  if (status == 408 || status >= 500) return AnswerFault::kUnavailable;
  if (status >= 400 && status != 404) return AnswerFault::kRefused;
  return AnswerFault::kMalformed;
}

}  // namespace

std::string_view to_word(AnswerFault fault) {
  switch (fault) {
    case AnswerFault::kNotFound:
      return "not_found";
    case AnswerFault::kUnauthorized:
      return "unauthorized";
    case AnswerFault::kForbidden:
      return "forbidden";
    case AnswerFault::kRateLimited:
      return "rate_limited";
    case AnswerFault::kUnavailable:
      return "unavailable";
    case AnswerFault::kRefused:
      return "refused";
    case AnswerFault::kMalformed:
      return "malformed";
  }
  return "unknown";
}

AnswerError fault_of_status(int status, std::string_view body) {
  bool is_repaired = false;
  const auto document = parse_json_tolerantly(body, is_repaired);
  static const json kNothing;
  const json& error = document ? document.value() : kNothing;
  const bool speaks_portone =
      body.empty() || integer_member(error, "code") || text_member(error, "type");
  std::string detail = "status " + std::to_string(status);
  const std::string type = error_type(error);
  if (!type.empty()) detail += " " + type;
  return {fault_of(status, speaks_portone), std::move(detail), false, !speaks_portone};
}

Outcome<json, AnswerError> open_v1_answer(int status, std::string_view body, bool& is_repaired) {
  const auto malformed = [](std::string detail) {
    return AnswerError{AnswerFault::kMalformed, std::move(detail)};
  };
  if (status != 200 && status != 207) return fault_of_status(status, body);
  auto parsed = parse_json_tolerantly(body, is_repaired);
  if (!parsed) return malformed("not JSON: " + parsed.error().detail);
  json& envelope = parsed.value();
  const auto code = integer_member(envelope, "code");
  if (!code) return malformed("no envelope with a code");
  if (*code != 0) {
    return AnswerError{AnswerFault::kUnavailable, "code " + std::to_string(*code)};
  }
  if (member(envelope, "response") == nullptr) return malformed("response is missing");
  return std::move(envelope["response"]);
}

Outcome<json, AnswerError> open_v2_answer(int status, std::string_view body, bool& is_repaired) {
  if (status != 200) return fault_of_status(status, body);
  auto document = parse_json_tolerantly(body, is_repaired);
  if (!document) {
    return AnswerError{AnswerFault::kMalformed, "not JSON: " + document.error().detail};
  }
  return std::move(document.value());
}

std::optional<PortoneTime> v1_time_member(const json& payment, std::string_view key) {
  if (const auto seconds = integer_member(payment, key)) return from_v1_seconds(*seconds);
  const std::string text = text_member(payment, key).value_or("");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return from_v1_seconds(seconds);
}

AnswerError RequiredMembers::error() const { return {AnswerFault::kMalformed, reason_, true}; }

void RequiredMembers::refuse(std::string reason) {
  if (ok()) reason_ = std::move(reason);
}

std::string RequiredMembers::text(std::string_view key) {
  auto value = text_member(*object_, key);
  if (!value || value->empty()) refuse(std::string(key) + " is missing or no text");
  if (is_repaired_ && value && value->find(kReplacementCharacter) != std::string::npos) {
    refuse(std::string(key) + " has a broken encoding");
  }
  return value.value_or("");
}

void RequiredMembers::at_most(std::int64_t cancelled, std::int64_t total) {
  if (cancelled > total) refuse("more is cancelled than was paid");
}

std::optional<Currency> RequiredMembers::currency() {
  auto currency = Currency::make(text("currency"));
  if (!currency) refuse("currency is no ISO 4217 code");
  return currency;
}

std::int64_t RequiredMembers::minor_amount(const json& amounts, std::string_view key) {
  const auto value = integer_member(amounts, key);
  if (!value || *value < 0) refuse("amount." + std::string(key) + " is missing or no amount");
  return value.value_or(0);
}

std::int64_t RequiredMembers::major_amount(std::string_view key,
                                           const std::optional<Currency>& currency) {
  std::optional<std::string> text = number_member(*object_, key);
  if (!text) {
    text = text_member(*object_, key);
    if (text && text->find_first_not_of("0123456789.") != std::string::npos) text.reset();
  }
  const auto minor = text && currency ? minor_from_major(*text, *currency) : std::nullopt;
  if (!minor) refuse(std::string(key) + " is missing or no amount of its currency");
  return minor.value_or(0);
}

Snapshot blank_snapshot(Api api, PaymentId payment_id, AttemptId attempt_id, Currency currency,
                        Time asked_at) {
  return Snapshot{.api = api,
                  .version = api,
                  .payment_id = std::move(payment_id),
                  .attempt_id = std::move(attempt_id),
                  .status = {},
                  .currency = std::move(currency),
                  .store_id = {},
                  .channel = {},
                  .pg_provider = {},
                  .method = {},
                  .virtual_account = {},
                  .failure_reason = {},
                  .started_at = {},
                  .status_at = {},
                  .paid_at = {},
                  .updated_at = {},
                  .disputes = {},
                  .chargebacks = {},
                  .asked_at = asked_at,
                  .stored_body = {}};
}

std::string clean_member(const json& object, std::string_view key, std::size_t max_bytes) {
  return clean_text(text_member(object, key).value_or(""), max_bytes);
}

std::string name_from_content(const json& content) {
  constexpr std::size_t kDigits = 16;
  return "unreadable-" + to_hex(sha256(write_json(content))).substr(0, kDigits);
}

UnreadableRow unreadable_row(const json& row, std::initializer_list<std::string_view> keys,
                             const Reading& reading, const AnswerError& error) {
  for (const std::string_view key : keys) {
    RequiredMembers members{row, reading.is_repaired};
    const std::string id = members.text(key);
    if (members.ok() && is_valid_id_text(id)) return {id, error.detail};
  }
  return {{}, error.detail};
}

std::optional<PortoneTime> newest(std::initializer_list<std::optional<PortoneTime>> times) {
  return std::max(times);  // an unset time is less than any
}

json keep_scalars(const json* object, std::initializer_list<std::string_view> keys) {
  json kept = json::object();
  if (object == nullptr) return kept;
  for (const std::string_view key : keys) {
    const json* const value = member(*object, key);
    if (value != nullptr && value->is_primitive()) kept[std::string(key)] = *value;
  }
  return kept;
}

json keep_scalars_of_each(const json* array, std::initializer_list<std::string_view> keys) {
  json kept = json::array();
  if (array == nullptr || !array->is_array()) return kept;
  for (const json& element : *array) kept.push_back(keep_scalars(&element, keys));
  return kept;
}

}  // namespace reconciled::core
