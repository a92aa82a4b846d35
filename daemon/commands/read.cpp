#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "daemon/commands/commands.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/table.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/likeness.h"
#include "daemon/core/words/text.h"
#include "daemon/views/view_json.h"
#include "storage/reader.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

constexpr std::int64_t kMostMeant = 10;  // payments that a number may mean

int usage(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kUsage;
}

storage::Reader open_reader(const core::Config& config) {
  const storage::Store store(config.database_path);
  store.expect_readable();
  return storage::Reader(store);
}

// The words of an enum whose last one is `last`, for who mistyped one.
template <class Enum>
std::vector<std::string> words_up_to(Enum last) {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    words.emplace_back(core::to_word(static_cast<Enum>(i)));
  }
  return words;
}

int no_such_word(const std::string& option, const std::string& given,
                 const std::vector<std::string>& words) {
  std::string message = "reconciled: " + option + " knows no " + plain(given);
  const std::string_view meant = core::nearest(given, words);
  if (!meant.empty()) message += ", did you mean " + std::string(meant) + "?";
  message += "\nIt is one of:";
  for (const std::string& word : words) message += " " + word;
  std::string text;
  for (const std::string& line : wrap(message.substr(message.find('\n') + 1), kColumns)) {
    text += "\n" + line;
  }
  return usage(message.substr(0, message.find('\n')) + text);
}

std::string amount_text(const storage::PaymentView& payment) {
  const auto amount = payment.total_amount ? payment.total_amount : payment.expected_amount;
  if (!amount || !payment.currency) return "-";
  return core::readable_amount(*amount, *payment.currency);
}

// As short as a column: `returned_success` is `success`.
std::string browser_text(core::UiState state) {
  const std::string word(core::to_word(state));
  if (word == "none") return "-";
  return word.starts_with("returned_") ? word.substr(9) : word;
}

std::string webhook_text(const storage::PaymentView& payment) {
  if (payment.webhook_status == core::Result::kNone) return "-";
  if (payment.webhook_status == payment.result) return "same";
  return std::string(core::to_word(payment.webhook_status));
}

std::string yes_no(bool value) { return value ? "yes" : "no"; }

// Evidence ends it, or a person.
std::string state_of(const storage::FindingView& finding) {
  if (finding.open) return "open";
  return finding.by.empty() ? "over" : "closed by " + finding.by;
}

void print_payment(const storage::PaymentDetail& detail, const LocalTime& local) {
  const storage::PaymentView& p = detail.payment;
  const auto line = [](const char* name, const std::string& value) {
    const char* label = name;
    for (const std::string& part : wrap(plain(value), kColumns - 17)) {
      std::printf("%-16s %s\n", std::exchange(label, ""), part.c_str());
    }
  };
  line("payment", p.payment_id.str());
  line("result", std::string(core::to_word(p.result)) +
                     (p.authority ? " (by " + std::string(core::to_word(*p.authority)) + ")" : ""));
  line("deliverable", yes_no(p.deliverable) + (p.unverified ? ", unverified" : ""));
  line("ui_state", std::string(core::to_word(p.ui_state)));
  line("webhook_status", std::string(core::to_word(p.webhook_status)));
  const bool has_cancels = p.cancelled_amount.value_or(0) > 0 && p.currency;
  const bool is_short =
      p.expected_amount && p.total_amount && p.currency && *p.expected_amount != *p.total_amount;
  line("amount", amount_text(p) +
                     (is_short ? ", but registered were " +
                                     core::readable_amount(*p.expected_amount, *p.currency)
                               : std::string()) +
                     (has_cancels ? ", of it cancelled " +
                                        core::readable_amount(*p.cancelled_amount, *p.currency)
                                  : std::string()));
  if (p.next_lookup_at)
    line("next look-up", local.text(*p.next_lookup_at) + " (" + local.zone() + ")");
  for (const auto& attempt : detail.attempts) {
    line("attempt", attempt.attempt_id.str() + " " + std::string(core::to_word(attempt.api)) + " " +
                        std::string(core::to_word(attempt.result)) + " " + attempt.method);
  }
  for (const auto& finding : detail.findings) {
    line(finding.open ? "finding (open)" : "finding", "#" + std::to_string(finding.id) + " " +
                                                          std::string(core::to_word(finding.kind)) +
                                                          ": " + finding.detail);
    if (!finding.note.empty()) line("", state_of(finding) + ": " + finding.note);
  }
  std::printf("\n");
  Table table({"AT (" + local.zone() + ")", "KIND", "ID", "WHAT"});
  for (const auto& entry : detail.timeline) {
    table.add({local.text(entry.at), entry.kind, std::to_string(entry.id), entry.summary});
  }
  table.print();
}

}  // namespace

int list(const core::Config& config, const ListOptions& options) {
  const LocalTime local(config.timezone);
  storage::PaymentFilter filter;
  filter.limit = options.limit;
  if (!options.result.empty()) {
    filter.result = core::from_word<core::Result>(options.result);
    if (!filter.result) {
      return no_such_word("--result", options.result, words_up_to(core::Result::kFailed));
    }
  }
  if (!options.finding.empty()) {
    filter.finding = core::from_word<core::FindingKind>(options.finding);
    if (!filter.finding) {
      return no_such_word("--finding", options.finding, words_up_to(core::FindingKind::kPoisoned));
    }
  }
  if (!options.since.empty()) {
    filter.since = local.parse(options.since);
    if (!filter.since) return usage(fault_of_time("--since", options.since, local));
  }
  storage::Reader reader = open_reader(config);
  const auto page = reader.payments(filter);
  if (options.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& payment : page.items) all.push_back(to_json(payment));
    std::fputs(dump_json({{"payments", std::move(all)}}).c_str(), stdout);
    return kDone;
  }
  Table table({"PAYMENT", "RESULT", "BY", "DELIVER", "BROWSER", "WEBHOOK", "AMOUNT", "UPDATED"});
  for (const auto& p : page.items) {
    table.add({p.payment_id.str(), std::string(core::to_word(p.result)),
               p.authority ? std::string(core::to_word(*p.authority)) : "-", yes_no(p.deliverable),
               browser_text(p.ui_state), webhook_text(p), amount_text(p),
               local.text(p.updated_at).substr(0, 16)});
  }
  if (table.is_empty()) {
    std::printf("no payments\n");
    return kDone;
  }
  table.print();
  std::printf("(times of %s%s)\n", local.zone().c_str(),
              page.next_cursor ? "; there are more payments: raise --limit or narrow it down" : "");
  return kDone;
}

int show(const core::Config& config, const std::string& payment_id, bool json) {
  const auto id = core::PaymentId::make(payment_id);
  if (!id) return usage("reconciled: that is no payment id: it is empty, too long or no UTF-8");
  storage::Reader reader = open_reader(config);
  auto detail = reader.payment(*id, true);
  if (!detail) {
    // An attempt's number, or a part of the order's, as buyers and gateways have it.
    const auto found = reader.search(core::without_surroundings(payment_id), kMostMeant);
    if (found.size() != 1) {
      std::fprintf(stderr, "reconciled: nothing is known of a payment or an attempt %s%s\n",
                   plain(payment_id).c_str(), found.empty() ? "" : "; did you mean one of these?");
      for (const auto& one : found) std::fprintf(stderr, "  %s\n", plain(one.payment_id.str()).c_str());
      return kFailed;
    }
    std::fprintf(stderr, "reconciled: %s names %s\n", plain(payment_id).c_str(),
                 plain(found.front().payment_id.str()).c_str());
    detail = reader.payment(found.front().payment_id, true);
    if (!detail) return kFailed;
  }
  if (json) {
    std::fputs(dump_json(to_json(*detail, true)).c_str(), stdout);
  } else {
    print_payment(*detail, LocalTime(config.timezone));
  }
  return kDone;
}

int findings(const core::Config& config, bool all) {
  const LocalTime local(config.timezone);
  storage::Reader reader = open_reader(config);
  std::vector<std::string> head{"ID", "KIND", "PAYMENT", "OPENED (" + local.zone() + ")"};
  if (all) head.emplace_back("STATE");
  head.emplace_back("WHAT, AND WHAT TO DO");
  Table table(std::move(head));
  std::optional<std::int64_t> cursor;
  do {
    const auto page = reader.findings(!all, 500, cursor);
    for (const auto& f : page.items) {
      std::vector<std::string> row{std::to_string(f.id), std::string(core::to_word(f.kind)),
                                   f.payment_id.str(), local.text(f.opened_at)};
      if (all) row.push_back(state_of(f));
      row.push_back(f.note.empty() ? f.detail : f.detail + " Note: " + f.note);
      table.add(std::move(row));
    }
    cursor = page.next_cursor;
  } while (cursor);
  if (table.is_empty()) {
    std::printf(all ? "no findings\n" : "no open findings\n");
    return kDone;
  }
  table.print();
  return kDone;
}

}  // namespace reconciled::commands
