#include "tests/sandbox/faults.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/sandbox/errors.h"

namespace reconciled::sandbox {
namespace {

constexpr std::array<std::pair<RestMode, std::string_view>, 10> kModes{
    {{RestMode::kNormal, "normal"},
     {RestMode::kSlow, "slow"},
     {RestMode::kReset, "reset"},
     {RestMode::kRefuse, "refuse"},
     {RestMode::kStatus, "status"},
     {RestMode::kNotJson, "not_json"},
     {RestMode::kWrongJson, "wrong_json"},
     {RestMode::kWrongTypes, "wrong_types"},
     {RestMode::kTruncated, "truncated"},
     {RestMode::kTimeout, "timeout"}}};

void spoil_types(Json& value) {
  if (value.is_structured()) {
    for (Json& member : value) spoil_types(member);
  } else if (value.is_number() || value.is_boolean()) {
    value = dump(value);
  } else if (value.is_string()) {
    value = 12345;
  }
}

std::string_view v2_type(int status) {
  switch (status) {
    case 401:
      return "UNAUTHORIZED";
    case 403:
      return "FORBIDDEN";
    case 404:
      return "PAYMENT_NOT_FOUND";
    case 429:
      return "TOO_MANY_REQUESTS";
    case 503:
      return "SERVICE_UNAVAILABLE";
    default:
      return "INTERNAL_SERVER_ERROR";
  }
}

}  // namespace

void Faults::set(const RestFault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
}

RestFault Faults::get() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

RestFault Faults::take(const std::string& target) {
  const std::lock_guard lock(mutex_);
  if (fault_.mode == RestMode::kNormal || target.find(fault_.match) == std::string::npos) return {};
  const RestFault taken = fault_;
  if (fault_.count && --*fault_.count <= 0) fault_ = RestFault{};
  return taken;
}

Reply apply(const RestFault& fault, Reply answer, bool v2) {
  switch (fault.mode) {
    case RestMode::kNormal:
    case RestMode::kSlow:
      break;
    case RestMode::kReset:
      answer.wire = Wire::kReset;
      break;
    case RestMode::kRefuse:
      answer.wire = Wire::kClose;
      break;
    case RestMode::kStatus:
      answer = v2 ? v2_error(fault.status, v2_type(fault.status), "sandbox fault")
                  : v1_error(fault.status, -1, "sandbox fault");
      if (fault.retry_after_s) {
        answer.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after_s));
      }
      break;
    case RestMode::kNotJson:
      answer = Reply{200, "text/html; charset=utf-8", "<html><h1>maintenance</h1></html>", {}, {}};
      break;
    case RestMode::kWrongJson:
      answer = json_reply(200, Json{{"weather", "fine"}, {"temperature", 21}});
      break;
    case RestMode::kWrongTypes: {
      Json body = Json::parse(answer.body, nullptr, false);
      spoil_types(body);
      answer.body = dump(body);
      break;
    }
    case RestMode::kTruncated:
      answer.wire = Wire::kTruncate;
      break;
    case RestMode::kTimeout:
      answer.wire = Wire::kHang;
      break;
  }
  return answer;
}

std::string_view to_word(RestMode mode) {
  for (const auto& [value, word] : kModes) {
    if (value == mode) return word;
  }
  return "";
}

std::optional<RestMode> rest_mode_from_word(std::string_view word) {
  for (const auto& [value, text] : kModes) {
    if (text == word) return value;
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
