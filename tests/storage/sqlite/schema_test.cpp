// The rules that the file keeps by itself, against somebody with the sqlite3 shell (interface §8,
// promises 3 and 7): foreign keys are off there, triggers and CHECKs are not.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

// A file with a payment of each kind that matters, and nobody who writes it.
class Written {
 public:
  Written() {
    (void)store_.order(kAmount);
    const Accepted webhook = store_.accept(v1_webhook("imp_1", Result::kPaid, 1));
    (void)store_.begin({webhook.event}, 2);
    (void)store_.portone_says({v1("imp_1", Result::kPaid)}, 3, {webhook.event});
    pay("failed", Result::kFailed);
    pay("cancelled", Result::kCancelled);
    (void)store_.order(1, 0, "", PaymentId::trusted("none"));
    store_.writer().stop();
    stranger_ = std::make_unique<Stranger>(store_.path());
  }
  Stranger& operator*() { return *stranger_; }
  Stranger* operator->() { return stranger_.get(); }
  Store& store() { return store_; }

 private:
  void pay(const std::string& id, Result result) {
    (void)store_.order(kAmount, 0, "", PaymentId::trusted(id));
    Snapshot snapshot = v1("imp_" + id, result);
    snapshot.payment_id = PaymentId::trusted(id);
    snapshot.stored_body = "{}";
    (void)store_.portone_says({snapshot}, 3);
  }
  Store store_;
  std::unique_ptr<Stranger> stranger_;
};

}  // namespace

TEST_CASE("schema: no payment becomes paid by hand") {
  Written file;
  for (const std::string id : {"none", "failed", "cancelled"}) {
    CAPTURE(id);
    const std::string where = " WHERE payment_id = '" + id + "'";
    const std::string before = file->value("SELECT result FROM payment" + where);
    CHECK(before == id);
    CHECK_FALSE(file->run("UPDATE payment SET result = 'paid'" + where).empty());
    CHECK_FALSE(
        file->run("UPDATE payment SET result = 'paid', version = version + 1" + where).empty());
    CHECK_FALSE(file->run("UPDATE payment SET result = 'paid', authority = 'lookup', "
                          "version = version + 1" +
                          where)
                    .empty());
    // Nor with another payment's answer, which no foreign key would refuse here.
    CHECK_FALSE(file->run("UPDATE payment SET result = 'paid', authority = 'lookup', "
                          "version = version + 1, deciding_snapshot_id = 1" +
                          where)
                    .empty());
    CHECK_FALSE(file->run("UPDATE payment SET result = 'paid', authority = 'lookup', "
                          "version = version + 1, deciding_snapshot_id = 4711" +
                          where)
                    .empty());
    CHECK(file->value("SELECT result FROM payment" + where) == before);
  }
}

TEST_CASE("schema: no payment begins decided by hand") {
  Written file;
  const std::string columns =
      "INSERT INTO payment (payment_id, result, authority, deliverable, unverified, unobstructed,"
      " ui_state, webhook_status, deciding_snapshot_id, created_at_ms, updated_at_ms, version,"
      " configuration_id) VALUES ('new', 'paid', 'lookup', 1, 0, 1, 'none', 'none', ";
  CHECK_FALSE(file->run(columns + "NULL, 1, 1, 1, 1)").empty());
  CHECK_FALSE(file->run(columns + "1, 1, 1, 1, 1)").empty());
  CHECK_FALSE(file->run(columns + "4711, 1, 1, 1, 1)").empty());
  CHECK(file->value("SELECT count(*) FROM payment WHERE payment_id = 'new'") == "0");
}

TEST_CASE("schema: nothing goes out by hand") {
  Written file;
  for (const std::string id : {"none", "failed", "cancelled"}) {
    CHECK_FALSE(
        file->run("UPDATE payment SET deliverable = 1 WHERE payment_id = '" + id + "'").empty());
    CHECK_FALSE(file->run("UPDATE payment SET deliverable = 1, version = version + 1 "
                          "WHERE payment_id = '" +
                          id + "'")
                    .empty());
  }
  CHECK_FALSE(
      file->run("UPDATE payment SET payment_id = 'other' WHERE payment_id = 'ord-1'").empty());
  CHECK_FALSE(file->run("DELETE FROM payment").empty());
}

TEST_CASE("schema: evidence and history are not changed or deleted") {
  Written file;
  struct Row {
    std::string table;
    std::string change;
  };
  const Row rows[] = {
      {"event", "status = 'failed'"},         {"event", "signed = 1"},
      {"event", "payment_id = 'other'"},      {"event", "attempt_id = NULL"},
      {"event", "body = 'forged'"},           {"event", "headers = '{}'"},
      {"event", "received_at_ms = 1"},        {"event", "kind = 'unknown'"},
      {"event", "hint = 'returned_success'"}, {"event", "known_source = 1"},
      {"snapshot", "result = 'paid'"},        {"snapshot", "total_amount = 1"},
      {"snapshot", "payment_id = 'other'"},   {"snapshot", "body = 'forged'"},
      {"snapshot", "channel = NULL"},         {"snapshot", "disputes = '[]'"},
      {"snapshot", "asked_at_ms = 1"},        {"snapshot_body", "body = 'forged'"},
      {"expected_order", "amount = 1"},
      {"expected_order", "deleted = 1"},      {"configuration", "unregistered_orders = 'accept'"},
      {"transition", "to_result = 'failed'"}, {"transition", "at_ms = 1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.table);
    CAPTURE(row.change);
    CHECK_FALSE(file->run("UPDATE " + row.table + " SET " + row.change).empty());
  }
  for (const std::string table :
       {"event", "snapshot", "expected_order", "configuration", "transition"}) {
    CAPTURE(table);
    const std::string before = file->value("SELECT count(*) FROM " + table);
    CHECK(before != "0");
    CHECK_FALSE(file->run("DELETE FROM " + table).empty());
    CHECK(file->value("SELECT count(*) FROM " + table) == before);
  }
}

TEST_CASE("schema: a row of evidence is not replaced by another with its number") {
  Written file;
  for (const std::string table :
       {"event", "snapshot", "snapshot_body", "expected_order", "configuration", "transition"}) {
    CAPTURE(table);
    // Triggers on deletion do not see what REPLACE takes away.
    CHECK_FALSE(file->run("REPLACE INTO " + table + " SELECT * FROM " + table).empty());
  }
}

TEST_CASE("schema: retention may take bodies and headers away, and nothing else") {
  Written file;
  CHECK(file->run("UPDATE event SET body = NULL").empty());
  CHECK(file->run("UPDATE event SET headers = NULL").empty());
  CHECK(file->run("UPDATE snapshot SET body = NULL").empty());
  CHECK(file->run("DELETE FROM snapshot_body").empty());
  CHECK_FALSE(file->run("UPDATE event SET body = NULL, status = 'failed'").empty());
  CHECK_FALSE(file->run("UPDATE event SET body = 'back'").empty());
  CHECK_FALSE(file->run("UPDATE snapshot SET body = 'back'").empty());
}

TEST_CASE("schema: words, flags, amounts and types outside their range are refused") {
  Written file;
  const std::string kSnapshot =
      "INSERT INTO snapshot (look_up, content, payment_id, attempt_id, api, version, status, result,"
      " total_amount, cancelled_amount, currency, asked_at_ms) VALUES ";
  // Told from the next ones by this alone.
  CHECK(file->run(kSnapshot + "(1, 1, 'x', 'a', 'v1', 'v1', 's', 'paid', 1, 0, 'KRW', 1)").empty());
  const std::string statements[] = {
      "INSERT INTO expected_order (payment_id, amount, currency, deleted, registered_at_ms) "
      "VALUES ('x', 0, 'KRW', 0, 1)",
      "INSERT INTO expected_order (payment_id, amount, currency, deleted, registered_at_ms) "
      "VALUES ('x', 1.5, 'KRW', 0, 1)",
      kSnapshot + "(1, 1, 'x', 'a', 'v1', 'v1', 's', 'none', 1, 0, 'KRW', 1)",
      kSnapshot + "(1, 1, 'x', 'a', 'v1', 'v1', 's', 'paid', -1, 0, 'KRW', 1)",
      kSnapshot + "(1, 1, 'x', 'a', 'v1', 'v1', 's', 'paid', 1, -1, 'KRW', 1)",
      "INSERT INTO event (received_at_ms, source, kind, type, hint, signed, known_source) "
      "VALUES (1, 'webhook', 'payment', 't', 'none', 2, 0)",
      "INSERT INTO event (received_at_ms, source, kind, type, hint, signed, known_source) "
      "VALUES ('soon', 'webhook', 'payment', 't', 'none', 0, 0)",
      "UPDATE payment SET ui_state = 'happy', version = version + 1",
      "UPDATE payment SET authority = NULL, version = version + 1 WHERE payment_id = 'ord-1'",
      "UPDATE payment SET deciding_snapshot_id = NULL, version = version + 1 "
      "WHERE payment_id = 'ord-1'",
      "UPDATE payment SET unobstructed = 0, version = version + 1 WHERE payment_id = 'ord-1'",
      "INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
      "VALUES ('x', 'stuck', 'c', 2, 'd', 1)",
      "INSERT INTO attempt (payment_no, attempt_id, payment_id, api, result, updated_at_ms) "
      "VALUES (1, 'a', 'ord-1', 'v1', 'paid', 1)",
  };
  for (const std::string& sql : statements) {
    CAPTURE(sql);
    CHECK_FALSE(file->run(sql).empty());
  }
}

TEST_CASE("schema: with foreign keys on, rows without what they hang on are refused") {
  Written file;
  REQUIRE(file->run("PRAGMA foreign_keys = ON").empty());
  CHECK(file->run("INSERT INTO event_progress (event_id, dedupe_hash, last_arrival_ms) VALUES (4711, 1, 1)")
            .find("FOREIGN KEY") != std::string::npos);
  CHECK(file->run("INSERT INTO attempt (payment_no, attempt_id, payment_id, api, result,"
                  "  updated_at_ms) VALUES (4711, 'a', 'nobody', 'v1', 'none', 1)")
            .find("FOREIGN KEY") != std::string::npos);
}

TEST_CASE("schema: one finding a payment, kind and cause") {
  Written file;
  const std::string sql =
      "INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
      "VALUES ('ord-1', 'stuck', 'c', 1, 'd', 1)";
  CHECK(file->run(sql).empty());
  CHECK_FALSE(file->run(sql).empty());
}

TEST_CASE("schema: tables are strict and every table, and the views, explain themselves") {
  Written file;
  CHECK(file->rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                   "AND name NOT LIKE 'sqlite_%' AND strict = 0")
            .empty());
  CHECK(file->rows("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
                   "AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%--%'")
            .empty());
  CHECK(file->value("SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema "
                    "WHERE type = 'view' ORDER BY name)") ==
        "event_by_subject inbox open_findings overview stuck timeline");
}

TEST_CASE("schema: a reader's connection changes nothing") {
  Written file;
  Reader reader = file.store().reader();
  CHECK(reader.payment(kPayment, true)->payment.result == Result::kPaid);
}
