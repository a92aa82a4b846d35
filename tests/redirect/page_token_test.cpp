#include "daemon/redirect/page_token.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

const core::Time kNow = core::from_ms(1'795'000'000'000);
const std::string kKey(32, 'k');

}  // namespace

TEST_CASE("page token: it names its redirect for 30 minutes, across a restart") {
  const std::string token = PageTokens(kKey).make(core::EventId{42}, kNow);
  const PageTokens restarted(kKey);
  CHECK(restarted.read(token, kNow)->redirect == core::EventId{42});
  CHECK(restarted.read(token, kNow + 30min)->redirect == core::EventId{42});
  CHECK(restarted.read(token, kNow + 20min)->expires == kNow + 30min);
  CHECK_FALSE(restarted.read(token, kNow + 30min + 1ms).has_value());
}

TEST_CASE("page token: it stands in an address as it is") {
  for (std::int64_t id = 1; id < 200; ++id) {
    const std::string token = PageTokens(kKey).make(core::EventId{id}, kNow);
    CHECK(std::all_of(token.begin(), token.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    }));
  }
  const std::string last = PageTokens(kKey).make(core::EventId{INT64_MAX}, kNow);
  CHECK(PageTokens(kKey).read(last, kNow)->redirect == core::EventId{INT64_MAX});
}

TEST_CASE("page token: another key's, a changed or a broken one is none") {
  const PageTokens tokens(kKey);
  const std::string token = tokens.make(core::EventId{42}, kNow);
  CHECK_FALSE(PageTokens(std::string(32, 'x')).read(token, kNow).has_value());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(tokens.read(changed, kNow).has_value());
  }
  for (std::size_t length = 0; length < token.size(); ++length) {
    CHECK_FALSE(tokens.read(token.substr(0, length), kNow).has_value());
  }
  CHECK_FALSE(tokens.read(token + token, kNow).has_value());
  CHECK_FALSE(tokens.read("<script>", kNow).has_value());
}

TEST_CASE("page token: the next redirect's token does not follow from this one's") {
  const PageTokens tokens(kKey);
  const std::string first = tokens.make(core::EventId{1}, kNow);
  const std::string second = tokens.make(core::EventId{2}, kNow);
  CHECK(first != second);
  // The seal differs, not just the number.
  CHECK(first.substr(first.size() - 16) != second.substr(second.size() - 16));
}
