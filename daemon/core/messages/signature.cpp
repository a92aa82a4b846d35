#include "daemon/core/messages/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <stdexcept>

namespace reconciled::core {
namespace {

constexpr std::chrono::seconds kTolerance{300};
constexpr std::size_t kMaxTimestampDigits = 12;
// PortOne's are short; longer ones only make us hash.
constexpr std::size_t kMaxWebhookIdBytes = 1024;
// Two secrets give two signatures of 47 bytes; a longer header only costs us time.
constexpr std::size_t kMaxSignatureBytes = 4096;
constexpr std::size_t kDigestBytes = 32;
using Digest = std::array<unsigned char, kDigestBytes>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL refused an operation on SHA-256");
}

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

// Fetching walks OpenSSL's providers under a lock, so it is done once in a process.
EVP_MAC* hmac_algorithm() {
  static const std::unique_ptr<EVP_MAC, FreeMac> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  require(mac != nullptr);
  return mac.get();
}

// HMAC-SHA256 under one key. The keyed context is only ever copied, never fed, so that threads
// share it without a lock and no message pays for keying.
class KeyedHmac {
 public:
  explicit KeyedHmac(std::string_view key) : keyed_(EVP_MAC_CTX_new(hmac_algorithm())) {
    require(keyed_ != nullptr);
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    // OpenSSL takes a null key for "keep the old one"; an empty one must not be null.
    const std::string_view given = key.data() == nullptr ? std::string_view{""} : key;
    require(EVP_MAC_init(keyed_.get(), bytes_of(given), given.size(), parameters.data()) == 1);
  }

  [[nodiscard]] Digest sign(std::initializer_list<std::string_view> parts) const {
    const MacContext context{EVP_MAC_CTX_dup(keyed_.get())};
    require(context != nullptr);
    for (const std::string_view part : parts) {
      require(EVP_MAC_update(context.get(), bytes_of(part), part.size()) == 1);
    }
    Digest digest{};
    std::size_t size = 0;
    require(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1);
    return digest;
  }

 private:
  MacContext keyed_;
};

std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string to_base64(const Digest& digest) {
  std::array<unsigned char, 4 * ((kDigestBytes + 2) / 3) + 1> text{};
  const int size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The bytes that unpadded base64 in `alphabet` spells; nothing for foreign characters, an
// impossible length, or bits beyond the last byte (two spellings of one token would be two keys).
std::optional<std::string> decode_base64(std::string_view text, std::string_view alphabet) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6U | static_cast<unsigned>(value)) & 0xFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((buffer >> bits) & 0xFFU);
  }
  if ((buffer & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return bytes;
}

std::optional<std::chrono::seconds> read_timestamp(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text.size() > kMaxTimestampDigits ||
      !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::chrono::seconds{value};
}

// The base64 of the next `v1` entry in a signature header, which it is cut off from; other
// versions are skipped, and so is whatever follows a second comma. Nothing at the end.
std::optional<std::string_view> next_v1(std::string_view& header) {
  constexpr std::string_view kVersion = "v1,";
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(' '), header.size());
    std::string_view entry = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    if (!entry.starts_with(kVersion)) continue;
    entry.remove_prefix(kVersion.size());
    return entry.substr(0, entry.find(','));
  }
  return std::nullopt;
}

bool is_missing(const std::optional<std::string_view>& header) {
  return !header || header->empty();
}

}  // namespace

struct SignatureVerifier::Keys {
  std::vector<KeyedHmac> list;
};

SignatureVerifier::SignatureVerifier(const std::vector<std::string>& secrets)
    : keys_(std::make_unique<Keys>()) {
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    const auto key = decode_webhook_secret(secrets[i]);
    if (!key) {
      throw std::invalid_argument("webhook secret " + std::to_string(i) + " is empty or no base64");
    }
    keys_->list.emplace_back(*key);
  }
}
SignatureVerifier::~SignatureVerifier() = default;
SignatureVerifier::SignatureVerifier(SignatureVerifier&&) noexcept = default;
SignatureVerifier& SignatureVerifier::operator=(SignatureVerifier&&) noexcept = default;

SignatureVerdict SignatureVerifier::verify(const SignatureHeaders& headers, std::string_view body,
                                           Time now) const {
  if (is_missing(headers.id) || is_missing(headers.timestamp) || is_missing(headers.signature)) {
    return SignatureVerdict::kMissingHeaders;
  }
  const auto sent_at = read_timestamp(*headers.timestamp);
  if (!sent_at || headers.id->size() > kMaxWebhookIdBytes ||
      headers.signature->size() > kMaxSignatureBytes) {
    return SignatureVerdict::kMalformedHeaders;
  }
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  if (now_seconds - *sent_at > kTolerance) return SignatureVerdict::kTimestampTooOld;
  if (*sent_at - now_seconds > kTolerance) return SignatureVerdict::kTimestampTooNew;
  for (const KeyedHmac& key : keys_->list) {
    const std::string expected =
        to_base64(key.sign({*headers.id, ".", *headers.timestamp, ".", body}));
    std::string_view rest = *headers.signature;
    while (const auto candidate = next_v1(rest)) {
      if (constant_time_equal(*candidate, expected)) return SignatureVerdict::kValid;
    }
  }
  return SignatureVerdict::kNoMatch;
}

std::string_view to_word(SignatureVerdict verdict) {
  switch (verdict) {
    case SignatureVerdict::kValid:
      return "valid";
    case SignatureVerdict::kMissingHeaders:
      return "missing_headers";
    case SignatureVerdict::kMalformedHeaders:
      return "malformed_headers";
    case SignatureVerdict::kTimestampTooOld:
      return "timestamp_too_old";
    case SignatureVerdict::kTimestampTooNew:
      return "timestamp_too_new";
    case SignatureVerdict::kNoMatch:
      return "no_match";
  }
  return "unknown";
}

std::optional<std::string> decode_webhook_secret(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
  const std::size_t padding = secret.size() - std::min(secret.find('='), secret.size());
  if (padding > 0) {
    const bool fits = padding <= 2 && secret.size() % 4 == 0 && secret.ends_with('=') &&
                      secret.find_first_not_of('=', secret.size() - padding) == secret.npos;
    if (!fits) return std::nullopt;
    secret.remove_suffix(padding);
  }
  auto key = decode_base64(secret, kBase64);
  if (!key || key->empty()) return std::nullopt;
  return key;
}

std::string sign_webhook(std::string_view key, std::string_view id, std::string_view timestamp,
                         std::string_view body) {
  return "v1," + to_base64(KeyedHmac{key}.sign({id, ".", timestamp, ".", body}));
}

std::string sha256(std::string_view data) {
  Digest digest{};
  require(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return std::string(view_of(digest));
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  return std::string(view_of(KeyedHmac{key}.sign({data})));
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHex[byte >> 4U];
    hex += kHex[byte & 0x0FU];
  }
  return hex;
}

std::string to_base64url(std::string_view bytes) {
  std::string text;
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      text += kBase64Url[(buffer >> bits) & 0x3FU];
    }
  }
  if (bits > 0) text += kBase64Url[(buffer << (6 - bits)) & 0x3FU];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode_base64(text, kBase64Url);
}

bool constant_time_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace reconciled::core
