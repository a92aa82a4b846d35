// Whether PortOne lets us in and answers at all, seen over all calls to one of its APIs.
//
// One object for all look-up threads; any thread. It counts, and raises or lowers the warnings
// `portone_unauthorized`, `portone_unreachable` and `clock` about `v1` and `v2` (interface §6), so that a
// wrong secret, URL or proxy is seen in one place.
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/portone/fault.h"
#include "daemon/runtime/warnings.h"

namespace reconciled::portone {

class AccessWatch {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit AccessWatch(Warnings& warnings) : warnings_(warnings) {}

  // A usable answer came, or one that says that there is none.
  void answered(core::Api api);
  // None came; `detail` says why, without secrets.
  void unanswered(core::Api api, const std::string& detail,
                  SteadyTime now = std::chrono::steady_clock::now());
  // An answer that is none: what it says about PortOne as a whole. One payment that cannot be read,
  // or a question that PortOne does not like, says nothing against it.
  void note(core::Api api, const core::AnswerError& error, const std::string& detail);
  // What time it was at PortOne (its `Date`) when our clock said `ours`. Theirs differing by more than
  // a minute from ours is a warning: webhooks are refused from 5 minutes on.
  void told_time(core::Api api, std::string_view date, core::Time ours,
                 SteadyTime now = std::chrono::steady_clock::now());
  // By how much our clock, which says `ours`, was set since it agreed with PortOne's; nothing where it
  // did not yet.
  [[nodiscard]] std::optional<std::chrono::milliseconds> set_since_agreed(
      core::Time ours, SteadyTime now = std::chrono::steady_clock::now());
  // By how much PortOne's clock is ahead of ours, as it was told last; zero for less than a minute.
  [[nodiscard]] std::chrono::milliseconds ahead(core::Api api);

  // PortOne refused our key, secret or token.
  void refused(core::Api api, const std::string& detail);

  // So many calls in a row over at least so long got no usable answer: it is unreachable.
  static constexpr int kCalls = 3;
  static constexpr std::chrono::seconds kPatience{10};

 private:
  struct Silence {
    int calls = 0;
    SteadyTime since{};
  };
  // When our clock and PortOne's agreed last, by either of ours.
  struct Agreed {
    core::Time ours{};
    SteadyTime at{};
  };
  Warnings& warnings_;
  std::mutex mutex_;
  std::optional<Agreed> agreed_;
  std::array<Silence, 2> silences_{};
  std::array<std::chrono::milliseconds, 2> ahead_{};
};

}  // namespace reconciled::portone
