#include "storage/units/units.h"

namespace reconciled::storage {

std::int64_t load_number(Session& session, const char* key) {
  Query query = session.query("SELECT CAST(value AS BIGINT) FROM meta WHERE key = ?");
  return query.with(key).next() ? query.row().integer() : 0;
}

void store_value(Session& session, const std::string& key, const std::string& value) {
  session
      .query(
          "INSERT INTO meta (key, value) VALUES (?1, ?2) "
          "ON CONFLICT (key) DO UPDATE SET value = ?2")
      .with(key, value)
      .run();
}

}  // namespace reconciled::storage
