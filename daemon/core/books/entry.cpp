#include "daemon/core/books/entry.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/words/json.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

std::optional<Cancellation> read_v1(const json& row, const Currency& currency) {
  const auto decimal = number_member(row, "amount");
  const auto amount = decimal ? minor_from_major(*decimal, currency) : std::nullopt;
  const auto at = from_v1_seconds(integer_member(row, "cancelled_at").value_or(0));
  if (!amount || !at) return std::nullopt;
  return Cancellation{*amount, *at};
}

// Only what succeeded moved money (dossier, addendum).
std::optional<Cancellation> read_v2(const json& row) {
  if (text_member(row, "status") != "SUCCEEDED") return std::nullopt;
  const auto amount = integer_member(row, "totalAmount");
  auto at = parse_rfc3339(text_member(row, "cancelledAt").value_or(""));
  if (!at) at = parse_rfc3339(text_member(row, "requestedAt").value_or(""));
  if (!amount || !at) return std::nullopt;
  return Cancellation{*amount, *at};
}

}  // namespace

BookEntry book_entry(const Snapshot& snapshot) {
  BookEntry entry{snapshot.payment_id,
                  snapshot.attempt_id,
                  snapshot.version,
                  snapshot.result,
                  snapshot.total_amount,
                  snapshot.cancelled_amount,
                  snapshot.currency,
                  snapshot.store_id,
                  snapshot.channel,
                  snapshot.pg_provider,
                  snapshot.method,
                  snapshot.paid_at,
                  snapshot.status_at,
                  {}};
  read_cancellations(entry, snapshot.api, snapshot.stored_body);
  return entry;
}

void read_cancellations(BookEntry& entry, Api answered_by, std::string_view stored_body) {
  entry.cancellations.clear();
  if (entry.cancelled_amount == 0) return;
  std::int64_t left = entry.cancelled_amount;
  const auto document = parse_json(stored_body);
  const json* const rows =
      document.ok() ? member(document.value(),
                             answered_by == Api::kV1 ? "cancel_history" : "cancellations")
                    : nullptr;
  if (rows != nullptr && rows->is_array()) {
    for (const json& row : *rows) {
      const auto one = answered_by == Api::kV1 ? read_v1(row, entry.currency) : read_v2(row);
      // The amount as a whole is what counts; rows that tell more than it are not believed.
      if (!one || one->amount <= 0 || one->amount > left) continue;
      left -= one->amount;
      entry.cancellations.push_back(*one);
    }
  }
  if (left > 0 && entry.status_at) entry.cancellations.push_back({left, *entry.status_at});
}

bool is_about(const BookEntry& entry, const BookDay& day) {
  return day.holds(entry.paid_at) || day.holds(entry.status_at) ||
         std::any_of(entry.cancellations.begin(), entry.cancellations.end(),
                     [&](const Cancellation& one) { return day.holds(one.at); });
}

}  // namespace reconciled::core
