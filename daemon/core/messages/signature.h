// Verifying V2 webhooks: Standard Webhooks with HMAC-SHA256 (dossier §2.2, standardwebhooks.com).
//
// A verifier is built from the configured secrets once and may then be used by several threads.
// It reads no clock and never logs; secrets do not leave it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/time.h"

namespace reconciled::core {

// The three headers as received; absent where the header is missing. The caller refuses repeated
// ones before it comes here.
struct SignatureHeaders {
  std::optional<std::string_view> id;         // webhook-id
  std::optional<std::string_view> timestamp;  // webhook-timestamp, unix seconds
  std::optional<std::string_view> signature;  // webhook-signature: "v1,<base64> v1,<base64>"
};

enum class SignatureVerdict {
  kValid,
  kMissingHeaders,
  kMalformedHeaders,
  kTimestampTooOld,  // more than 300 s before `now`
  kTimestampTooNew,  // more than 300 s after `now`
  kNoMatch
};

// snake_case, for logs and the reason kept with a refused delivery.
[[nodiscard]] std::string_view to_word(SignatureVerdict verdict);

class SignatureVerifier {
 public:
  // `secrets`: base64 with or without the prefix `whsec_`. Throws std::invalid_argument naming
  // the index (never the value) of one that is no base64 or empty.
  explicit SignatureVerifier(const std::vector<std::string>& secrets);
  ~SignatureVerifier();
  SignatureVerifier(SignatureVerifier&&) noexcept;
  SignatureVerifier& operator=(SignatureVerifier&&) noexcept;

  [[nodiscard]] SignatureVerdict verify(const SignatureHeaders& headers, std::string_view body,
                                        Time now) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
};

// The decoded key of a secret (base64 after an optional `whsec_`), or nothing if it is not one.
[[nodiscard]] std::optional<std::string> decode_webhook_secret(std::string_view secret);

// `v1,<base64>` for an outgoing message: what the sandbox and the notifier put in the header.
// `key` is the decoded key.
[[nodiscard]] std::string sign_webhook(std::string_view key, std::string_view id,
                                       std::string_view timestamp, std::string_view body);

// Lower-case hex and raw SHA-256, and base64url without padding, for keys and tokens of our own.
[[nodiscard]] std::string sha256(std::string_view data);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view data);
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string to_base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
[[nodiscard]] bool constant_time_equal(std::string_view left, std::string_view right);

}  // namespace reconciled::core
