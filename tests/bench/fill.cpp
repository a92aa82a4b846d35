#include "tests/bench/fill.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "storage/sqlite/migrate.h"
#include "storage/rebuild.h"
#include "tests/bench/kept_file.h"
#include "tests/bench/pattern.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::bench {
namespace {

constexpr std::uintmax_t kPaymentBytes = 1'700;
constexpr std::uintmax_t kBodyBytes = 1'300;
// Raw bodies and headers of older payments are gone, as retention leaves it.
constexpr std::int64_t kNewestWithBodies = 10'000;
// Over which time the payments are spread.
constexpr std::int64_t kSpreadMs = 180LL * 24 * 3600 * 1000;

// Tables that hold nothing of a single payment.
const std::set<std::string> kTakenOver{"meta", "configuration"};

// Row numbers, and whose they are: a copy's are higher by the pattern's highest, times its number.
const std::map<std::string, std::string> kNumbers{{"event_id", "event"},
                                                  {"snapshot_id", "snapshot"},
                                                  {"order_id", "expected_order"},
                                                  {"mark_id", "timer_mark"},
                                                  {"payment_no", "payment"},
                                                  {"transition_id", "transition"},
                                                  {"finding_id", "finding"},
                                                  {"notification_id", "notification"},
                                                  {"rejected_id", "rejected_delivery"}};

struct Column {
  std::string name;
  std::string type;
  int key = 0;  // its place in the primary key, from 1
};

class Fill {
 public:
  Fill(const std::string& path, const std::string& pattern, std::int64_t copies, Bodies bodies)
      : copies_(copies), bodies_(bodies), database_(path, SQLite::OPEN_READWRITE) {
    database_.createFunction("renamed", 2, true, nullptr, call_renamed);
    database_.createFunction("scattered", 2, true, nullptr, call_scattered);
    for (const char* pragma : {"journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF",
                               "cache_size = -4000000", "locking_mode = EXCLUSIVE"}) {
      SQLite::Statement(database_, std::string("PRAGMA ") + pragma).executeStep();
    }
    SQLite::Statement attach(database_, "ATTACH ? AS pattern");
    attach.bind(1, pattern);
    attach.exec();
  }

  void run() {
    // Triggers refuse nothing here, and what sorts builds an index faster than what inserts.
    const std::string added =
        " FROM pattern.sqlite_schema WHERE type IN ('index', 'trigger') AND sql NOT NULL";
    const auto later = texts("SELECT sql" + added);
    for (const std::string& drop : texts("SELECT 'DROP ' || type || ' main.' || name" + added)) {
      database_.exec(drop);
    }
    database_.exec("BEGIN");
    for (const std::string& table :
         texts("SELECT name FROM pattern.sqlite_schema WHERE type = 'table' "
               "AND name NOT LIKE 'sqlite_%'")) {
      if (kTakenOver.contains(table)) {
        database_.exec("INSERT OR REPLACE INTO main." + table + " SELECT * FROM pattern." + table);
      } else {
        multiply(table);
      }
    }
    database_.exec(
        "UPDATE main.meta SET value = (SELECT max(event_id) FROM main.event) "
        "WHERE key = 'events_indexed_to'");
    for (const std::string& create : later) database_.exec(create);
    database_.exec("COMMIT");
  }

  void check_references() {
    if (!texts("SELECT 'x' FROM pragma_foreign_key_check").empty()) {
      throw std::runtime_error("the filled file has references that lead nowhere");
    }
  }

 private:
  static void call_renamed(sqlite3_context* context, int, sqlite3_value** values) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    if (text == nullptr) return;  // NULL stays NULL
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
    const std::string copy =
        renamed({text, size}, static_cast<std::uint64_t>(sqlite3_value_int64(values[1])));
    sqlite3_result_text(context, copy.data(), static_cast<int>(copy.size()), SQLITE_TRANSIENT);
  }

  static void call_scattered(sqlite3_context* context, int, sqlite3_value** values) {
    const auto number = static_cast<std::uint64_t>(sqlite3_value_int64(values[0]));
    const auto copy = static_cast<std::uint64_t>(sqlite3_value_int64(values[1]));
    sqlite3_result_int64(context, static_cast<std::int64_t>(scatter(number + copy)));
  }

  std::vector<std::string> texts(const std::string& sql) {
    SQLite::Statement query(database_, sql);
    std::vector<std::string> all;
    while (query.executeStep()) all.push_back(query.getColumn(0).getString());
    return all;
  }

  std::vector<Column> columns_of(const std::string& table) {
    SQLite::Statement query(database_, "SELECT name, type, pk FROM pragma_table_info(?)");
    query.bind(1, table);
    std::vector<Column> columns;
    while (query.executeStep()) {
      columns.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                         query.getColumn(2).getInt()});
    }
    return columns;
  }

  // SQL for how much higher the copy's row numbers of this table are.
  std::string step(const std::string& table) {
    for (const auto& [column, owner] : kNumbers) {
      if (owner != table) continue;
      const auto highest =
          texts("SELECT coalesce(max(" + column + "), 0) FROM pattern." + table).front();
      return "copy.number * " + highest;
    }
    throw std::logic_error("no row numbers of " + table);
  }

  bool names_something(const std::string& table, const std::string& column) {
    return !texts("SELECT 'x' FROM pattern." + table + " WHERE renamed(" + column + ", 0) <> " +
                  column + " LIMIT 1")
                .empty();
  }

  // What stands in this column of a copy; `o` is the row of the pattern.
  std::string expression(const std::string& table, const Column& column) {
    const std::string value = "o." + column.name;
    const auto ends_with = [&](std::string_view end) { return column.name.ends_with(end); };
    if (const auto found = kNumbers.find(column.name); found != kNumbers.end()) {
      return value + " + " + step(found->second);
    }
    if (column.name == "deciding_snapshot_id") return value + " + " + step("snapshot");
    if (column.name == "cause_id") {
      return value + " + CASE o.cause WHEN 'event' THEN " + step("event") +
             " WHEN 'snapshot' THEN " + step("snapshot") + " WHEN 'order' THEN " +
             step("expected_order") + " WHEN 'timer' THEN " + step("timer_mark") + " ELSE 0 END";
    }
    if (column.name == "dedupe_hash") return "scattered(" + value + ", copy.number)";
    const std::string age =
        std::to_string(kSpreadMs / copies_) + " * (" + std::to_string(copies_) + " - copy.number)";
    if (ends_with("_ms")) return value + " - " + age;
    if (ends_with("_us")) return value + " - 1000 * " + age;
    const bool is_renamed = column.type == "TEXT" && names_something(table, column.name);
    const std::string text = is_renamed ? "renamed(" + value + ", copy.number)" : value;
    if (column.name != "body" && column.name != "headers") return text;
    return "CASE WHEN " + has_bodies() + " THEN " + text + " END";
  }

  // SQL for whether the copy's raw bodies are there.
  [[nodiscard]] std::string has_bodies() const {
    const std::int64_t without =
        bodies_ == Bodies::kAll ? 0 : copies_ - kNewestWithBodies / kPatternPayments;
    return "copy.number >= " + std::to_string(without);
  }

  void multiply(const std::string& table) {
    std::string names;
    std::string values;
    std::map<int, std::string> key;  // by place in the key
    for (const Column& column : columns_of(table)) {
      names += (names.empty() ? "" : ", ") + column.name;
      values += (values.empty() ? "" : ", ") + expression(table, column) + " AS " + column.name;
      if (column.key > 0) key[column.key] = column.name;
    }
    // In the order of its key a table is appended to; row numbers come in their order anyhow.
    std::string order;
    if (!kNumbers.contains(key.begin()->second)) {
      for (const auto& [place, column] : key) order += (order.empty() ? "" : ", ") + column;
    }
    database_.exec(
        "WITH RECURSIVE copy (number) AS (SELECT 0 UNION ALL SELECT number + 1 "
        "FROM copy WHERE number + 1 < " +
        std::to_string(copies_) + ") INSERT INTO main." + table + " (" + names + ") SELECT " +
        values + " FROM copy CROSS JOIN pattern." + table + " o" +
        (table == "snapshot_body" ? " WHERE " + has_bodies() : "") +
        (order.empty() ? "" : " ORDER BY " + order));
  }

  std::int64_t copies_;
  Bodies bodies_;
  SQLite::Database database_;
};

// Every state must follow from the copied evidence as it did from the pattern's.
void check_small_fill(const test::TemporaryFolder& folder, const std::string& pattern) {
  const std::string path = folder / "small.db";
  storage::migrate(path);
  {
    Fill fill(path, pattern, 2, Bodies::kAll);
    fill.run();
    fill.check_references();
  }
  std::string said;
  const storage::RebuildCounts counts =
      storage::check_rebuild(storage::Store(path), [&said](const std::string& line) { said += line + "\n"; });
  if (counts.payments != 2 * kPatternPayments || counts.different != 0) {
    throw std::runtime_error("the filled file disagrees with its evidence:\n" + said);
  }
}

}  // namespace

std::optional<std::string> filled_file(std::int64_t payments, Bodies bodies) {
  const bool are_all = bodies == Bodies::kAll;
  return kept_file((are_all ? "payments-whole-" : "payments-") + std::to_string(payments),
                   (kPaymentBytes + (are_all ? kBodyBytes : 0)) * static_cast<std::uintmax_t>(payments),
                   [payments, bodies](const std::string& path) {
                     const test::TemporaryFolder folder;
                     const std::string pattern = folder / "pattern.db";
                     make_pattern(pattern);
                     check_small_fill(folder, pattern);
                     storage::migrate(path);
                     Fill(path, pattern, payments / kPatternPayments, bodies).run();
                   });
}

}  // namespace reconciled::bench
