// How far a backfill is: kept in the store with what it found, and shown to people. Pure.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::books {

struct BackfillState {
  enum class Phase { kNone, kRunning, kStopped, kDone };
  Phase phase = Phase::kNone;
  std::string from;  // days
  std::string to;
  bool notify = false;
  core::Time begin{};
  core::Time end{};
  std::array<core::Time, 2> walked_to{};  // by API
  std::int64_t listed = 0;                // rows, those that came twice too
  std::int64_t found = 0;                 // that tell something new: PortOne is asked about them
  std::int64_t unreadable = 0;
  std::vector<std::string> named;  // the first of these
  core::Time started_at{};
  std::optional<core::Time> ended_at;

  [[nodiscard]] core::Time& walked(core::Api api) {
    return walked_to.at(static_cast<std::size_t>(api));
  }
  [[nodiscard]] bool is_same_range(const BackfillState& other) const {
    return from == other.from && to == other.to && notify == other.notify;
  }
};
inline constexpr std::size_t kMostNamedRows = 20;

// As it is kept; what cannot be read is none.
[[nodiscard]] std::string to_text(const BackfillState& state);
[[nodiscard]] BackfillState backfill_from(const std::string& text);
// As it is shown.
[[nodiscard]] nlohmann::ordered_json to_json(const BackfillState& state);

}  // namespace reconciled::books
