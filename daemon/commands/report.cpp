// `reconciled report`: has the running daemon compare a day's books, and prints what came of it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/table.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kPatience = 30s;
constexpr auto kPause = 250ms;

const json& at(const json& object, const char* name) {
  static const json kNothing;
  const json* const found = object.is_object() ? core::member(object, name) : nullptr;
  return found == nullptr ? kNothing : *found;
}

std::string text_at(const json& object, const char* name) {
  return core::text_member(object, name).value_or("");
}

std::int64_t number_at(const json& object, const char* name) {
  return core::integer_member(object, name).value_or(0);
}

std::string amount_text(std::int64_t minor, const std::string& code) {
  const auto currency = core::Currency::make(code);
  return currency ? core::readable_amount(minor, *currency) : "-";
}

struct Sum {
  std::int64_t count = 0;
  std::int64_t amount = 0;
  Sum() = default;
  explicit Sum(const json& sum) : count(number_at(sum, "count")), amount(number_at(sum, "amount")) {}
  void add(const Sum& other) {
    count += other.count;
    if (__builtin_add_overflow(amount, other.amount, &amount)) amount = INT64_MAX;
  }
  // `30,000 KRW (3)`.
  [[nodiscard]] std::string text(const std::string& code) const {
    return count == 0 ? "-" : amount_text(amount, code) + " (" + std::to_string(count) + ")";
  }
};

// A line of each: what was paid, and what was given back.
struct Line {
  Sum portone;
  Sum ours;
  Sum ordered;
  void add(const Line& other) {
    portone.add(other.portone);
    ours.add(other.ours);
    ordered.add(other.ordered);
  }
};

void add_lines(Table& table, const std::vector<std::string>& head, const Line& paid,
               const Line& cancelled) {
  const auto row = [&](const char* what, const Line& line, const std::string& ordered) {
    table.add({head[0], head[1], head[2], what, line.portone.text(head[0]), line.ours.text(head[0]),
               ordered});
  };
  row("paid", paid, paid.ordered.text(head[0]));
  if (cancelled.portone.count + cancelled.ours.count > 0) row("cancelled", cancelled, "");
}

void print_totals(const json& report) {
  struct OfCurrency {
    int rows = 0;
    Line paid;
    Line cancelled;
  };
  std::map<std::string, OfCurrency> all;
  Table table({"CURRENCY", "PG", "METHOD", "", "PORTONE", "OURS", "ORDERED"});
  for (const json& total : at(report, "totals")) {
    const std::string code = text_at(total, "currency");
    const auto line = [&](const char* what) {
      return Line{Sum(at(at(total, "portone"), what)), Sum(at(at(total, "ours"), what)),
                  Sum(at(total, "ordered"))};
    };
    const Line paid = line("paid");
    const Line cancelled = line("cancelled");
    add_lines(table, {code, text_at(total, "pg_provider"), text_at(total, "method")}, paid, cancelled);
    OfCurrency& sum = all[code];
    sum.rows += 1;
    sum.paid.add(paid);
    sum.cancelled.add(cancelled);
  }
  for (const auto& [code, sum] : all) {
    if (sum.rows > 1) add_lines(table, {code, "all", "all"}, sum.paid, sum.cancelled);
  }
  if (table.is_empty()) {
    std::printf("no money moved on that day\n");
  } else {
    table.print();
  }
}

void print_wrapped(const std::string& text) {
  for (const std::string& line : wrap(plain(text), kColumns)) std::printf("%s\n", line.c_str());
}

// What is to be done stands once for each kind.
void print_differences(const json& report) {
  Table table({"WHAT", "PAYMENT", "ATTEMPT", "HOW"});
  Table advice({"WHAT", "WHAT TO DO"});
  std::vector<std::string> told;
  for (const json& one : at(report, "differences")) {
    const std::string kind = text_at(one, "kind");
    table.add({kind, text_at(one, "payment_id"), text_at(one, "attempt_id"), text_at(one, "detail")});
    if (std::find(told.begin(), told.end(), kind) != told.end()) continue;
    told.push_back(kind);
    advice.add({kind, text_at(one, "advice")});
  }
  if (table.is_empty()) return;
  std::printf("\n");
  table.print();
  const std::int64_t left_out = number_at(report, "left_out");
  if (left_out > 0) std::printf("and %lld more\n", static_cast<long long>(left_out));
  std::printf("\n");
  advice.print();
}

int exit_of(const json& report) {
  if (!core::bool_member(report, "complete").value_or(false)) return kFailed;
  return core::bool_member(report, "agrees").value_or(false) ? kDone : kDifferences;
}

void print_report(const json& report) {
  const std::int64_t count = number_at(report, "difference_count");
  const int result = exit_of(report);
  std::string head = "Books of " + text_at(report, "day") + " (" + text_at(report, "timezone") + "): ";
  if (result == kFailed) head += "INCOMPLETE, ";
  if (result == kDone) {
    head += "they agree";
  } else {
    head += std::to_string(count) + (count == 1 ? " difference" : " differences");
  }
  head += ", " + std::to_string(number_at(report, "compared")) + " attempts compared";
  print_wrapped(head);
  for (const json& gap : at(report, "gaps")) print_wrapped("MISSING: " + gap.get<std::string>());
  for (const json& note : at(report, "notes")) print_wrapped("Note: " + note.get<std::string>());
  std::printf("\n");
  print_totals(report);
  print_differences(report);
}

int refuse(const http::ClientResponse& refusal) {
  std::fprintf(stderr, "reconciled: %s\n", words_of(refusal).c_str());
  return refusal.status == 400 ? kUsage : kFailed;
}

void show_progress(const json& state, bool is_over) {
  if (::isatty(STDERR_FILENO) != 1) return;
  if (is_over) {
    std::fprintf(stderr, "\r\033[K");
  } else {
    std::fprintf(stderr, "\r\033[K%lld rows of PortOne's lists read",
                 static_cast<long long>(number_at(state, "listed")));
  }
  std::fflush(stderr);
}

}  // namespace

int report(const core::Config& config, const ReportOptions& options) {
  AdminClient client(config.admin, kPatience);
  const auto no_answer = [](const std::string& why) {
    std::fprintf(stderr, "reconciled: %s\n", why.c_str());
    return kFailed;
  };
  auto answer = client.send("POST", "/report", core::write_json({{"day", options.day}}));
  if (!answer.ok()) return no_answer(answer.error());
  if (answer.value().status != 202) return refuse(answer.value());
  auto state = core::parse_json(answer.value().body);
  const std::string target =
      "/report?day=" + core::percent_encode(state.ok() ? text_at(state.value(), "day") : options.day);
  while (state.ok() && text_at(state.value(), "state") == "running") {
    show_progress(state.value(), false);
    std::this_thread::sleep_for(kPause);
    answer = client.send("GET", target);
    if (!answer.ok()) return no_answer(answer.error());
    if (answer.value().status != 200) return refuse(answer.value());
    state = core::parse_json(answer.value().body);
  }
  show_progress({}, true);
  if (!state.ok()) return no_answer("the daemon's answer cannot be read");
  if (options.format == "json") {
    std::fputs(answer.value().body.c_str(), stdout);
  } else if (options.format == "csv") {
    const auto csv = client.send("GET", target + "&format=csv");
    if (!csv.ok()) return no_answer(csv.error());
    if (csv.value().status != 200) return refuse(csv.value());
    std::fputs(csv.value().body.c_str(), stdout);
  } else {
    print_report(state.value());
  }
  return exit_of(state.value());
}

}  // namespace reconciled::commands
