#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "daemon/commands/commands.h"
#include "daemon/commands/table.h"
#include "daemon/view_json.h"
#include "storage/migrate.h"
#include "storage/reader.h"

namespace reconciled::commands {
namespace {

int usage(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kUsage;
}

// A file with another schema would be misread: a newer one throws NewerDatabase.
storage::Reader open_reader(const core::Config& config) {
  const std::string& path = config.database_path;
  if (!storage::pending_migrations(path).empty()) {
    throw std::runtime_error(path + " is not there or not migrated: start the daemon first");
  }
  return storage::Reader(path);
}

// Midnight of `2026-11-22` in the configured zone, or an RFC 3339 time.
std::optional<core::Time> read_time(const core::Config& config, const std::string& text) {
  if (const auto time = core::parse_rfc3339(text)) return core::to_time(*time);
  std::tm date{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%d", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // One thread, one zone for the whole run.
  ::setenv("TZ", config.timezone.c_str(), 1);
  ::tzset();
  date.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&date);
  if (seconds == -1) return std::nullopt;
  return core::from_ms(static_cast<std::int64_t>(seconds) * 1000);
}

std::string amount_text(const storage::PaymentView& payment) {
  const auto amount = payment.total_amount ? payment.total_amount : payment.expected_amount;
  if (!amount || !payment.currency) return "-";
  return core::readable_amount(*amount, *payment.currency);
}

std::string yes_no(bool value) { return value ? "yes" : "no"; }

void print_payment(const storage::PaymentDetail& detail) {
  const storage::PaymentView& p = detail.payment;
  const auto line = [](const char* name, const std::string& value) {
    std::printf("%-16s %s\n", name, value.c_str());
  };
  line("payment", p.payment_id.str());
  line("result", std::string(core::to_word(p.result)) +
                     (p.authority ? " (by " + std::string(core::to_word(*p.authority)) + ")" : ""));
  line("deliverable", yes_no(p.deliverable) + (p.unverified ? ", unverified" : ""));
  line("ui_state", std::string(core::to_word(p.ui_state)));
  line("webhook_status", std::string(core::to_word(p.webhook_status)));
  const bool has_cancels = p.cancelled_amount.value_or(0) > 0 && p.currency;
  line("amount", amount_text(p) +
                     (has_cancels ? ", of it cancelled " +
                                        core::readable_amount(*p.cancelled_amount, *p.currency)
                                  : std::string()));
  if (p.next_lookup_at) line("next look-up", core::to_rfc3339(*p.next_lookup_at));
  for (const auto& attempt : detail.attempts) {
    line("attempt", attempt.attempt_id.str() + " " + std::string(core::to_word(attempt.api)) +
                        " " + std::string(core::to_word(attempt.result)) + " " + attempt.method);
  }
  for (const auto& finding : detail.findings) {
    line(finding.open ? "finding (open)" : "finding", "#" + std::to_string(finding.id) + " " +
                                                          std::string(core::to_word(finding.kind)) +
                                                          ": " + finding.detail);
  }
  std::printf("\n");
  Table table({"AT", "KIND", "ID", "WHAT"});
  for (const auto& entry : detail.timeline) {
    table.add({core::to_rfc3339(entry.at), entry.kind, std::to_string(entry.id), entry.summary});
  }
  table.print();
}

}  // namespace

int list(const core::Config& config, const ListOptions& options) {
  storage::PaymentFilter filter;
  filter.limit = options.limit;
  if (!options.result.empty()) {
    filter.result = core::from_word<core::Result>(options.result);
    if (!filter.result) return usage("--result: no such result: " + options.result);
  }
  if (!options.finding.empty()) {
    filter.finding = core::from_word<core::FindingKind>(options.finding);
    if (!filter.finding) return usage("--finding: no such kind: " + options.finding);
  }
  if (!options.since.empty()) {
    filter.since = read_time(config, options.since);
    if (!filter.since) return usage("--since: neither a time nor a date: " + options.since);
  }
  storage::Reader reader = open_reader(config);
  const auto page = reader.payments(filter);
  if (options.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& payment : page.items) all.push_back(to_json(payment));
    std::fputs(dump_json({{"payments", std::move(all)}}).c_str(), stdout);
    return kDone;
  }
  Table table({"PAYMENT", "RESULT", "AUTHORITY", "DELIVERABLE", "UI", "WEBHOOK", "AMOUNT",
               "UPDATED"});
  for (const auto& p : page.items) {
    table.add({p.payment_id.str(), std::string(core::to_word(p.result)),
               p.authority ? std::string(core::to_word(*p.authority)) : "-",
               yes_no(p.deliverable), std::string(core::to_word(p.ui_state)),
               std::string(core::to_word(p.webhook_status)), amount_text(p),
               core::to_rfc3339(p.updated_at)});
  }
  table.print();
  if (page.next_cursor) std::printf("(more; raise --limit)\n");
  return kDone;
}

int show(const core::Config& config, const std::string& payment_id, bool json) {
  const auto id = core::PaymentId::make(payment_id);
  if (!id) return usage("that is no payment id");
  storage::Reader reader = open_reader(config);
  const auto detail = reader.payment(*id, true);
  if (!detail) {
    std::fprintf(stderr, "no such payment: %s\n", payment_id.c_str());
    return kFailed;
  }
  if (json) {
    std::fputs(dump_json(to_json(*detail, true)).c_str(), stdout);
  } else {
    print_payment(*detail);
  }
  return kDone;
}

int findings(const core::Config& config, bool all) {
  storage::Reader reader = open_reader(config);
  Table table({"ID", "KIND", "PAYMENT", "OPEN", "OPENED", "DETAIL"});
  std::optional<std::int64_t> cursor;
  do {
    const auto page = reader.findings(!all, 500, cursor);
    for (const auto& f : page.items) {
      table.add({std::to_string(f.id), std::string(core::to_word(f.kind)), f.payment_id.str(),
                 yes_no(f.open), core::to_rfc3339(f.opened_at), f.detail});
    }
    cursor = page.next_cursor;
  } while (cursor);
  table.print();
  return kDone;
}

}  // namespace reconciled::commands
