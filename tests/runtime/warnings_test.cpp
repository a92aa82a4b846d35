#include "daemon/runtime/warnings.h"

#include <doctest/doctest.h>

#include <string>

#include "daemon/runtime/metrics.h"

using namespace reconciled;

namespace {

struct HandClock final : Clock {
  core::Time time = core::from_ms(1'000);
  [[nodiscard]] core::Time now() const override { return time; }
};

}  // namespace

TEST_CASE("warnings: each stands from its first to its last word, with the newest detail") {
  HandClock clock;
  Metrics metrics("x");
  Warnings warnings(clock, metrics);
  warnings.raise(WarningKind::kPortoneUnauthorized, "v2", "the API secret is refused");
  clock.time = core::from_ms(5'000);
  warnings.raise(WarningKind::kSweepFailing, "v1", "401");
  warnings.raise(WarningKind::kPortoneUnauthorized, "v2", "the API secret is refused still");

  const auto standing = warnings.standing();
  REQUIRE(standing.size() == 2);
  CHECK(standing[0].kind == WarningKind::kPortoneUnauthorized);
  CHECK(standing[0].about == "v2");
  CHECK(standing[0].since == core::from_ms(1'000));
  CHECK(standing[0].detail == "the API secret is refused still");
  CHECK(metrics.render().find("reconciled_warning{kind=\"sweep_failing\"} 1") !=
        std::string::npos);

  warnings.lower(WarningKind::kSweepFailing, "v2");  // another
  CHECK(warnings.standing().size() == 2);
  warnings.lower(WarningKind::kSweepFailing, "v1");
  CHECK(warnings.standing().size() == 1);
  CHECK(metrics.render().find("reconciled_warning{kind=\"sweep_failing\"} 0") !=
        std::string::npos);
}
