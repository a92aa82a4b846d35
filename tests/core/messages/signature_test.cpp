#include "daemon/core/messages/signature.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace reconciled::core;

namespace {

// The example of standardwebhooks.com's specification and libraries.
constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kTimestamp = "1614265330";
constexpr const char* kBody = "{\"test\": 2432232314}";
constexpr const char* kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr const char* kOther = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

Time at_second(std::int64_t seconds) { return from_ms(seconds * 1000); }

SignatureVerdict verdict(std::string_view signature, std::string_view timestamp = kTimestamp,
                         std::string_view id = kId, std::string_view body = kBody,
                         Time now = at_second(1614265330)) {
  return SignatureVerifier{{kSecret}}.verify({id, timestamp, signature}, body, now);
}

}  // namespace

TEST_CASE("signature: the specification's example verifies") {
  CHECK(verdict(kSignature) == SignatureVerdict::kValid);
  CHECK(sign_webhook(*decode_webhook_secret(kSecret), kId, kTimestamp, kBody) == kSignature);
}

TEST_CASE("signature: any change of id, time, body or signature is no match") {
  CHECK(verdict(kSignature, kTimestamp, "msg_2") == SignatureVerdict::kNoMatch);
  CHECK(verdict(kSignature, "1614265331") == SignatureVerdict::kNoMatch);
  CHECK(verdict(kSignature, kTimestamp, kId, "{\"test\": 2432232315}") ==
        SignatureVerdict::kNoMatch);
  CHECK(verdict(kSignature, kTimestamp, kId, "") == SignatureVerdict::kNoMatch);
  CHECK(verdict(kOther) == SignatureVerdict::kNoMatch);
}

TEST_CASE("signature: one match of several is enough, foreign versions are skipped") {
  const std::string good = kSignature;
  CHECK(verdict(std::string(kOther) + " " + good) == SignatureVerdict::kValid);
  CHECK(verdict(good + " " + kOther) == SignatureVerdict::kValid);
  CHECK(verdict("v1a,xyz v2," + good.substr(3) + "  " + good) == SignatureVerdict::kValid);
  CHECK(verdict(good + ",ignored") == SignatureVerdict::kValid);
  CHECK(verdict("v2," + good.substr(3)) == SignatureVerdict::kNoMatch);
  CHECK(verdict(good.substr(3)) == SignatureVerdict::kNoMatch);
  CHECK(verdict("v1,") == SignatureVerdict::kNoMatch);
  CHECK(verdict(good.substr(0, good.size() - 1)) == SignatureVerdict::kNoMatch);
}

TEST_CASE("signature: either of two active secrets verifies") {
  const std::string other = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  const SignatureHeaders headers{kId, kTimestamp, kSignature};
  const Time now = at_second(1614265330);
  CHECK(SignatureVerifier{{other, kSecret}}.verify(headers, kBody, now) ==
        SignatureVerdict::kValid);
  CHECK(SignatureVerifier{{kSecret, other}}.verify(headers, kBody, now) ==
        SignatureVerdict::kValid);
  CHECK(SignatureVerifier{{other}}.verify(headers, kBody, now) == SignatureVerdict::kNoMatch);
  CHECK(SignatureVerifier{std::vector<std::string>{}}.verify(headers, kBody, now) ==
        SignatureVerdict::kNoMatch);
}

TEST_CASE("signature: 300 seconds either way are tolerated, 301 are not") {
  const auto at = [](Time now) { return verdict(kSignature, kTimestamp, kId, kBody, now); };
  CHECK(at(at_second(1614265330 + 300)) == SignatureVerdict::kValid);
  CHECK(at(from_ms((1614265330 + 300) * 1000LL + 999)) == SignatureVerdict::kValid);
  CHECK(at(at_second(1614265330 + 301)) == SignatureVerdict::kTimestampTooOld);
  CHECK(at(at_second(1614265330 - 300)) == SignatureVerdict::kValid);
  CHECK(at(at_second(1614265330 - 301)) == SignatureVerdict::kTimestampTooNew);
}

TEST_CASE("signature: a long webhook-id, and one of any bytes, is verified like any other") {
  const SignatureVerifier verifier{{kSecret}};
  const std::string key = *decode_webhook_secret(kSecret);
  for (const std::string& id :
       {std::string(300, 'a'), std::string(1024, 'a'), std::string("a\xFF")}) {
    const std::string signature = sign_webhook(key, id, kTimestamp, kBody);
    const SignatureHeaders headers{id, kTimestamp, signature};
    CHECK(verifier.verify(headers, kBody, at_second(1614265330)) == SignatureVerdict::kValid);
    CHECK(verifier.verify(headers, "x", at_second(1614265330)) == SignatureVerdict::kNoMatch);
  }
}

TEST_CASE("signature: missing and malformed headers are told apart") {
  const SignatureVerifier verifier{{kSecret}};
  const Time now = at_second(1614265330);
  const auto of = [&](SignatureHeaders headers) { return verifier.verify(headers, kBody, now); };
  CHECK(of({std::nullopt, kTimestamp, kSignature}) == SignatureVerdict::kMissingHeaders);
  CHECK(of({kId, std::nullopt, kSignature}) == SignatureVerdict::kMissingHeaders);
  CHECK(of({kId, kTimestamp, std::nullopt}) == SignatureVerdict::kMissingHeaders);
  CHECK(of({kId, kTimestamp, ""}) == SignatureVerdict::kMissingHeaders);
  for (const char* timestamp : {"-1614265330", "+1614265330", "1614265330.0", " 1614265330", "x",
                                "1614265330000000000000", "99999999999999999999999999"}) {
    CHECK_MESSAGE(of({kId, timestamp, kSignature}) == SignatureVerdict::kMalformedHeaders,
                  timestamp);
  }
  const std::string long_id(1025, 'a');
  CHECK(of({long_id, kTimestamp, kSignature}) == SignatureVerdict::kMalformedHeaders);
  const std::string long_signature(5000, 'a');
  CHECK(of({kId, kTimestamp, long_signature}) == SignatureVerdict::kMalformedHeaders);
}

TEST_CASE("signature: a secret that is no base64 or empty is refused by its index alone") {
  for (const char* bad : {"", "whsec_", "whsec_!!!!", "whsec_A", "AQI=DBA",
                          "====", "AQ===", "AQ=", "whsec_AQID BAUG"}) {
    CHECK_MESSAGE(!decode_webhook_secret(bad).has_value(), bad);
  }
  CHECK(decode_webhook_secret("AQID") == "\x01\x02\x03");
  CHECK(decode_webhook_secret("whsec_AQI=") == "\x01\x02");
  CHECK(decode_webhook_secret("whsec_AQI") == "\x01\x02");
  try {
    SignatureVerifier verifier{{kSecret, "whsec_not*base64"}};
    FAIL("a bad secret was taken");
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    CHECK(text.find('1') != std::string::npos);
    CHECK(text.find("not*base64") == std::string::npos);
  }
}

TEST_CASE("signature: threads share one verifier") {
  const SignatureVerifier verifier{{kSecret}};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&verifier, &wrong, t] {
      const Time now = at_second(1614265330);
      for (int i = 0; i < 500; ++i) {
        const bool good = (t + i) % 2 == 0;
        const auto got = verifier.verify({kId, kTimestamp, good ? kSignature : kOther}, kBody, now);
        if (got != (good ? SignatureVerdict::kValid : SignatureVerdict::kNoMatch)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("digests: known answers") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, test case 2, and the empty key.
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac_sha256({}, {})) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("base64url: round trips without padding, other spellings are refused") {
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(from_base64url(to_base64url(text)) == text);
  }
  CHECK(to_base64url("\xFB\xFF\xFE") == "-__-");
  CHECK(to_base64url("f") == "Zg");
  CHECK_FALSE(from_base64url("Zg==").has_value());
  CHECK_FALSE(from_base64url("Zh").has_value());  // bits behind the last byte
  CHECK_FALSE(from_base64url("+/").has_value());
  CHECK_FALSE(from_base64url("A").has_value());
}

TEST_CASE("constant-time comparison: equal text of equal length only") {
  CHECK(constant_time_equal("abc", "abc"));
  CHECK(constant_time_equal("", ""));
  CHECK_FALSE(constant_time_equal("abc", "abd"));
  CHECK_FALSE(constant_time_equal("abc", "ab"));
}
