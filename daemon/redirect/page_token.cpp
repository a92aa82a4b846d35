#include "daemon/redirect/page_token.h"

#include <cstdio>

#include "daemon/core/messages/signature.h"

namespace reconciled {
namespace {

constexpr std::size_t kSealBytes = 16;
constexpr std::size_t kPayloadChars = 32;  // two numbers of 16 hex digits

}  // namespace

std::string PageTokens::seal(std::string_view payload) const {
  return core::hmac_sha256(key_, payload).substr(0, kSealBytes);
}

std::string PageTokens::make(core::EventId redirect, core::Time now) const {
  const core::Time expires = now + kLife;
  char payload[kPayloadChars + 1];
  std::snprintf(payload, sizeof payload, "%016llx%016llx",
                static_cast<unsigned long long>(redirect.value),
                static_cast<unsigned long long>(core::to_ms(expires)));
  return core::to_base64url(std::string(payload) + seal(payload));
}

std::optional<PageTokens::Meaning> PageTokens::read(std::string_view token, core::Time now) const {
  const std::optional<std::string> bytes = core::from_base64url(token);
  if (!bytes || bytes->size() != kPayloadChars + kSealBytes) return std::nullopt;
  const std::string payload = bytes->substr(0, kPayloadChars);
  if (!core::constant_time_equal(bytes->substr(kPayloadChars), seal(payload))) {
    return std::nullopt;
  }
  // Sealed by us, so it is two hex numbers.
  const auto event = static_cast<std::int64_t>(std::stoull(payload.substr(0, 16), nullptr, 16));
  const core::Time expires =
      core::from_ms(static_cast<std::int64_t>(std::stoull(payload.substr(16), nullptr, 16)));
  if (expires < now) return std::nullopt;
  return Meaning{core::EventId{event}, expires};
}

}  // namespace reconciled
