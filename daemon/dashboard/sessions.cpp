#include "daemon/dashboard/sessions.h"

#include <cstdio>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/text.h"

namespace reconciled::dashboard {
namespace {

// So many addresses, and so many sessions that were signed out, are remembered; the oldest go.
constexpr std::size_t kMostRemembered = 1'000;
constexpr std::size_t kTimeChars = 16;  // hex digits

std::string hex(core::Time time) {
  char text[kTimeChars + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(core::to_ms(time)));
  return text;
}

std::string attributes(bool secure) {
  return std::string("; Path=/; HttpOnly; SameSite=Strict") + (secure ? "; Secure" : "");
}

}  // namespace

std::string cookie_value(const http::Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (!core::equal_ignoring_case(header, "cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      std::string_view one = rest.substr(0, end);
      while (one.starts_with(' ')) one.remove_prefix(1);
      const auto equals = one.find('=');
      if (equals != std::string_view::npos && one.substr(0, equals) == name) {
        return std::string(one.substr(equals + 1));
      }
      rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    }
  }
  return "";
}

Sessions::Sessions(std::string key, std::string token)
    : key_(std::move(key)),
      name_("reconciled_" + core::to_hex(core::hmac_sha256(key_, "name")).substr(0, 8)),
      token_(std::move(token)) {}

void Sessions::set_token(std::string token) {
  const std::lock_guard lock(mutex_);
  token_ = std::move(token);
}

bool Sessions::needs_sign_in() const {
  const std::lock_guard lock(mutex_);
  return !token_.empty();
}

Sessions::Verdict Sessions::check(std::string_view given, const std::string& address,
                                  core::Time now) {
  const std::lock_guard lock(mutex_);
  if (const auto found = tries_.find(address); found != tries_.end()) {
    const bool is_over = now - found->second.since >= kTryAgainAfter || now < found->second.since;
    if (is_over) tries_.erase(found);
    else if (found->second.wrong >= kTries) return Verdict::kTooMany;
  }
  if (core::constant_time_equal(given, token_)) {
    tries_.erase(address);
    return Verdict::kRight;
  }
  if (tries_.size() >= kMostRemembered) tries_.clear();
  Tries& tries = tries_[address];
  if (tries.wrong++ == 0) tries.since = now;
  return Verdict::kWrong;
}

bool Sessions::is_bearer(std::string_view authorization) const {
  const std::lock_guard lock(mutex_);
  return !token_.empty() && core::constant_time_equal(authorization, "Bearer " + token_);
}

std::string Sessions::sealing_key() const {
  const std::lock_guard lock(mutex_);
  return core::hmac_sha256(key_, "session of " + token_);
}

std::string Sessions::begin(bool secure, core::Time now) const {
  const std::string until = hex(now + kLife);
  const std::string seal = core::to_base64url(core::hmac_sha256(sealing_key(), until));
  return name_ + "=" + until + seal + attributes(secure) +
         "; Max-Age=" + std::to_string(std::chrono::seconds(kLife).count());
}

std::string Sessions::end(const http::Request& request, core::Time now) {
  const std::string cookie = cookie_of(request);
  if (is_signed_in(request, now)) {
    const std::lock_guard lock(mutex_);
    std::erase_if(over_, [&](const auto& one) { return one.second < now; });
    if (over_.size() >= kMostRemembered) over_.erase(over_.begin());
    over_[cookie] = now + kLife;
  }
  return name_ + "=" + attributes(request.secure) + "; Max-Age=0";
}

std::string Sessions::cookie_of(const http::Request& request) const {
  return cookie_value(request, name_);
}

bool Sessions::is_signed_in(const http::Request& request, core::Time now) const {
  const std::string cookie = cookie_of(request);
  if (cookie.size() <= kTimeChars || !needs_sign_in()) return false;
  const std::string until = cookie.substr(0, kTimeChars);
  const std::string seal = core::to_base64url(core::hmac_sha256(sealing_key(), until));
  if (!core::constant_time_equal(std::string_view(cookie).substr(kTimeChars), seal)) return false;
  const std::lock_guard lock(mutex_);
  // Both are 16 hex digits.
  return until > hex(now) && !over_.contains(cookie);
}

std::string Sessions::form_token(const http::Request& request) const {
  return core::to_base64url(core::hmac_sha256(sealing_key(), "form of " + cookie_of(request)));
}

bool Sessions::is_form_token(const http::Request& request, std::string_view given) const {
  return core::constant_time_equal(given, form_token(request));
}

}  // namespace reconciled::dashboard
