// Faults of the REST API on demand: what to do to the next calls, and until when.
//
// Set over the control API, asked by the server for every REST call. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "tests/sandbox/call.h"

namespace reconciled::sandbox {

enum class RestMode {
  kNormal,
  kSlow,        // the true answer, after `delay`
  kReset,       // the connection is reset without an answer
  kRefuse,      // the connection is closed without an answer
  kStatus,      // `status` with an error of the API's shape
  kNotJson,     // 200 with a maintenance page
  kWrongJson,   // 200 with JSON about something else
  kWrongTypes,  // the true answer with numbers and booleans as text, and texts as numbers
  kTruncated,   // half of the true answer, then closed
  kTimeout      // no answer at all
};

struct RestFault {
  RestMode mode = RestMode::kNormal;
  int status = 500;
  std::chrono::milliseconds delay{0};  // before anything else, in every mode but normal
  std::optional<int> retry_after_s;
  std::optional<int> count;  // how many calls are affected; absent: until changed
  std::string match;         // only targets that contain it
};

class Faults {
 public:
  void set(const RestFault& fault);
  [[nodiscard]] RestFault get() const;
  // The fault for a call to `target`, counted off; mode normal if there is none.
  [[nodiscard]] RestFault take(const std::string& target);

 private:
  mutable std::mutex mutex_;
  RestFault fault_;
};

// `answer` as the fault leaves it (all but the delay, which the server waits). `v2` chooses the
// error's shape.
[[nodiscard]] Reply apply(const RestFault& fault, Reply answer, bool v2);
[[nodiscard]] std::string_view to_word(RestMode mode);
[[nodiscard]] std::optional<RestMode> rest_mode_from_word(std::string_view word);

}  // namespace reconciled::sandbox
