#include "tests/sandbox/faults.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/sandbox/errors.h"

namespace reconciled::sandbox {
namespace {

constexpr std::array<std::pair<RestMode, std::string_view>, 13> kModes{
    {{RestMode::kNormal, "normal"},
     {RestMode::kSlow, "slow"},
     {RestMode::kReset, "reset"},
     {RestMode::kRefuse, "refuse"},
     {RestMode::kStatus, "status"},
     {RestMode::kNotJson, "not_json"},
     {RestMode::kWrongJson, "wrong_json"},
     {RestMode::kWrongTypes, "wrong_types"},
     {RestMode::kTruncated, "truncated"},
     {RestMode::kStall, "stall"},
     {RestMode::kTrickle, "trickle"},
     {RestMode::kTimeout, "timeout"},
     {RestMode::kSilent, "silent"}}};

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

template <typename Fault>
void put(Faults::Rules<Fault>& kept, Faults::Rules<Fault> rules, bool add) {
  if (!add) kept.clear();
  kept.insert(kept.end(), std::make_move_iterator(rules.begin()),
              std::make_move_iterator(rules.end()));
}

template <typename Fault>
void drop_spent(Faults::Rules<Fault>& kept) {
  std::erase_if(kept, [](const Rule<Fault>& rule) { return rule.fault.reach.spent(); });
}

}  // namespace

void Faults::set(Rules<RestFault> rules, bool add) {
  const std::lock_guard lock(mutex_);
  put(rest_, std::move(rules), add);
}

void Faults::set(Rules<AnswerFault> rules, bool add) {
  const std::lock_guard lock(mutex_);
  for (Rule<AnswerFault>& rule : rules) rule.fault.id = ++last_id_;
  put(answers_, std::move(rules), add);
}

void Faults::set(Rules<MoveFault> rules, bool add) {
  const std::lock_guard lock(mutex_);
  put(moves_, std::move(rules), add);
}

void Faults::set(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

void Faults::set(const Clocks& clocks) {
  const std::lock_guard lock(mutex_);
  clocks_ = clocks;
}

void Faults::reset() {
  const std::lock_guard lock(mutex_);
  rest_.clear();
  answers_.clear();
  moves_.clear();
  limits_ = Limits{};
  clocks_ = Clocks{};
}

Faults::Rules<RestFault> Faults::rest() const {
  const std::lock_guard lock(mutex_);
  return rest_;
}

Faults::Rules<AnswerFault> Faults::answers() const {
  const std::lock_guard lock(mutex_);
  return answers_;
}

Faults::Rules<MoveFault> Faults::moves() const {
  const std::lock_guard lock(mutex_);
  return moves_;
}

Limits Faults::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

Clocks Faults::clocks() const {
  const std::lock_guard lock(mutex_);
  return clocks_;
}

RestFault Faults::take(const Call& call, bool silent) {
  const std::lock_guard lock(mutex_);
  for (Rule<RestFault>& rule : rest_) {
    if ((rule.fault.mode == RestMode::kSilent) != silent) continue;
    if (!rule.fault.reach.touches(call) || !rule.fault.reach.draw()) continue;
    const RestFault taken = rule.fault;
    drop_spent(rest_);
    return taken;
  }
  return {};
}

bool Faults::has_silent() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(rest_.begin(), rest_.end(), [](const Rule<RestFault>& rule) {
    return rule.fault.mode == RestMode::kSilent;
  });
}

std::vector<AnswerFault> Faults::answers_at(const Call& call) const {
  const std::lock_guard lock(mutex_);
  std::vector<AnswerFault> result;
  for (const Rule<AnswerFault>& rule : answers_) {
    if (rule.fault.reach.is_at(call)) result.push_back(rule.fault);
  }
  return result;
}

bool Faults::spend(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  for (Rule<AnswerFault>& rule : answers_) {
    if (rule.fault.id != id) continue;
    const bool holds = rule.fault.reach.draw();
    drop_spent(answers_);
    return holds;
  }
  return false;
}

std::vector<MoveFault> Faults::take_moves(const Call& call) {
  const std::lock_guard lock(mutex_);
  std::vector<MoveFault> result;
  for (Rule<MoveFault>& rule : moves_) {
    if (rule.fault.reach.touches(call) && rule.fault.reach.draw()) result.push_back(rule.fault);
  }
  drop_spent(moves_);
  return result;
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
      if (!fault.body.empty()) answer.body = fault.body;
      if (!fault.content_type.empty()) answer.content_type = fault.content_type;
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
    case RestMode::kStall:
      answer.wire = Wire::kStall;
      break;
    case RestMode::kTrickle:
      answer.wire = Wire::kTrickle;
      answer.interval = fault.interval;
      break;
    case RestMode::kTimeout:
    case RestMode::kSilent:
      answer.wire = Wire::kHang;
      break;
  }
  return answer;
}

std::optional<RestMode> rest_mode_from_word(std::string_view word) {
  for (const auto& [value, text] : kModes) {
    if (text == word) return value;
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
