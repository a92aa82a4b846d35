// Any bytes as the three headers and the body of a signed webhook.
//
// Input: one byte of switches, then id NUL timestamp NUL signature NUL body. A switch puts the
// right signature there, so that what must be accepted is searched as well as what must not.
#include <array>
#include <stdexcept>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/ids.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace core = reconciled::core;
using core::SignatureVerdict;
using reconciled::fuzz::invariant;
using reconciled::fuzz::take_until;

constexpr std::array<const char*, 2> kSecrets{"whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
                                              "ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4Q="};
constexpr std::int64_t kNow = 1788231605;  // of the recorded messages, unix seconds
constexpr std::int64_t kTolerance = 300;

enum Switch : unsigned {
  kNoId = 1,
  kNoTimestamp = 2,
  kNoSignature = 4,
  kSign = 8,
  kSecondKey = 16
};

struct Delivery {
  core::SignatureHeaders headers;
  std::string_view body;
};

const core::SignatureVerifier& verifier() {
  static const core::SignatureVerifier made{{kSecrets[0], kSecrets[1]}};
  return made;
}

std::string right_signature(const Delivery& delivery, std::size_t key) {
  return core::sign_webhook(core::decode_webhook_secret(kSecrets[key]).value(),
                            *delivery.headers.id, *delivery.headers.timestamp, delivery.body);
}

// The rule in its slowest form: one of the entries between blanks is a right one, up to a second
// comma.
bool holds_right_signature(const Delivery& delivery) {
  const std::array<std::string, 2> right{right_signature(delivery, 0),
                                         right_signature(delivery, 1)};
  std::string_view rest = *delivery.headers.signature;
  while (!rest.empty()) {
    const std::string_view entry = take_until(rest, ' ');
    for (const std::string& signature : right) {
      if (entry == signature || entry.substr(0, entry.find(',', 3)) == signature) return true;
    }
  }
  return false;
}

bool is_timely(std::string_view timestamp) {
  if (timestamp.empty() || timestamp.size() > 12) return false;
  std::int64_t value = 0;
  for (const char c : timestamp) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return value >= kNow - kTolerance && value <= kNow + kTolerance;
}

bool should_be_valid(const Delivery& delivery) {
  const core::SignatureHeaders& headers = delivery.headers;
  return headers.id && headers.timestamp && headers.signature && !headers.id->empty() &&
         headers.id->size() <= 1024 && is_timely(*headers.timestamp) &&
         headers.signature->size() <= 4096 && holds_right_signature(delivery);
}

void check_verdict(const Delivery& delivery) {
  const core::Time now = core::from_ms(kNow * 1000 + 999);
  const auto verdict = verifier().verify(delivery.headers, delivery.body, now);
  invariant((verdict == SignatureVerdict::kValid) == should_be_valid(delivery),
            "exactly the rightly signed messages are valid");
  if (verdict != SignatureVerdict::kValid) return;
  const std::string longer = std::string(delivery.body) + "\n";
  invariant(verifier().verify(delivery.headers, longer, now) == SignatureVerdict::kNoMatch,
            "a changed body is never valid");
}

void check_secret(std::string_view text) {
  const auto key = core::decode_webhook_secret(text);
  invariant(!key || !key->empty(), "an empty key is no key");
  try {
    const core::SignatureVerifier made{{std::string(text)}};
    invariant(key.has_value(), "a verifier takes what decodes");
  } catch (const std::invalid_argument& error) {
    invariant(!key, "a verifier refuses what does not decode");
  }
  invariant(core::from_base64url(core::to_base64url(text)) == text, "base64url can be undone");
  const auto bytes = core::from_base64url(text);
  invariant(!bytes || core::to_base64url(*bytes) == text, "base64url has one spelling");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned switches = data[0];
  std::string_view rest = reconciled::fuzz::text_of(data + 1, size - 1);
  check_secret(rest);
  Delivery delivery;
  delivery.headers.id = take_until(rest, '\0');
  delivery.headers.timestamp = take_until(rest, '\0');
  std::string signature{take_until(rest, '\0')};
  delivery.body = rest;
  check_secret(signature);
  if ((switches & kSign) != 0) {
    signature += right_signature(delivery, (switches & kSecondKey) != 0 ? 1 : 0);
  }
  delivery.headers.signature = signature;
  if ((switches & kNoId) != 0) delivery.headers.id.reset();
  if ((switches & kNoTimestamp) != 0) delivery.headers.timestamp.reset();
  if ((switches & kNoSignature) != 0) delivery.headers.signature.reset();
  check_verdict(delivery);
  return 0;
}
