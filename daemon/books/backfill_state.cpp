#include "daemon/books/backfill_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/words/json.h"

namespace reconciled::books {
namespace {

using Phase = BackfillState::Phase;
constexpr std::array<const char*, 4> kPhases{"none", "running", "stopped", "done"};

int percent_of(const BackfillState& state) {
  if (state.phase == Phase::kDone) return 100;
  const std::int64_t length = (state.end - state.begin).count();
  if (length <= 0) return 0;
  std::int64_t walked = 0;
  for (const core::Time to : state.walked_to) {
    walked += std::clamp<std::int64_t>((to - state.begin).count(), 0, length);
  }
  return static_cast<int>(walked * 100 / (2 * length));
}

}  // namespace

std::string to_text(const BackfillState& state) {
  nlohmann::json json{{"phase", kPhases.at(static_cast<std::size_t>(state.phase))},
                      {"from", state.from},
                      {"to", state.to},
                      {"notify", state.notify},
                      {"begin_ms", core::to_ms(state.begin)},
                      {"end_ms", core::to_ms(state.end)},
                      {"v1_ms", core::to_ms(state.walked_to[0])},
                      {"v2_ms", core::to_ms(state.walked_to[1])},
                      {"listed", state.listed},
                      {"found", state.found},
                      {"unreadable", state.unreadable},
                      {"named", state.named},
                      {"started_ms", core::to_ms(state.started_at)}};
  if (state.ended_at) json["ended_ms"] = core::to_ms(*state.ended_at);
  return core::write_json(json);
}

BackfillState backfill_from(const std::string& text) {
  const auto json = core::parse_json(text);
  if (!json.ok() || !json.value().is_object()) return {};
  const auto number = [&](const char* name) {
    return core::integer_member(json.value(), name).value_or(0);
  };
  const auto time = [&](const char* name) { return core::from_ms(number(name)); };
  BackfillState state;
  const std::string phase = core::text_member(json.value(), "phase").value_or("");
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (phase == kPhases.at(i)) state.phase = static_cast<Phase>(i);
  }
  state.from = core::text_member(json.value(), "from").value_or("");
  state.to = core::text_member(json.value(), "to").value_or("");
  state.notify = core::bool_member(json.value(), "notify").value_or(false);
  state.begin = time("begin_ms");
  state.end = time("end_ms");
  state.walked_to = {time("v1_ms"), time("v2_ms")};
  state.listed = number("listed");
  state.found = number("found");
  state.unreadable = number("unreadable");
  const nlohmann::json* const named = core::member(json.value(), "named");
  if (named != nullptr && named->is_array()) {
    for (const auto& one : *named) {
      if (one.is_string()) state.named.push_back(one.get<std::string>());
    }
  }
  state.started_at = time("started_ms");
  if (core::member(json.value(), "ended_ms") != nullptr) state.ended_at = time("ended_ms");
  return state;
}

nlohmann::ordered_json to_json(const BackfillState& state) {
  nlohmann::ordered_json json{{"state", kPhases.at(static_cast<std::size_t>(state.phase))}};
  if (state.phase == Phase::kNone) return json;
  json["from"] = state.from;
  json["to"] = state.to;
  json["notify"] = state.notify;
  json["percent"] = percent_of(state);
  json["listed"] = state.listed;
  json["found"] = state.found;
  json["unreadable"] = state.unreadable;
  json["unreadable_rows"] = state.named;
  json["started_at"] = core::to_rfc3339(state.started_at);
  json["ended_at"] =
      state.ended_at ? nlohmann::ordered_json(core::to_rfc3339(*state.ended_at)) : nullptr;
  return json;
}

}  // namespace reconciled::books
