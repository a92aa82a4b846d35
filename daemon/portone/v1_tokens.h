// PortOne V1's access token, shared by all that ask.
//
// Asked for once and used by every thread until shortly before it expires. One login at a time: who
// needs a token meanwhile waits for that login's outcome and shares it, whatever it is. After a
// failed one the next may not begin before a pause; until then everybody fails at once, with the
// same reason. So a login that hangs costs each of them one wait, never one after the other. Life
// is PortOne's `expired_at - now` on the steady clock: ours may be wrong or step. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/core/config/config.h"
#include "daemon/http/client.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/fault.h"

namespace reconciled::portone {

class V1Tokens {
 public:
  V1Tokens(core::PortoneV1Config config, AccessWatch& watch);

  // The token, by logging in through `client` where none is held. Ends at once when `client` is
  // aborted, also while another thread logs in.
  [[nodiscard]] Asked<std::string> get(http::Client& client);
  // PortOne refused `token`: the next `get` logs in anew, unless somebody already has. `is_new`:
  // it came by a login just now, which then counts as failed.
  void refused(const std::string& token, bool is_new);

  static constexpr std::chrono::milliseconds kFirstPause{1'000};  // doubled up to
  static constexpr std::chrono::milliseconds kLongestPause{15'000};

 private:
  using Steady = std::chrono::steady_clock;

  [[nodiscard]] Asked<core::V1Token> log_in(http::Client& client);
  void note_failure(LookupFault fault);

  core::PortoneV1Config config_;
  AccessWatch& watch_;
  std::mutex mutex_;
  std::condition_variable ended_;  // a login
  std::string token_;
  Steady::time_point good_until_{};
  bool is_logging_in_ = false;
  std::optional<LookupFault> failure_;  // of the last login
  std::chrono::milliseconds pause_{kFirstPause};
  Steady::time_point next_login_at_{};
};

}  // namespace reconciled::portone
