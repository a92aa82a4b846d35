// A clock of the daemon's own, which a test sets while it runs (libfaketime); its steady clock,
// PortOne and the test run on the true one. Not under sanitizers: nothing can be preloaded below
// them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/e2e/child_process.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::e2e {

inline constexpr int kHour = 3'600;
inline constexpr int kFortyDays = 40 * 86'400;

// A clock that differs from the true one by so many seconds.
class OwnClock {
 public:
  explicit OwnClock(int seconds) { step_to(seconds); }
  void step_to(int seconds) const {
    // In one step: a half-written file would be another time.
    write_file(file_ + ".new", (seconds < 0 ? "-" : "+") + std::to_string(std::abs(seconds)));
    std::filesystem::rename(file_ + ".new", file_);
  }
  [[nodiscard]] Command below() const {
    return {{},
            {{"LD_PRELOAD", FAKETIME_LIBRARY},
             {"FAKETIME_TIMESTAMP_FILE", file_},
             {"FAKETIME_NO_CACHE", "1"},
             {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}}};
  }

 private:
  reconciled::test::TemporaryFolder folder_;
  std::string file_ = folder_ / "faketime";
};

struct Step {
  const char* name;
  int from;
  int to;
};
// A clock that goes wrong, and one that is put right.
inline const Step kSteps[] = {{"an hour back", 0, -kHour},
                              {"an hour forward", 0, kHour},
                              {"forty days forward", 0, kFortyDays},
                              {"put right by an hour back", kHour, 0},
                              {"put right by forty days", -kFortyDays, 0}};

}  // namespace reconciled::e2e
