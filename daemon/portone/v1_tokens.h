// PortOne V1's access token, shared by all that ask.
//
// Asked for once and used until shortly before it expires. One login at a time: who needs a token
// meanwhile waits for that login's outcome and shares it, whatever it is. After a failed one the
// next may not begin before a pause; until then everybody fails at once, with the same reason. So a
// login that hangs costs each of them one wait, never one after the other. Life is PortOne's
// `expired_at - now` on the steady clock: ours may be wrong or step. Belongs to the loop's thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/calls.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/task.h"

namespace reconciled::portone {

class V1Tokens {
 public:
  V1Tokens(const core::PortoneV1Config& config, Calls& calls, AccessWatch& watch);
  V1Tokens(const V1Tokens&) = delete;
  V1Tokens& operator=(const V1Tokens&) = delete;

  // The token, by logging in where none is held.
  Task<Asked<std::string>> get();
  // PortOne refused `token`: the next `get` logs in anew, unless somebody already has. `is_new`:
  // it came by a login just now, which then counts as failed.
  void refused(const std::string& token, bool is_new);

  static constexpr std::chrono::milliseconds kFirstPause{1'000};  // doubled up to
  static constexpr std::chrono::milliseconds kLongestPause{15'000};

 private:
  using Steady = std::chrono::steady_clock;

  // Suspends until the login that is under way has ended.
  struct LoginEnded {
    V1Tokens& tokens;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) { tokens.waiting_.push_back(waiting); }
    void await_resume() const noexcept {}
  };

  Task<Asked<core::V1Token>> log_in();
  void note_failure(LookupFault fault);
  void wake_waiting();

  const std::string imp_key_;
  const std::string imp_secret_;
  Calls& calls_;
  AccessWatch& watch_;
  std::string token_;
  Steady::time_point good_until_{};
  bool is_logging_in_ = false;
  std::vector<std::coroutine_handle<>> waiting_;  // for the login that is under way
  std::optional<LookupFault> failure_;            // of the last login
  std::chrono::milliseconds pause_{kFirstPause};
  Steady::time_point next_login_at_{};
};

}  // namespace reconciled::portone
