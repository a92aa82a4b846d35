#include "daemon/reconcile/negative_cache.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

constexpr core::Time kNow = core::from_ms(1'000'000);

storage::Question question(const std::string& id, bool for_redirect = true) {
  storage::Question asked{storage::QuestionKind::kV2Payment, id, std::nullopt};
  asked.for_redirect = for_redirect;
  return asked;
}

}  // namespace

TEST_CASE("negative cache: believed for 30 seconds, against redirects only") {
  NegativeCache memory;
  CHECK_FALSE(memory.known_until(question("p"), kNow));
  memory.remember({question("p")}, kNow);
  CHECK(memory.known_until(question("p"), kNow) == kNow + 30s);
  CHECK_FALSE(memory.known_until(question("other"), kNow));
  CHECK_FALSE(memory.known_until(question("p", false), kNow));
  CHECK(memory.known_until(question("p"), kNow + 30s - 1ms));
  CHECK_FALSE(memory.known_until(question("p"), kNow + 30s));
}

TEST_CASE("negative cache: a flood makes it forget, not grow") {
  NegativeCache memory;
  memory.remember({question("first")}, kNow);
  for (int i = 0; i < 10'000; ++i) memory.remember({question(std::to_string(i))}, kNow);
  CHECK_FALSE(memory.known_until(question("first"), kNow));
  CHECK(memory.known_until(question("9999"), kNow));
}
