#include <nlohmann/json.hpp>

#include "daemon/books/report.h"
#include "daemon/core/words/money.h"

namespace reconciled::books {
namespace {

using Json = nlohmann::ordered_json;

// A spreadsheet takes what begins so for a formula, and runs it.
bool is_formula(const std::string& text) {
  return !text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos;
}

std::string cell(std::string text) {
  if (is_formula(text)) text.insert(0, 1, '\'');
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

constexpr std::array kColumns{"row",          "kind",          "payment_id",   "attempt_id",
                              "currency",     "pg_provider",   "method",       "portone_result",
                              "portone_count", "portone_amount", "portone_cancelled", "our_result",
                              "our_count",    "our_amount",    "our_cancelled", "ordered_count",
                              "ordered_amount", "detail",      "what_to_do"};

// A row by its columns' names.
class Row {
 public:
  void set(std::string_view column, std::string text) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if (column == kColumns.at(i)) cells_.at(i) = std::move(text);
    }
  }
  // In major units of the currency, as a spreadsheet adds up.
  void set_money(std::string_view column, const Json& minor, const std::string& code) {
    const auto currency = core::Currency::make(code);
    if (!currency || !minor.is_number_integer()) return;
    set(column, core::major_from_minor(minor.get<std::int64_t>(), *currency));
  }
  [[nodiscard]] std::string line() const {
    std::string text;
    for (std::size_t i = 0; i < cells_.size(); ++i) text += (i == 0 ? "" : ",") + cell(cells_.at(i));
    return text + "\r\n";
  }

 private:
  std::array<std::string, kColumns.size()> cells_;
};

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

void set_side(Row& row, const std::string& side, const Json& totals, const std::string& code) {
  row.set(side + "_count", totals.at("paid").at("count").dump());
  row.set_money(side + "_amount", totals.at("paid").at("amount"), code);
  row.set_money(side + "_cancelled", totals.at("cancelled").at("amount"), code);
}

std::string total_line(const Json& total) {
  Row row;
  const std::string code = text_of(total, "currency");
  row.set("row", "total");
  for (const char* name : {"currency", "pg_provider", "method"}) row.set(name, text_of(total, name));
  set_side(row, "portone", total.at("portone"), code);
  set_side(row, "our", total.at("ours"), code);
  row.set("ordered_count", total.at("ordered").at("count").dump());
  row.set_money("ordered_amount", total.at("ordered").at("amount"), code);
  return row.line();
}

void set_entry(Row& row, const std::string& side, const Json& entry) {
  if (!entry.is_object()) return;
  const std::string code = text_of(entry, "currency");
  row.set("currency", code);
  row.set(side + "_result", text_of(entry, "result"));
  row.set_money(side + "_amount", entry.at("total_amount"), code);
  row.set_money(side + "_cancelled", entry.at("cancelled_amount"), code);
}

std::string difference_line(const Json& one) {
  Row row;
  row.set("row", "difference");
  for (const char* name : {"kind", "payment_id", "attempt_id", "detail"}) {
    row.set(name, text_of(one, name));
  }
  row.set("what_to_do", text_of(one, "advice"));
  set_entry(row, "our", one.at("ours"));
  set_entry(row, "portone", one.at("portone"));
  if (one.at("order").is_object()) {
    row.set_money("ordered_amount", one.at("order").at("amount"),
                  text_of(one.at("order"), "currency"));
  }
  return row.line();
}

// Nobody may take an empty or short file for books that agree.
std::string first_line(const Json& report) {
  Row row;
  row.set("row", "report");
  const bool is_complete = report.at("complete").get<bool>();
  const std::string count = report.at("difference_count").dump();
  row.set("kind", !is_complete ? "incomplete" : count == "0" ? "agrees" : "differs");
  std::string detail = text_of(report, "day") + " (" + text_of(report, "timezone") + "): " + count +
                       " differences";
  if (report.at("left_out") != 0) detail += ", of which " + report.at("left_out").dump() + " are left out here";
  for (const Json& gap : report.at("gaps")) detail += "; INCOMPLETE: " + gap.get<std::string>();
  row.set("detail", detail);
  return row.line();
}

}  // namespace

std::string csv_of(const Json& report) {
  std::string text = "\xEF\xBB\xBF";
  for (std::size_t i = 0; i < kColumns.size(); ++i) text += (i == 0 ? "" : ",") + std::string(kColumns.at(i));
  text += "\r\n" + first_line(report);
  for (const Json& total : report.at("totals")) text += total_line(total);
  for (const Json& one : report.at("differences")) text += difference_line(one);
  return text;
}

}  // namespace reconciled::books
