#include "daemon/runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <initializer_list>
#include <sstream>

namespace reconciled {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::array<std::string_view, 7> kEventOutcomes{
    "stored",         "copy",           "malformed",  "bad_signature",
    "refused_source", "not_configured", "unavailable"};
constexpr std::array<std::string_view, 7> kLookupOutcomes{
    "answered",     "not_found",   "unauthorized", "throttled",
    "server_error", "unreachable", "malformed"};
constexpr std::array<std::string_view, 4> kNotificationOutcomes{"delivered", "failed", "parked",
                                                                "superseded"};
constexpr std::array<std::string_view, 4> kUnreadableWheres{"payment", "batch", "list",
                                                            "transactions"};
constexpr std::size_t kSources = 3;
constexpr std::size_t kApis = 2;
constexpr std::size_t kResults = 8;
using core::kFindingKinds;
static_assert(static_cast<std::size_t>(core::EventSource::kConfirm) + 1 == kSources);
static_assert(static_cast<std::size_t>(core::Api::kV2) + 1 == kApis);
static_assert(static_cast<std::size_t>(core::Result::kFailed) + 1 == kResults);
static_assert(static_cast<std::size_t>(EventOutcome::kUnavailable) + 1 == kEventOutcomes.size());
static_assert(static_cast<std::size_t>(LookupOutcome::kMalformed) + 1 == kLookupOutcomes.size());
static_assert(static_cast<std::size_t>(NotificationOutcome::kSuperseded) + 1 ==
              kNotificationOutcomes.size());
static_assert(static_cast<std::size_t>(UnreadableWhere::kTransactions) + 1 ==
              kUnreadableWheres.size());

template <class Enum>
std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

// Upper bounds in seconds, the batches' in units.
using Buckets = std::initializer_list<double>;
constexpr Buckets kAckBuckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                              0.1,    0.25,  0.5,    1,     2.5,  5};
constexpr Buckets kDecideBuckets{0.001, 0.002, 0.003, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300, 1800};
constexpr Buckets kLookupBuckets{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
constexpr Buckets kBatchBuckets{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

Histogram& make_histogram(prometheus::Registry& registry, const char* name, const char* help,
                          Buckets buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {}, Histogram::BucketBoundaries(buckets));
}

Gauge& make_gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

std::string_view to_word(EventOutcome outcome) { return kEventOutcomes.at(index_of(outcome)); }
std::string_view to_word(LookupOutcome outcome) { return kLookupOutcomes.at(index_of(outcome)); }
std::string_view to_word(NotificationOutcome outcome) {
  return kNotificationOutcomes.at(index_of(outcome));
}
std::string_view to_word(UnreadableWhere where) { return kUnreadableWheres.at(index_of(where)); }

// The registry and pointers into it, by the enumerators' numbers.
struct Metrics::Series {
  explicit Series(std::string_view version);
  void make_counters();
  void make_gauges(std::string_view version);

  prometheus::Registry registry;
  // The api behind the last one is `none`.
  std::array<std::array<std::array<Counter*, kEventOutcomes.size()>, kApis + 1>, kSources> events{};
  std::array<std::array<Counter*, kLookupOutcomes.size()>, kApis> lookups{};
  std::array<Counter*, kNotificationOutcomes.size()> notifications{};
  std::array<std::array<Counter*, kUnreadableWheres.size()>, kApis> unreadable{};
  std::array<Gauge*, kResults> payments{};
  std::array<Gauge*, kApis> sweep_age{};
  std::array<Gauge*, kWarningKinds> warnings{};
  std::array<Gauge*, kFindingKinds> open_findings{};
  Histogram& ack = make_histogram(registry, "reconciled_ack_seconds",
                                  "From the whole request read to its 2xx released.", kAckBuckets);
  Histogram& decide =
      make_histogram(registry, "reconciled_decide_seconds",
                     "From an event stored to the result that follows from it.", kDecideBuckets);
  Histogram& lookup = make_histogram(registry, "reconciled_lookup_seconds",
                                     "How long PortOne took to answer.", kLookupBuckets);
  Histogram& commit_batch = make_histogram(registry, "reconciled_commit_batch_size",
                                           "Units of work in one commit.", kBatchBuckets);
  Counter& log_dropped = prometheus::BuildCounter()
                             .Name("reconciled_log_dropped_total")
                             .Help("Log lines that nobody took in time.")
                             .Register(registry)
                             .Add({});
  Gauge& inbox_depth =
      make_gauge(registry, "reconciled_inbox_depth", "Stored events not yet reconciled.");
  Gauge& inbox_oldest = make_gauge(registry, "reconciled_inbox_oldest_seconds",
                                   "Age of the oldest event not yet reconciled.");
};

Metrics::Series::Series(std::string_view version) {
  make_counters();
  make_gauges(version);
}

void Metrics::Series::make_counters() {
  auto& event_family = prometheus::BuildCounter()
                           .Name("reconciled_events_total")
                           .Help("Webhooks, redirects and confirm calls by how they were answered.")
                           .Register(registry);
  auto& lookup_family = prometheus::BuildCounter()
                            .Name("reconciled_lookups_total")
                            .Help("Questions to PortOne by how they ended.")
                            .Register(registry);
  auto& unreadable_family = prometheus::BuildCounter()
                                .Name("reconciled_unreadable_total")
                                .Help("What PortOne sent that could not be read.")
                                .Register(registry);
  for (std::size_t api = 0; api <= kApis; ++api) {
    const std::string api_word(api < kApis ? core::to_word(static_cast<core::Api>(api)) : "none");
    for (std::size_t outcome = 0; outcome < kEventOutcomes.size(); ++outcome) {
      for (std::size_t source = 0; source < kSources; ++source) {
        events[source][api][outcome] = &event_family.Add(
            {{"source", std::string(core::to_word(static_cast<core::EventSource>(source)))},
             {"api", api_word},
             {"outcome", std::string(kEventOutcomes[outcome])}});
      }
    }
    if (api == kApis) continue;
    for (std::size_t where = 0; where < kUnreadableWheres.size(); ++where) {
      unreadable[api][where] = &unreadable_family.Add(
          {{"api", api_word}, {"where", std::string(kUnreadableWheres[where])}});
    }
    for (std::size_t outcome = 0; outcome < kLookupOutcomes.size(); ++outcome) {
      lookups[api][outcome] = &lookup_family.Add(
          {{"api", api_word}, {"outcome", std::string(kLookupOutcomes[outcome])}});
    }
  }
  auto& notification_family = prometheus::BuildCounter()
                                  .Name("reconciled_notifications_total")
                                  .Help("Messages to the shop's backend by how they ended.")
                                  .Register(registry);
  for (std::size_t i = 0; i < notifications.size(); ++i) {
    notifications[i] =
        &notification_family.Add({{"outcome", std::string(kNotificationOutcomes[i])}});
  }
}

void Metrics::Series::make_gauges(std::string_view version) {
  auto& sweep_family = prometheus::BuildGauge()
                           .Name("reconciled_sweep_age_seconds")
                           .Help("Since the last good sweep of PortOne's lists, or the start.")
                           .Register(registry);
  for (std::size_t i = 0; i < kApis; ++i) {
    sweep_age[i] =
        &sweep_family.Add({{"api", std::string(core::to_word(static_cast<core::Api>(i)))}});
  }
  auto& warning_family = prometheus::BuildGauge()
                             .Name("reconciled_warning")
                             .Help("1 while that warning stands.")
                             .Register(registry);
  for (std::size_t i = 0; i < kWarningKinds; ++i) {
    warnings[i] = &warning_family.Add(
        {{"kind", std::string(to_word(static_cast<WarningKind>(i)))}});
  }
  auto& payment_family = prometheus::BuildGauge()
                             .Name("reconciled_payments")
                             .Help("Payments by result.")
                             .Register(registry);
  for (std::size_t i = 0; i < kResults; ++i) {
    payments[i] =
        &payment_family.Add({{"result", std::string(core::to_word(static_cast<core::Result>(i)))}});
  }
  auto& finding_family = prometheus::BuildGauge()
                             .Name("reconciled_open_findings")
                             .Help("Open findings by kind.")
                             .Register(registry);
  for (std::size_t i = 0; i < kFindingKinds; ++i) {
    open_findings[i] = &finding_family.Add(
        {{"kind", std::string(core::to_word(static_cast<core::FindingKind>(i)))}});
  }
  prometheus::BuildGauge()
      .Name("reconciled_build_info")
      .Help("The running version; always 1.")
      .Register(registry)
      .Add({{"version", std::string(version)}})
      .Set(1);
}

Metrics::Metrics(std::string_view version) : series_(std::make_unique<Series>(version)) {}
Metrics::~Metrics() = default;

void Metrics::event(core::EventSource source, std::optional<core::Api> api, EventOutcome outcome) {
  const std::size_t api_index = api ? index_of(*api) : kApis;
  series_->events.at(index_of(source)).at(api_index).at(index_of(outcome))->Increment();
}

void Metrics::ack_seconds(Seconds from_request_to_2xx) {
  series_->ack.Observe(from_request_to_2xx.count());
}

void Metrics::decide_seconds(Seconds from_stored_to_result) {
  series_->decide.Observe(from_stored_to_result.count());
}

void Metrics::lookup(core::Api api, LookupOutcome outcome, Seconds took) {
  series_->lookups.at(index_of(api)).at(index_of(outcome))->Increment();
  series_->lookup.Observe(took.count());
}

void Metrics::notification(NotificationOutcome outcome) {
  series_->notifications.at(index_of(outcome))->Increment();
}

void Metrics::commit_batch(std::size_t units) {
  series_->commit_batch.Observe(static_cast<double>(units));
}

void Metrics::set_inbox(std::uint64_t depth, Seconds oldest) {
  series_->inbox_depth.Set(static_cast<double>(depth));
  series_->inbox_oldest.Set(oldest.count());
}

void Metrics::set_payments(core::Result result, std::uint64_t count) {
  series_->payments.at(index_of(result))->Set(static_cast<double>(count));
}

void Metrics::set_open_findings(core::FindingKind kind, std::uint64_t count) {
  series_->open_findings.at(index_of(kind))->Set(static_cast<double>(count));
}

void Metrics::unreadable(core::Api api, UnreadableWhere where) {
  series_->unreadable.at(index_of(api)).at(index_of(where))->Increment();
}

void Metrics::set_sweep_age(core::Api api, Seconds age) {
  series_->sweep_age.at(index_of(api))->Set(age.count());
}

void Metrics::set_warning(WarningKind kind, bool stands) {
  series_->warnings.at(index_of(kind))->Set(stands ? 1 : 0);
}

// A counter that the log keeps itself.
void Metrics::set_log_dropped(std::uint64_t lines) {
  const double more = static_cast<double>(lines) - series_->log_dropped.Value();
  if (more > 0) series_->log_dropped.Increment(more);
}

Metrics::Totals Metrics::totals() const {
  Totals totals;
  for (const auto& source : series_->events) {
    for (const auto& api : source) {
      for (std::size_t outcome = 0; outcome < api.size(); ++outcome) {
        const bool is_taken = outcome == index_of(EventOutcome::kStored) ||
                              outcome == index_of(EventOutcome::kCopy);
        (is_taken ? totals.received : totals.refused) +=
            static_cast<std::uint64_t>(api[outcome]->Value());
      }
    }
  }
  const prometheus::ClientMetric::Histogram decided = series_->decide.Collect().histogram;
  totals.decided = decided.sample_count;
  totals.decide_seconds = decided.sample_sum;
  return totals;
}

std::string Metrics::render() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, series_->registry.Collect());
  return std::move(out).str();
}

}  // namespace reconciled
