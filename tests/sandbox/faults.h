// Faults of the REST API on demand: how calls end, what answers say, what moves meanwhile.
//
// Set over the control API (control.h says what each member does), asked by the router for every
// REST call. Thread-safe; rules go out by copy and are counted off here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/sandbox/model.h"
#include "tests/sandbox/reach.h"

namespace reconciled::sandbox {

struct World;

enum class RestMode {
  kNormal,
  kSlow,        // the true answer, after `delay` and `hold`
  kReset,       // the connection is reset without an answer
  kRefuse,      // the connection is closed without an answer
  kStatus,      // `status` with an error of the API's shape, or with `body`
  kNotJson,     // 200 with a maintenance page
  kWrongJson,   // 200 with JSON about something else
  kWrongTypes,  // the true answer with numbers and booleans as text, and texts as numbers
  kTruncated,   // half of the true answer, then closed
  kStall,       // half of the true answer, then nothing
  kTrickle,     // the true answer, a byte every `interval`
  kTimeout,     // no answer at all
  kSilent       // the request is not even read
};

// How a call ends.
struct RestFault {
  RestMode mode = RestMode::kNormal;
  int status = 500;
  std::chrono::milliseconds delay{0};  // before anything else, in every mode but normal
  std::chrono::milliseconds hold{0};   // when the answer was made: it is old when it leaves
  std::chrono::milliseconds interval{1000};
  std::optional<int> retry_after_s;
  std::string body;  // kStatus: instead of the API's error
  std::string content_type;
  Reach reach;
};

// What an answer says instead of the truth. `reach.payment` chooses rows; for `whole` and `rows` it
// chooses calls. Texts are JSON.
struct AnswerFault {
  std::uint64_t id = 0;
  std::string merge;              // RFC 7396, on the rendered row
  std::string whole;              // likewise, on the whole body
  std::string member;             // a name or a JSON pointer, whose value becomes `raw`
  std::string raw;                // a placeholder that `fill_raw` replaces (view.h)
  std::vector<std::string> rows;  // put before the true ones
  std::chrono::seconds shift{0};
  std::vector<std::string> times;  // what is shifted
  bool hidden = false;
  std::size_t back = 0;                  // shown as before its last `back` changes
  std::optional<PortoneTime> frozen_at;  // shown as it was then
  Reach reach;
};

// A payment that is made or moved when a call has been answered, before the answer leaves.
struct MoveFault {
  std::function<void(World&)> run;
  Reach reach;
};

// PortOne's own limits (dossier §3), to be lowered by tests.
struct Limits {
  std::int64_t v1_window_days = 90;
  std::int64_t v1_max_limit = 1000;
  std::int64_t v1_max_batch = 100;
  std::int64_t v2_window_days = 90;
  std::int64_t v2_max_rows = 60'000;  // (number + 1) * size
  std::int64_t cursor_max_size = 1000;
};

// By how much PortOne's clocks lie.
struct Clocks {
  std::chrono::seconds token_now{0};
  std::chrono::seconds token_expiry{0};
  std::chrono::seconds date{0};  // the header
};

// A rule with the text that it was set by.
template <typename Fault>
struct Rule {
  Fault fault;
  std::string said;
};

class Faults {
 public:
  template <typename Fault>
  using Rules = std::vector<Rule<Fault>>;

  // Replaces what is set, or adds to it; the oldest rule that touches a call wins.
  void set(Rules<RestFault> rules, bool add);
  void set(Rules<AnswerFault> rules, bool add);
  void set(Rules<MoveFault> rules, bool add);
  void set(const Limits& limits);
  void set(const Clocks& clocks);
  void reset();

  [[nodiscard]] Rules<RestFault> rest() const;
  [[nodiscard]] Rules<AnswerFault> answers() const;
  [[nodiscard]] Rules<MoveFault> moves() const;
  [[nodiscard]] Limits limits() const;
  [[nodiscard]] Clocks clocks() const;

  // The fault for a call, counted off; mode normal if there is none. Silent ones are taken only
  // where `silent`, before the request is read.
  [[nodiscard]] RestFault take(const Call& call, bool silent);
  [[nodiscard]] bool has_silent() const;
  // The rules for a call's answer, and whether one of them, now used, still holds.
  [[nodiscard]] std::vector<AnswerFault> answers_at(const Call& call) const;
  [[nodiscard]] bool spend(std::uint64_t id);
  [[nodiscard]] std::vector<MoveFault> take_moves(const Call& call);

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  Rules<RestFault> rest_;
  Rules<AnswerFault> answers_;
  Rules<MoveFault> moves_;
  Limits limits_;
  Clocks clocks_;
};

// `answer` as the fault leaves it (all but the delay, which the router waits). `v2` chooses the
// error's shape.
[[nodiscard]] Reply apply(const RestFault& fault, Reply answer, bool v2);
[[nodiscard]] std::optional<RestMode> rest_mode_from_word(std::string_view word);

}  // namespace reconciled::sandbox
