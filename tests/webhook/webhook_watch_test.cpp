#include "daemon/webhook/webhook_watch.h"

#include <doctest/doctest.h>

#include "daemon/runtime/metrics.h"

using namespace reconciled;
using namespace std::chrono_literals;
using core::Api;
using core::SignatureVerdict;

namespace {

struct Watched {
  SystemClock clock;
  Metrics metrics{"x"};
  Warnings warnings{clock, metrics};
  Timers timers;
  WebhookWatch watch{warnings, timers};
  WebhookWatch::Now now = std::chrono::steady_clock::now();

  void refuse(int times, SignatureVerdict verdict = SignatureVerdict::kNoMatch) {
    for (int i = 0; i < times; ++i) watch.signature_refused(verdict, now);
  }
  [[nodiscard]] std::string detail() const {
    const auto standing = warnings.standing();
    return standing.empty() ? "" : standing.front().detail;
  }
};

}  // namespace

TEST_CASE("webhook watch: five refused signatures with none good between are a warning") {
  Watched w;
  w.refuse(4);
  CHECK(w.warnings.standing().empty());
  w.watch.signature_good();
  w.refuse(4);
  CHECK(w.warnings.standing().empty());
  w.refuse(1);
  REQUIRE(w.warnings.standing().size() == 1);
  CHECK(w.warnings.standing().front().kind == WarningKind::kWebhookSignature);
  w.refuse(100);
  CHECK(w.warnings.standing().size() == 1);
  w.watch.signature_good();
  CHECK(w.warnings.standing().empty());
}

TEST_CASE("webhook watch: few refused signatures over more than a minute are a warning, too") {
  Watched w;
  w.refuse(1);
  w.now += 1min;
  w.refuse(1);
  CHECK(w.warnings.standing().empty());
  w.now += 1s;
  w.refuse(1);
  CHECK(w.warnings.standing().size() == 1);
}

TEST_CASE("webhook watch: the warning says what to check") {
  const std::pair<SignatureVerdict, const char*> table[] = {
      {SignatureVerdict::kNoMatch, "webhook_secrets"},
      {SignatureVerdict::kTimestampTooOld, "clock"},
      {SignatureVerdict::kTimestampTooNew, "clock"},
      {SignatureVerdict::kMissingHeaders, "Issue a webhook secret"},
      {SignatureVerdict::kMalformedHeaders, "proxy"}};
  for (const auto& [verdict, word] : table) {
    Watched w;
    w.refuse(5, verdict);
    CHECK(w.detail().find(word) != std::string::npos);
  }
}

TEST_CASE("webhook watch: webhooks for an API that is not configured warn until they cease") {
  Watched w;
  w.watch.not_configured(Api::kV1, w.now);
  w.watch.not_configured(Api::kV2, w.now);
  w.watch.not_configured(Api::kV1, w.now + 5min);
  const auto standing = w.warnings.standing();
  REQUIRE(standing.size() == 2);
  CHECK(standing[0].kind == WarningKind::kWebhookNotConfigured);
  CHECK(standing[0].about == "v1");
  CHECK(standing[0].detail.find("[portone.v1]") != std::string::npos);
  CHECK(standing[1].about == "v2");
  w.watch.end_if_quiet(Api::kV1, w.now + 14min);
  w.watch.end_if_quiet(Api::kV2, w.now + 9min);
  CHECK(w.warnings.standing().size() == 2);
  w.watch.end_if_quiet(Api::kV1, w.now + 15min);
  REQUIRE(w.warnings.standing().size() == 1);
  CHECK(w.warnings.standing().front().about == "v2");
  w.watch.configured(Api::kV2);
  CHECK(w.warnings.standing().empty());
  w.watch.not_configured(Api::kV2, w.now + 20min);
  CHECK(w.warnings.standing().size() == 1);
}
