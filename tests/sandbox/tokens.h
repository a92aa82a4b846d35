// The access tokens of both APIs (dossier §3), with their traps.
//
// V1: one token for all callers, given again until it expires; with less than a minute left its
// life grows by five. V2: a login or a refresh kills the previous refresh token at once, access
// tokens live on. Thread-safe; takes the time from its caller.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sandbox/model.h"

namespace reconciled::sandbox {

struct V1Token {
  std::string text;
  PortoneTime expires_at{};
};

struct V2Tokens {
  std::string access;
  std::string refresh;
};

class Tokens {
 public:
  [[nodiscard]] V1Token v1_token(PortoneTime now);
  [[nodiscard]] bool v1_valid(std::string_view token, PortoneTime now) const;

  [[nodiscard]] V2Tokens v2_login(PortoneTime now);
  // Nothing if the refresh token is unknown, used, or expired.
  [[nodiscard]] std::optional<V2Tokens> v2_refresh(const std::string& token, PortoneTime now);
  [[nodiscard]] bool v2_valid(const std::string& token, PortoneTime now) const;

  // Sets what is left of every living access token; 0 expires them.
  void set_remaining(std::chrono::seconds left, PortoneTime now);
  void reset();

 private:
  V2Tokens issue_v2(PortoneTime now);

  mutable std::mutex mutex_;
  std::uint64_t issued_ = 0;
  V1Token v1_;
  std::map<std::string, PortoneTime> v2_access_;
  std::string v2_refresh_;
  PortoneTime v2_refresh_expires_{};
};

}  // namespace reconciled::sandbox
