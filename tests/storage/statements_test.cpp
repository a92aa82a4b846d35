// Every statement of the units, the views and the writer is one for SQLite and for PostgreSQL.
#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <regex>

#include "storage/engine.h"
#include "storage/sqlite/migrate.h"
#include "tests/storage/postgres.h"
#include "tests/storage/statement_texts.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::storage;
using namespace reconciled::test;

namespace {

const std::vector<StatementText>& all_statements() {
  static const std::vector<StatementText> all =
      statements_in({RECONCILED_SOURCES "/storage", RECONCILED_SOURCES "/storage/units",
                     RECONCILED_SOURCES "/storage/views"});
  return all;
}

std::string all_migrations() {
  std::string sql;
  for (const auto& migration : migrations()) sql += std::string(migration.text) + "\n";
  return sql;
}

bool is_known(const std::string& part) {
  const auto& all = all_statements();
  return std::any_of(all.begin(), all.end(), [&](const StatementText& statement) {
    return statement.sql.find(part) != std::string::npos;
  });
}

// How SQLite would go about a statement, a step a line.
class Plans {
 public:
  Plans() {
    (void)migrate(folder_ / "reconciled.db");
    engine_ = open_writer_engine({.location = folder_ / "reconciled.db"});
  }
  [[nodiscard]] std::string of(const StatementText& statement) {
    // A session knows its statements by the addresses of their texts.
    const std::string& sql = texts_.emplace_back("EXPLAIN QUERY PLAN " + statement.sql);
    std::string plan;
    Query query = engine_->session().query(sql.c_str());
    while (query.next()) {
      Row row = query.row();
      for (int column = 0; column < 3; ++column) (void)row.integer();
      plan += row.text() + "\n";
    }
    return plan;
  }

 private:
  const TemporaryFolder folder_;
  std::list<std::string> texts_;
  std::unique_ptr<WriterEngine> engine_;
};

}  // namespace

TEST_CASE("statements: all are found, those of constants too") {
  CHECK(all_statements().size() > 100);
  CHECK(is_known("INSERT INTO event ("));
  CHECK(is_known("key = 'arrivals_reserved'"));                       // storage/session.cpp
  CHECK(is_known("SELECT DISTINCT payment_id FROM expected_order"));  // storage/rebuild.cpp
  CHECK(is_known("FROM payment p WHERE p.payment_id = ?"));           // of columns' names
  CHECK(is_known("p.result = ?9 AND p.payment_no < ?1"));             // one of two
}

TEST_CASE("statements: SQLite prepares each") {
  const TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  (void)migrate(path);
  const auto engine = open_writer_engine({.location = path});
  for (const StatementText& statement : all_statements()) {
    CAPTURE(statement.where);
    CAPTURE(statement.sql);
    CHECK_NOTHROW((void)engine->session().query(statement.sql.c_str()));
  }
}

TEST_CASE("statements: unsigned events are found by their own index, however many signed there are") {
  Plans plans;
  int asked = 0;
  for (const StatementText& statement : all_statements()) {
    if (statement.sql.find("signed = 0") == std::string::npos) continue;
    CAPTURE(statement.where);
    const std::string plan = plans.of(statement);
    CAPTURE(plan);
    CHECK(plan.find("INDEX event_unsigned") != std::string::npos);
    ++asked;
  }
  CHECK(asked == 2);
}

TEST_CASE("statements: none walks through a table that grows without end") {
  Plans plans;
  // As the statements call them. What is indexed in part is small: the inbox, open findings.
  const std::regex walks(
      "SCAN (event|e|event_progress|g|event_index|snapshot|s|transition|t|attempt|a|payment|p|"
      "expected_order|o|finding|f|notification|timer_mark|snapshot_repeat|"
      "preregistration|r)\n");
  for (const StatementText& statement : all_statements()) {
    // Where rows hang on others an INSERT names a walk that is never made: nothing is deferred.
    if (statement.sql.rfind("INSERT", 0) == 0) continue;
    if (statement.sql.ends_with("ORDER BY transition_id DESC LIMIT 1")) continue;
    CAPTURE(statement.where);
    const std::string plan = plans.of(statement);
    CAPTURE(plan);
    CHECK_FALSE(std::regex_search(plan, walks));
  }
}

TEST_CASE("statements: PostgreSQL prepares each, and finds a plan") {
  Postgres postgres;
  const std::vector<std::string> tables = tables_for_postgres(all_migrations());
  const std::vector<std::string> faults_of_tables = postgres.run(tables);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    CAPTURE(tables[i]);
    REQUIRE(faults_of_tables[i].empty());
  }
  std::vector<std::string> scripts;
  for (const StatementText& statement : all_statements()) {
    const std::string name = "s" + std::to_string(scripts.size());
    const std::string sql = with_dollars(statement.sql);
    std::string nulls;
    for (int i = parameters_of(sql); i > 0; --i) nulls += i == 1 ? "NULL" : "NULL, ";
    // Only a plan tells whether there is a key for ON CONFLICT.
    scripts.push_back("PREPARE " + name + " AS " + sql + ";\nEXPLAIN EXECUTE " + name +
                      (nulls.empty() ? "" : "(" + nulls + ")"));
  }
  const std::vector<std::string> faults = postgres.run(scripts);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    CAPTURE(all_statements()[i].where);
    CAPTURE(all_statements()[i].sql);
    CHECK(faults[i] == "");
  }
}

TEST_CASE("statements: PostgreSQL's INTEGER has 32 bits, so none casts to it") {
  for (const StatementText& statement : all_statements()) {
    CAPTURE(statement.where);
    CHECK(statement.sql.find("AS INTEGER") == std::string::npos);
  }
}
