// Where reports of a day's books are asked for and read.
//
// The dashboard knows this much of the reporter, which stands behind it. Any thread; never waits for
// PortOne.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/words/time.h"
#include "storage/reader.h"

namespace reconciled {

class DayReports {
 public:
  // What a day's report came to.
  struct Outcome {
    std::string day;  // "2026-11-22", of the configured zone
    bool is_complete = false;
    std::int64_t differences = 0;
    core::Time made_at{};

    [[nodiscard]] bool agrees() const { return is_complete && differences == 0; }
  };
  enum class Begun { kBegun, kBusy, kNoDay };

  DayReports() = default;
  DayReports(const DayReports&) = delete;
  DayReports& operator=(const DayReports&) = delete;
  virtual ~DayReports() = default;

  // Those that are kept, the newest day first.
  [[nodiscard]] virtual std::vector<Outcome> outcomes(storage::Reader& reader) const = 0;
  // What GET /report?day= answers with 200: the report, or how far it is. Nothing where none is kept.
  [[nodiscard]] virtual std::optional<std::string> report(storage::Reader& reader,
                                                          const std::string& day) = 0;
  // Makes it, of a day up to today. Busy: that of another day is being made.
  virtual Begun begin(const std::string& day) = 0;
};

}  // namespace reconciled
