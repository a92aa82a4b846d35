#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <tuple>

#include "tests/sandbox/control.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

using Words = std::initializer_list<std::string_view>;

constexpr std::array<std::pair<std::int64_t Limits::*, const char*>, 6> kLimits{
    {{&Limits::v1_window_days, "v1_window_days"},
     {&Limits::v1_max_limit, "v1_max_limit"},
     {&Limits::v1_max_batch, "v1_max_batch"},
     {&Limits::v2_window_days, "v2_window_days"},
     {&Limits::v2_max_rows, "v2_max_rows"},
     {&Limits::cursor_max_size, "cursor_max_size"}}};
constexpr std::array<std::pair<std::chrono::seconds Clocks::*, const char*>, 3> kClocks{
    {{&Clocks::token_now, "token_now_s"},
     {&Clocks::token_expiry, "token_expiry_s"},
     {&Clocks::date, "date_s"}}};

// Refuses members that are neither a selector's nor in `known`: a typo would be no fault at all.
void check_members(const Json& body, Words known) {
  static constexpr std::array<std::string_view, 5> kReach{"where", "match", "payment", "skip",
                                                          "count"};
  for (const auto& [name, value] : body.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end() &&
        std::find(kReach.begin(), kReach.end(), name) == kReach.end()) {
      throw BadMember{name};
    }
  }
}

bool known_place(const std::string& word) {
  if (word == "v1" || word == "v2") return true;
  const bool has_api = word.rfind("v1 ", 0) == 0 || word.rfind("v2 ", 0) == 0;
  const std::string place = has_api ? word.substr(3) : word;
  return std::find(kPlaces.begin(), kPlaces.end(), place) != kPlaces.end();
}

Reach read_reach(const Json& body) {
  Reach reach;
  reach.where = texts_of(body, "where");
  for (const std::string& word : reach.where) {
    if (!known_place(word)) throw BadMember{"where"};
  }
  reach.match = text_of(body, "match").value_or("");
  reach.payment = text_of(body, "payment").value_or("");
  reach.skip = small_of(body, "skip", 0, 0);
  if (integer_of(body, "count")) reach.count = small_of(body, "count", 1);
  return reach;
}

RestFault read_rest(const Json& body) {
  check_members(body, {"mode", "status", "delay_ms", "hold_ms", "interval_ms", "retry_after_s",
                       "body", "content_type"});
  RestFault fault;
  const auto mode = rest_mode_from_word(text_of(body, "mode").value_or("normal"));
  if (!mode) throw BadMember{"rest.mode"};
  fault.mode = *mode;
  fault.status = small_of(body, "status", 500);
  if (fault.status < 200 || fault.status > 599) throw BadMember{"rest.status"};
  fault.delay = duration_of(body, "delay_ms");
  fault.hold = duration_of(body, "hold_ms");
  if (body.contains("interval_ms")) fault.interval = duration_of(body, "interval_ms");
  if (const auto seconds = integer_of(body, "retry_after_s")) {
    fault.retry_after_s = static_cast<int>(*seconds);
  }
  fault.body = text_of(body, "body").value_or("");
  fault.content_type = text_of(body, "content_type").value_or("");
  fault.reach = read_reach(body);
  return fault;
}

AnswerFault read_answer(const Json& body) {
  check_members(body, {"merge", "whole", "member", "raw_hex", "raw_json", "rows", "shift_s",
                       "times", "hidden", "back", "frozen"});
  AnswerFault fault;
  fault.reach = read_reach(body);
  fault.merge = patch_of(body, "merge");
  fault.whole = patch_of(body, "whole");
  if (auto raw = read_raw(body)) std::tie(fault.member, fault.raw) = *std::move(raw);
  if (body.contains("rows")) {
    if (!body["rows"].is_array()) throw BadMember{"rows"};
    for (const Json& row : body["rows"]) {
      fault.rows.push_back(row.is_string() ? row.get<std::string>() : dump(row));
    }
  }
  fault.shift = std::chrono::seconds(integer_of(body, "shift_s").value_or(0));
  fault.times = texts_of(body, "times");
  if (fault.times.empty()) {
    fault.times = {"updatedAt",   "statusChangedAt", "paidAt",    "failedAt",
                   "cancelledAt", "paid_at",         "failed_at", "cancelled_at"};
  }
  fault.hidden = flag_of(body, "hidden").value_or(false);
  fault.back = static_cast<std::size_t>(small_of(body, "back", 0, 0));
  if (flag_of(body, "frozen").value_or(false)) fault.frozen_at = now();
  // A rule counts answers once, and the whole body is patched apart from its rows.
  const bool rows = !fault.merge.empty() || !fault.raw.empty() || !fault.rows.empty();
  if (!fault.whole.empty() && rows) throw BadMember{"whole stands alone"};
  return fault;
}

MoveFault read_move(const Json& body) {
  check_members(body, {"move"});
  if (!body.contains("move") || !body["move"].is_object()) throw BadMember{"move"};
  MoveFault fault{move_of(body["move"]), read_reach(body)};
  if (!fault.reach.count) fault.reach.count = 1;
  return fault;
}

// One rule, or a list of them.
template <typename Fault>
Faults::Rules<Fault> read_rules(const Json& part, Fault (*read)(const Json&), const char* name) {
  Faults::Rules<Fault> rules;
  for (const Json& one : part.is_array() ? part : Json::array({part})) {
    if (!one.is_object()) throw BadMember{name};
    rules.push_back({read(one), dump(one)});
  }
  return rules;
}

template <typename Fault>
Json rules_json(const Faults::Rules<Fault>& rules) {
  Json result = Json::array();
  for (const Rule<Fault>& rule : rules) {
    Json said = Json::parse(rule.said);
    if (rule.fault.reach.count) said["count"] = *rule.fault.reach.count;
    if (said.contains("skip")) said["skip"] = rule.fault.reach.skip;
    result.push_back(std::move(said));
  }
  return result;
}

Json rest_json(const World& world) {
  const Json rules = rules_json(world.faults.rest());
  if (rules.empty()) return Json{{"mode", "normal"}};
  return rules.size() == 1 ? rules[0] : rules;
}

Limits read_limits(const Json& part) {
  Limits limits;
  for (const auto& [name, value] : part.items()) {
    bool known = false;
    for (const auto& [member, word] : kLimits) {
      if (name != word) continue;
      limits.*member = small_of(part, word, 1);
      known = true;
    }
    if (!known) throw BadMember{"limits." + name};
  }
  return limits;
}

Clocks read_clocks(const Json& part) {
  Clocks clocks;
  for (const auto& [name, value] : part.items()) {
    bool known = false;
    for (const auto& [member, word] : kClocks) {
      if (name != word) continue;
      clocks.*member = std::chrono::seconds(integer_of(part, word).value_or(0));
      known = true;
    }
    if (!known) throw BadMember{"clocks." + name};
  }
  return clocks;
}

Json faults_json(const World& world) {
  Json limits = Json::object();
  const Limits set_limits = world.faults.limits();
  for (const auto& [member, word] : kLimits) limits[word] = set_limits.*member;
  Json clocks = Json::object();
  const Clocks set_clocks = world.faults.clocks();
  for (const auto& [member, word] : kClocks) clocks[word] = (set_clocks.*member).count();
  return Json{{"webhooks", webhook_fault_json(world)},
              {"rest", rest_json(world)},
              {"answers", rules_json(world.faults.answers())},
              {"moves", rules_json(world.faults.moves())},
              {"limits", std::move(limits)},
              {"clocks", std::move(clocks)}};
}

// A rule of mode normal stands for none.
Faults::Rules<RestFault> without_normal(Faults::Rules<RestFault> rules) {
  std::erase_if(rules,
                [](const Rule<RestFault>& rule) { return rule.fault.mode == RestMode::kNormal; });
  return rules;
}

// All parts are read before one is set, so that a bad call changes nothing.
Reply set_faults(World& world, const Json& body, bool add) {
  std::vector<std::function<void()>> changes;
  for (const auto& [name, part] : body.items()) {
    const bool list = name == "rest" || name == "answers" || name == "moves";
    if (!part.is_object() && !(list && part.is_array())) throw BadMember{name};
    if (name == "webhooks") {
      changes.emplace_back(
          [&world, fault = read_webhook_fault(part)] { world.sender.set_fault(fault); });
    } else if (name == "rest") {
      changes.emplace_back(
          [&world, add, rules = without_normal(read_rules(part, read_rest, "rest"))] {
            world.faults.set(rules, add);
          });
    } else if (name == "answers") {
      changes.emplace_back([&world, add, rules = read_rules(part, read_answer, "answers")] {
        world.faults.set(rules, add);
      });
    } else if (name == "moves") {
      changes.emplace_back([&world, add, rules = read_rules(part, read_move, "moves")] {
        world.faults.set(rules, add);
      });
    } else if (name == "limits") {
      changes.emplace_back([&world, limits = read_limits(part)] { world.faults.set(limits); });
    } else if (name == "clocks") {
      changes.emplace_back([&world, clocks = read_clocks(part)] { world.faults.set(clocks); });
    } else {
      throw BadMember{name};
    }
  }
  for (const auto& change : changes) change();
  return json_reply(200, faults_json(world));
}

}  // namespace

std::optional<Reply> control_faults(World& world, const Call& call, const Json& body) {
  if (call.path() != "/sandbox/faults") return std::nullopt;
  if (call.method == "GET") return json_reply(200, faults_json(world));
  if (call.method == "PUT") return set_faults(world, body, false);
  if (call.method == "POST") return set_faults(world, body, true);
  if (call.method != "DELETE") return std::nullopt;
  world.faults.reset();
  world.sender.set_fault(WebhookFault{});
  return json_reply(200, faults_json(world));
}

}  // namespace reconciled::sandbox
