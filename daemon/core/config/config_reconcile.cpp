// The table [reconcile].
#include "daemon/core/config/config_reader.h"
#include "daemon/core/config/config_values.h"

namespace reconciled::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxScheduleSteps = 64;

std::vector<std::chrono::milliseconds> default_schedule() {
  return {10s, 30s, 1min, 2min, 5min, 15min, 1h, 6h, 24h};
}

void read_schedule(Section& section, ReconcileConfig& reconcile, ConfigFaults& faults) {
  reconcile.lookup_schedule = default_schedule();
  const auto entries = section.texts("lookup_schedule");
  if (!entries) return;
  if (entries->empty() || entries->size() > kMaxScheduleSteps) {
    section.fault("lookup_schedule", "must list 1 to 64 durations");
    return;
  }
  std::vector<std::chrono::milliseconds> schedule;
  for (const ConfigEntry& entry : *entries) {
    const auto step = parse_duration(entry.text);
    if (!step || *step < 1s || *step > 30 * 24h) {
      faults.push_back({entry.key, "must be a duration from \"1s\" to \"720h\" (ms, s, m or h)"});
    } else if (!schedule.empty() && *step <= schedule.back()) {
      faults.push_back({entry.key, "must be later than the step before it"});
    } else {
      schedule.push_back(*step);
    }
  }
  reconcile.lookup_schedule = std::move(schedule);
}

void read_sweep(Section& section, ReconcileConfig& reconcile) {
  const auto text = section.text("sweep_every");
  if (!text) return;
  const auto every = parse_duration(*text);
  if (!every || (*every != 0ms && (*every < 1s || *every > 24h))) {
    section.fault("sweep_every", "must be a duration from \"1s\" to \"24h\", or \"0\" for never");
  } else {
    reconcile.sweep_every = *every;
  }
}

}  // namespace

void read_reconcile(Section& section, ReconcileConfig& reconcile, ConfigFaults& faults) {
  static constexpr std::array<std::pair<std::string_view, MissingWebhook>, 2> kMissing{
      {{"lookup", MissingWebhook::kLookup}, {"wait", MissingWebhook::kWait}}};
  section.choose("missing_webhook", kMissing, reconcile.missing_webhook);
  read_schedule(section, reconcile, faults);
  if (const auto count = section.integer("lookups_in_flight", 1, 128)) {
    reconcile.lookups_in_flight = static_cast<int>(*count);
  }
  read_sweep(section, reconcile);
  static constexpr std::array<std::pair<std::string_view, UnregisteredOrders>, 2> kPolicies{
      {{"hold", UnregisteredOrders::kHold}, {"accept", UnregisteredOrders::kAccept}}};
  section.choose("unregistered_orders", kPolicies, reconcile.unregistered_orders);
  section.finish();
}

}  // namespace reconciled::core
