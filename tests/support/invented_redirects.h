// What a flood of forged redirects leaves in a database, put there at once.
#pragma once

#include <cstdint>
#include <string>

namespace reconciled::test {

// SQL that stores events of these numbers, received then and reconciled: PortOne knows none of
// their payments, `inv-NUMBER`. For a database that no daemon has open.
inline std::string invented_redirects(std::int64_t first, std::int64_t last, std::int64_t at_ms) {
  const std::string at = std::to_string(at_ms);
  const std::string numbers = "WITH RECURSIVE n(i) AS (SELECT " + std::to_string(first) +
                              " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(last) +
                              ") ";
  return "BEGIN IMMEDIATE;"
         "INSERT INTO event (event_id, received_at_ms, source, kind, type, payment_id, hint,"
         "  signed, known_source) " +
         numbers + "SELECT i, " + at +
         ", 'redirect', 'payment', 'x', 'inv-' || i, 'none', 0, 0 FROM n;"
         "INSERT INTO event_progress (event_id, dedupe_hash, last_arrival_ms, processed_at_ms) " +
         numbers + "SELECT i, i, " + at + ", " + at +
         " FROM n;"
         "INSERT OR IGNORE INTO event_index "
         "SELECT coalesce(e.payment_id, e.attempt_id, ''), g.dedupe_hash, e.event_id "
         "FROM event e JOIN event_progress g USING (event_id);"
         "UPDATE meta SET value = (SELECT max(event_id) FROM event)"
         "  WHERE key = 'events_indexed_to';"
         "COMMIT";
}

}  // namespace reconciled::test
