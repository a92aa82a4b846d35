#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "daemon/books/report.h"

namespace reconciled::books {
namespace {

using Json = nlohmann::ordered_json;

Json sum_json(const core::Sum& sum) { return {{"count", sum.count}, {"amount", sum.amount}}; }

Json side_json(const core::SideTotals& side) {
  return {{"paid", sum_json(side.paid)}, {"cancelled", sum_json(side.cancelled)}};
}

Json entry_json(const std::optional<core::BookEntry>& entry) {
  if (!entry) return nullptr;
  return {{"payment_id", entry->payment_id.str()},
          {"result", core::to_word(entry->result)},
          {"currency", entry->currency.code()},
          {"total_amount", entry->total_amount},
          {"cancelled_amount", entry->cancelled_amount},
          {"paid_at", entry->paid_at ? Json(core::to_rfc3339(core::to_time(*entry->paid_at)))
                                     : Json(nullptr)}};
}

Json order_json(const std::optional<core::BookedOrder>& order) {
  if (!order) return nullptr;
  return {{"amount", order->amount}, {"currency", order->currency.code()}};
}

Json difference_json(const core::Difference& one) {
  return {{"kind", core::to_word(one.kind)}, {"payment_id", one.payment_id},
          {"attempt_id", one.attempt_id},    {"detail", one.detail},
          {"advice", core::advice(one.kind)}, {"portone", entry_json(one.portone)},
          {"ours", entry_json(one.ours)},    {"order", order_json(one.order)}};
}

Json counts_json(const Report& report) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < report.counts.size(); ++i) {
    if (report.counts.at(i) == 0) continue;
    counts[std::string(core::to_word(static_cast<core::DifferenceKind>(i)))] = report.counts.at(i);
  }
  return counts;
}

}  // namespace

std::int64_t Report::difference_count() const {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

void Report::add(core::Difference difference) {
  counts.at(static_cast<std::size_t>(difference.kind)) += 1;
  if (differences.size() < kMostTold) differences.push_back(std::move(difference));
}

Json to_json(const Report& report, std::size_t most) {
  Json totals = Json::array();
  for (const auto& [key, row] : report.totals.rows()) {
    totals.push_back({{"currency", key.currency.code()},
                      {"pg_provider", key.pg_provider},
                      {"method", key.method},
                      {"portone", side_json(row.portone)},
                      {"ours", side_json(row.ours)},
                      {"ordered", sum_json(row.ordered)}});
  }
  Json differences = Json::array();
  for (const core::Difference& one : report.differences) {
    if (differences.size() >= most) break;
    differences.push_back(difference_json(one));
  }
  const std::int64_t count = report.difference_count();
  return {{"day", report.day.date},
          {"timezone", report.timezone},
          {"from", core::to_rfc3339(report.day.begin)},
          {"until", core::to_rfc3339(report.day.end)},
          {"state", "done"},
          {"made_at", core::to_rfc3339(report.made_at)},
          {"is_day_over", report.is_day_over},
          {"complete", report.is_complete()},
          {"agrees", report.is_complete() && count == 0},
          {"gaps", report.gaps},
          {"notes", report.notes},
          {"listed", report.listed},
          {"compared", report.compared},
          {"totals", std::move(totals)},
          {"difference_count", count},
          {"counts", counts_json(report)},
          {"left_out", count - static_cast<std::int64_t>(differences.size())},
          {"differences", std::move(differences)}};
}

}  // namespace reconciled::books
