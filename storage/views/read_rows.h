// Reading rows into the records that readers hand out; private to this folder.
#pragma once

#include "storage/reader.h"
#include "storage/session.h"

namespace reconciled::storage {

// Turns one row too many into the cursor of the next page.
template <class T, class Number>
void close_page(Page<T>& page, std::int64_t limit, Number number) {
  if (static_cast<std::int64_t>(page.items.size()) <= limit) return;
  page.items.pop_back();
  page.next_cursor = number(page.items.back());
}
inline constexpr std::int64_t kNewest = INT64_MAX;

// Columns of `event e JOIN event_progress g` that read_event expects, in order.
inline constexpr const char* kEventColumns =
    "e.event_id, e.received_at_ms, e.source, e.api, e.kind, e.type, e.payment_id, e.attempt_id,"
    " e.status, e.hint, e.reason_code, e.reason_message, e.signed, e.remote_ip, e.known_source,"
    " g.copies, g.last_arrival_ms, g.processed_at_ms";
[[nodiscard]] EventView read_event(Row& row);
// The columns that reader_notifications.cpp names, in order.
[[nodiscard]] NotificationView read_notification(Row& row);

}  // namespace reconciled::storage
