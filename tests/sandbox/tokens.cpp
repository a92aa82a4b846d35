#include "tests/sandbox/tokens.h"

#include <random>

#include "daemon/core/messages/signature.h"

namespace reconciled::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string random_bytes(std::size_t count) {
  std::random_device device;
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(device() & 0xffU));
  return bytes;
}

// The look of a JWT, since clients pass it on unread.
std::string jwt(std::uint64_t number) {
  return core::to_base64url(R"({"alg":"HS256","typ":"JWT"})") + "." +
         core::to_base64url(R"({"sub":"sandbox","jti":)" + std::to_string(number) + "}") + "." +
         core::to_base64url(random_bytes(32));
}

}  // namespace

V1Token Tokens::v1_token(PortoneTime now) {
  const std::lock_guard lock(mutex_);
  if (v1_.text.empty() || v1_.expires_at <= now) {
    v1_ = V1Token{core::to_hex(random_bytes(20)), now + minutes(30)};
  } else if (v1_.expires_at - now < minutes(1)) {
    v1_.expires_at += minutes(5);
  }
  return v1_;
}

bool Tokens::v1_valid(std::string_view token, PortoneTime now) const {
  const std::lock_guard lock(mutex_);
  return !v1_.text.empty() && token == v1_.text && now < v1_.expires_at;
}

V2Tokens Tokens::issue_v2(PortoneTime now) {
  std::erase_if(v2_access_, [now](const auto& entry) { return entry.second <= now; });
  V2Tokens tokens{jwt(++issued_), jwt(++issued_)};
  v2_access_[tokens.access] = now + minutes(30);
  v2_refresh_ = tokens.refresh;
  v2_refresh_expires_ = now + hours(24);
  return tokens;
}

V2Tokens Tokens::v2_login(PortoneTime now) {
  const std::lock_guard lock(mutex_);
  return issue_v2(now);
}

std::optional<V2Tokens> Tokens::v2_refresh(const std::string& token, PortoneTime now) {
  const std::lock_guard lock(mutex_);
  if (v2_refresh_.empty() || token != v2_refresh_ || v2_refresh_expires_ <= now) {
    return std::nullopt;
  }
  return issue_v2(now);
}

bool Tokens::v2_valid(const std::string& token, PortoneTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found = v2_access_.find(token);
  return found != v2_access_.end() && now < found->second;
}

void Tokens::set_remaining(std::chrono::seconds left, PortoneTime now) {
  const std::lock_guard lock(mutex_);
  if (!v1_.text.empty()) v1_.expires_at = now + left;
  for (auto& entry : v2_access_) entry.second = now + left;
}

void Tokens::reset() {
  const std::lock_guard lock(mutex_);
  v1_ = V1Token{};
  v2_access_.clear();
  v2_refresh_.clear();
}

}  // namespace reconciled::sandbox
