#include "daemon/runtime/metrics.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace reconciled;
using namespace std::chrono_literals;
using core::Api;
using core::EventSource;
using core::FindingKind;
using core::Result;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: every documented name stands from the start") {
  const std::string text = Metrics("1.2.3").render();
  for (const char* line :
       {"# TYPE reconciled_events_total counter", "# TYPE reconciled_ack_seconds histogram",
        "# TYPE reconciled_decide_seconds histogram", "# TYPE reconciled_lookups_total counter",
        "# TYPE reconciled_lookup_seconds histogram", "# TYPE reconciled_inbox_depth gauge",
        "# TYPE reconciled_inbox_oldest_seconds gauge", "# TYPE reconciled_payments gauge",
        "# TYPE reconciled_open_findings gauge", "# TYPE reconciled_notifications_total counter",
        "# TYPE reconciled_commit_batch_size histogram",
        "# TYPE reconciled_sweep_age_seconds gauge", "# TYPE reconciled_build_info gauge",
        "# TYPE reconciled_warning gauge", "# TYPE reconciled_unreadable_total counter",
        "# TYPE reconciled_log_dropped_total counter",
        "reconciled_build_info{version=\"1.2.3\"} 1",
        "reconciled_sweep_age_seconds{api=\"v2\"} 0", "reconciled_warning{kind=\"log\"} 0",
        "reconciled_unreadable_total{api=\"v1\",where=\"list\"} 0",
        "reconciled_payments{result=\"partially_cancelled\"} 0",
        "reconciled_open_findings{kind=\"poisoned\"} 0",
        "reconciled_notifications_total{outcome=\"superseded\"} 0"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
}

TEST_CASE("metrics: events are counted by source, api and outcome") {
  Metrics metrics("x");
  metrics.event(EventSource::kWebhook, Api::kV2, EventOutcome::kStored);
  metrics.event(EventSource::kWebhook, Api::kV2, EventOutcome::kStored);
  metrics.event(EventSource::kRedirect, std::nullopt, EventOutcome::kMalformed);
  const std::string text = metrics.render();
  CHECK(has_line(text, R"(reconciled_events_total{api="v2",outcome="stored",source="webhook"} 2)"));
  CHECK(has_line(text,
                 R"(reconciled_events_total{api="none",outcome="malformed",source="redirect"} 1)"));
  CHECK(has_line(text, R"(reconciled_events_total{api="v1",outcome="stored",source="webhook"} 0)"));
}

TEST_CASE("metrics: look-ups are counted by outcome and timed") {
  Metrics metrics("x");
  metrics.lookup(Api::kV1, LookupOutcome::kThrottled, 70ms);
  const std::string text = metrics.render();
  CHECK(has_line(text, R"(reconciled_lookups_total{api="v1",outcome="throttled"} 1)"));
  CHECK(has_line(text, R"(reconciled_lookup_seconds_bucket{le="0.05"} 0)"));
  CHECK(has_line(text, R"(reconciled_lookup_seconds_bucket{le="0.1"} 1)"));
}

TEST_CASE("metrics: durations and batches fall into their buckets") {
  Metrics metrics("x");
  metrics.ack_seconds(1500us);
  metrics.decide_seconds(2s);
  metrics.commit_batch(100);
  const std::string text = metrics.render();
  CHECK(has_line(text, R"(reconciled_ack_seconds_bucket{le="0.001"} 0)"));
  CHECK(has_line(text, R"(reconciled_ack_seconds_bucket{le="0.0025"} 1)"));
  CHECK(has_line(text, "reconciled_decide_seconds_sum 2"));
  CHECK(has_line(text, R"(reconciled_commit_batch_size_bucket{le="64"} 0)"));
  CHECK(has_line(text, R"(reconciled_commit_batch_size_bucket{le="128"} 1)"));
}

TEST_CASE("metrics: gauges show what was set last") {
  Metrics metrics("x");
  metrics.set_inbox(7, 1500ms);
  metrics.set_payments(Result::kPaid, 10);
  metrics.set_payments(Result::kPaid, 9);
  metrics.set_open_findings(FindingKind::kStuck, 3);
  metrics.set_sweep_age(Api::kV1, 90s);
  metrics.notification(NotificationOutcome::kDelivered);
  const std::string text = metrics.render();
  CHECK(has_line(text, "reconciled_inbox_depth 7"));
  CHECK(has_line(text, "reconciled_inbox_oldest_seconds 1.5"));
  CHECK(has_line(text, R"(reconciled_payments{result="paid"} 9)"));
  CHECK(has_line(text, R"(reconciled_open_findings{kind="stuck"} 3)"));
  CHECK(has_line(text, R"(reconciled_sweep_age_seconds{api="v1"} 90)"));
  CHECK(has_line(text, R"(reconciled_notifications_total{outcome="delivered"} 1)"));
}
