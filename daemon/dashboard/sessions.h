// Who is signed in to the dashboard: a cookie that says until when, sealed.
//
// The seal's key is made from a key that the database keeps and from `admin.token`: a session
// survives a restart, and a changed token ends all of them. Any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "daemon/core/words/time.h"
#include "daemon/http/exchange.h"

namespace reconciled::dashboard {

class Sessions {
 public:
  static constexpr std::chrono::hours kLife{12};
  // Of one address; a person mistypes a few times.
  static constexpr int kTries = 5;
  static constexpr std::chrono::minutes kTryAgainAfter{1};

  // `key`: kept by the database. An empty token: nobody signs in, all are in.
  Sessions(std::string key, std::string token);

  void set_token(std::string token);
  [[nodiscard]] bool needs_sign_in() const;

  enum class Verdict { kRight, kWrong, kTooMany };
  // Whether `given` is the token; wrong ones are counted by the address that they came from.
  [[nodiscard]] Verdict check(std::string_view given, const std::string& address, core::Time now);
  // A new cookie as Set-Cookie says it; and what takes it away.
  [[nodiscard]] std::string begin(bool secure, core::Time now) const;
  [[nodiscard]] std::string end(const http::Request& request, core::Time now);

  // Of an Authorization header: what programs say in the cookie's place.
  [[nodiscard]] bool is_bearer(std::string_view authorization) const;
  // By the cookie alone.
  [[nodiscard]] bool is_signed_in(const http::Request& request, core::Time now) const;

  // What each form of this session carries, and whether it did. A page elsewhere can send our forms
  // and cannot read them.
  [[nodiscard]] std::string form_token(const http::Request& request) const;
  [[nodiscard]] bool is_form_token(const http::Request& request, std::string_view given) const;

 private:
  struct Tries {
    int wrong = 0;
    core::Time since{};
  };
  [[nodiscard]] std::string sealing_key() const;
  [[nodiscard]] std::string cookie_of(const http::Request& request) const;

  const std::string key_;
  const std::string name_;  // two daemons on one host have cookies of their own
  mutable std::mutex mutex_;
  std::string token_;                       // guarded by mutex_, like all below
  std::map<std::string, Tries> tries_;      // by address
  std::map<std::string, core::Time> over_;  // cookies that were signed out, until they end anyway
};

// The value of a request's cookie; empty where there is none.
[[nodiscard]] std::string cookie_value(const http::Request& request, std::string_view name);

}  // namespace reconciled::dashboard
