#include "storage/sqlite/structure_check.h"

#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <variant>

namespace reconciled::storage {

using namespace std::chrono_literals;

using Key = std::vector<std::variant<std::int64_t, std::string>>;

struct WalkedTable {
  struct Index {
    std::string name;
    std::vector<std::string> columns;
    std::string condition;  // of a partial one; empty: none
  };
  std::string name;
  bool has_rowid = true;
  std::vector<std::string> keys;  // what its rows are in order of
  std::vector<std::string> columns;
  std::vector<std::string> types;  // as declared
  std::vector<Index> indexes;
  Key after;  // where the walk is; empty: at its begin
  Key until;  // the last row of this slice; empty: the table's last
  std::int64_t rows = 500;  // a slice
};

namespace {

constexpr auto kSlice = 150ms;  // what a slice of a walk should take
constexpr std::int64_t kMostRows = 50'000;
constexpr std::size_t kMostTold = 3;  // of what one check says

// Ends what the connection does after a while.
class Deadline {
 public:
  Deadline(sqlite3* connection, std::chrono::milliseconds after)
      : thread_([this, connection, after] {
          std::unique_lock lock(mutex_);
          if (!wake_.wait_for(lock, after, [this] { return is_over_; })) {
            sqlite3_interrupt(connection);
          }
        }) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;
  std::thread thread_;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

std::string tuple(const std::vector<std::string>& words) { return "(" + joined(words) + ")"; }

// "?, ?, ?" as a tuple.
std::string places(std::size_t count) {
  return tuple(std::vector<std::string>(count, "?"));
}

bool is_like(const SQLite::Column& column, const std::string& declared) {
  switch (column.getType()) {
    case SQLITE_NULL:
      return true;
    case SQLITE_INTEGER:
      return declared == "INTEGER" || declared == "INT" || declared == "ANY";
    case SQLITE_FLOAT:
      return declared == "REAL" || declared == "ANY";
    case SQLITE_BLOB:
      return declared == "BLOB" || declared == "ANY";
    default:
      return declared == "TEXT" || declared == "ANY";
  }
}

Key key_of(SQLite::Statement& row, std::size_t count) {
  Key key;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const SQLite::Column column = row.getColumn(i);
    if (column.isInteger()) {
      key.emplace_back(column.getInt64());
    } else {
      key.emplace_back(column.getString());
    }
  }
  return key;
}

// `first`: the number of the first parameter.
void bind(SQLite::Statement& statement, int first, const Key& key) {
  for (const auto& part : key) {
    if (const auto* number = std::get_if<std::int64_t>(&part)) {
      statement.bind(first++, *number);
    } else {
      statement.bind(first++, std::get<std::string>(part));
    }
  }
}

// The rows of the slice, as a condition of one or two tuples of parameters.
std::string range_of(const WalkedTable& table) {
  std::string range;
  if (!table.after.empty()) range += tuple(table.keys) + " > " + places(table.keys.size());
  if (!table.until.empty()) {
    if (!range.empty()) range += " AND ";
    range += tuple(table.keys) + " <= " + places(table.keys.size());
  }
  return range.empty() ? "1" : range;
}

void bind_range(SQLite::Statement& statement, const WalkedTable& table) {
  bind(statement, 1, table.after);
  bind(statement, 1 + static_cast<int>(table.after.size()), table.until);
}

// Rows themselves, by no index.
std::string rows_of(const WalkedTable& table) {
  return table.name + (table.has_rowid ? " NOT INDEXED" : "");
}

// What stands behind its last WHERE.
std::string condition_of(SQLite::Database& database, const std::string& index) {
  SQLite::Statement text(database, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?");
  text.bind(1, index);
  if (!text.executeStep()) return "";
  const std::string sql = text.getColumn(0).getString();
  const auto at = sql.rfind("WHERE");
  return at == std::string::npos ? "" : sql.substr(at + 5);
}

std::unique_ptr<WalkedTable> shape_of(SQLite::Database& database, const std::string& name) {
  auto table = std::make_unique<WalkedTable>();
  table->name = name;
  SQLite::Statement kind(database, "SELECT wr FROM pragma_table_list WHERE name = ?");
  kind.bind(1, name);
  table->has_rowid = !kind.executeStep() || kind.getColumn(0).getInt() == 0;
  SQLite::Statement columns(database, "SELECT name, type, pk FROM pragma_table_info(?)");
  columns.bind(1, name);
  std::map<int, std::string> keys;
  while (columns.executeStep()) {
    table->columns.push_back(columns.getColumn(0).getString());
    table->types.push_back(columns.getColumn(1).getString());
    if (const int at = columns.getColumn(2).getInt(); at > 0) keys[at] = table->columns.back();
  }
  if (table->has_rowid) {
    table->keys = {"rowid"};
  } else {
    for (const auto& [at, key] : keys) table->keys.push_back(key);
  }
  SQLite::Statement indexes(database, "SELECT name, origin, partial FROM pragma_index_list(?)");
  indexes.bind(1, name);
  while (indexes.executeStep()) {
    // Its rows stand in that one.
    if (!table->has_rowid && indexes.getColumn(1).getString() == "pk") continue;
    WalkedTable::Index index{indexes.getColumn(0).getString(), {}, {}};
    if (indexes.getColumn(2).getInt() != 0) index.condition = condition_of(database, index.name);
    SQLite::Statement parts(database,
                            "SELECT name FROM pragma_index_xinfo(?) WHERE key = 1 AND cid >= 0");
    parts.bind(1, index.name);
    while (parts.executeStep()) index.columns.push_back(parts.getColumn(0).getString());
    table->indexes.push_back(std::move(index));
  }
  return table;
}

bool is_damage_code(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

}  // namespace

SqliteStructureCheck::SqliteStructureCheck(const std::string& path,
                                           std::chrono::milliseconds patience,
                                           std::chrono::milliseconds longest)
    : session_(path, SqliteSession::Mode::kReadOnly, static_cast<int>(patience.count())),
      longest_(longest) {
  SQLite::Statement names(session_.database(),
                          "SELECT name FROM pragma_table_list "
                          "WHERE schema = 'main' AND type = 'table' ORDER BY name DESC");
  while (names.executeStep()) tables_.push_back(names.getColumn(0).getString());
}

SqliteStructureCheck::~SqliteStructureCheck() = default;

StructureCheck::Slice SqliteStructureCheck::next() {
  Slice slice;
  if (tables_.empty()) return {{}, true};
  const std::string table = tables_.back();
  std::vector<std::string> said;
  try {
    if (walked_) {
      walk(said);
    } else if (check_whole(said)) {
      next_table();
    } else {
      walked_ = shape_of(session_.database(), table);
    }
  } catch (const std::exception& error) {
    const int code = sqlite_code_of(error);
    if (!is_damage_code(code)) throw SqliteError(code, error.what());
    said.emplace_back(error.what());
  }
  for (const std::string& sentence : said) slice.found.push_back("table " + table + ": " + sentence);
  // What is behind the damage cannot be reached in order.
  if (!said.empty() && walked_) next_table();
  if (!said.empty() && !tables_.empty() && tables_.back() == table) next_table();
  slice.is_last = tables_.empty();
  return slice;
}

void SqliteStructureCheck::next_table() {
  walked_.reset();
  tables_.pop_back();
}

// False where it takes too long.
bool SqliteStructureCheck::check_whole(std::vector<std::string>& found) {
  if (longest_ <= 0ms) return false;
  const Deadline deadline(session_.handle(), longest_);
  try {
    SQLite::Statement check(session_.database(), "PRAGMA integrity_check(" + tables_.back() + ")");
    while (check.executeStep()) {
      std::string sentence = check.getColumn(0).getString();
      const bool says_something = sentence != "ok" && !sentence.starts_with("*** in database");
      if (says_something && found.size() < kMostTold) found.push_back(std::move(sentence));
    }
    return true;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() != SQLITE_INTERRUPT) throw;
    // What was found until then counts.
    return !found.empty();
  }
}

void SqliteStructureCheck::walk(std::vector<std::string>& found) {
  const auto begun = std::chrono::steady_clock::now();
  const Transaction moment(session_, Transaction::For::kReading);
  const bool is_last = !bound_next_rows();
  // Each slice has to get on: pages that lead back would be walked for ever.
  if (!is_last && !walked_->after.empty() && walked_->until <= walked_->after) {
    found.emplace_back("rows are out of order");
    return;
  }
  if (std::string sentence = read_rows(); !sentence.empty()) found.push_back(std::move(sentence));
  for (std::size_t i = 0; i < walked_->indexes.size(); ++i) {
    if (!found.empty()) return;
    if (!stand_in_index(i)) {
      found.push_back("a row is not in its index " + walked_->indexes[i].name);
    }
  }
  if (is_last) {
    next_table();
    return;
  }
  walked_->after = walked_->until;
  const auto took = std::chrono::steady_clock::now() - begun;
  if (took < kSlice / 2) walked_->rows = std::min(walked_->rows * 2, kMostRows);
  if (took > kSlice * 2) walked_->rows = std::max<std::int64_t>(walked_->rows / 2, 1);
}

// False where the rows that are left are no more than a slice.
bool SqliteStructureCheck::bound_next_rows() {
  WalkedTable& table = *walked_;
  table.until.clear();
  SQLite::Statement last(session_.database(), "SELECT " + joined(table.keys) + " FROM " +
                                                  rows_of(table) + " WHERE " + range_of(table) +
                                                  " ORDER BY " + joined(table.keys) +
                                                  " LIMIT 1 OFFSET " + std::to_string(table.rows));
  bind_range(last, table);
  if (!last.executeStep()) return false;
  table.until = key_of(last, table.keys.size());
  return true;
}

// Every column of every row; what is wrong with one, or the empty text.
std::string SqliteStructureCheck::read_rows() {
  const WalkedTable& table = *walked_;
  SQLite::Statement rows(session_.database(),
                         "SELECT " + joined(table.keys) + ", " + joined(table.columns) + " FROM " +
                             rows_of(table) + " WHERE " + range_of(table) + " ORDER BY " +
                             joined(table.keys));
  bind_range(rows, table);
  const auto keys = table.keys.size();
  Key before = table.after;
  while (rows.executeStep()) {
    Key key = key_of(rows, keys);
    if (!before.empty() && key <= before) return "rows are out of order";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const SQLite::Column column = rows.getColumn(static_cast<int>(keys + i));
      if (!is_like(column, table.types[i])) return "a row's " + table.columns[i] + " is of no such type";
      // Reads the pages that a long text goes on in.
      (void)column.getText();
    }
    before = std::move(key);
  }
  return {};
}

bool SqliteStructureCheck::stand_in_index(std::size_t number) {
  const WalkedTable& table = *walked_;
  const WalkedTable::Index& index = table.indexes[number];
  std::string keys;
  std::string same;
  for (std::size_t i = 0; i < table.keys.size(); ++i) {
    const std::string name = "key" + std::to_string(i);
    keys += table.keys[i] + " AS " + name + ", ";
    same += " AND k." + table.keys[i] + " IS s." + name;
  }
  for (const std::string& column : index.columns) same += " AND k." + column + " IS s." + column;
  const std::string condition = index.condition.empty() ? "" : " AND (" + index.condition + ")";
  SQLite::Statement missing(
      session_.database(),
      "SELECT 1 FROM (SELECT " + keys + joined(index.columns) + " FROM " + rows_of(table) +
          " WHERE " + range_of(table) + condition + ") s WHERE NOT EXISTS (SELECT 1 FROM " +
          table.name + " k INDEXED BY " + index.name + " WHERE 1" + same + condition + ") LIMIT 1");
  bind_range(missing, table);
  return !missing.executeStep();
}

}  // namespace reconciled::storage
