// A look through the file: nothing in a good one, and what is damaged is named.
#include "storage/file_check.h"

#include "storage/sqlite/structure_check.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using storage::FileCheck;

namespace {

PaymentId numbered(int number) { return PaymentId::trusted("ord-" + std::to_string(number)); }

// Paid, held, failed and open ones.
void live(Store& store, int payments) {
  for (int i = 0; i < payments; ++i) {
    const PaymentId id = numbered(i);
    const std::string attempt = "imp_" + std::to_string(i);
    (void)store.order(i % 4 == 1 ? 100 : kAmount, 0, "", id);
    if (i % 4 == 3) continue;
    const Result result = i % 4 == 2 ? Result::kFailed : Result::kPaid;
    const EventId event = store.accept(v1_webhook(attempt, result, 1, id)).event;
    (void)store.begin({event}, 2);
    Snapshot answer = v1(attempt, result);
    answer.payment_id = id;
    answer.asked_at = at(3);
    LookupReport report =
        Store::answered({storage::QuestionKind::kV1Order, id.str(), id}, 3 + i);
    report.snapshots = {answer};
    report.events = store.covers({event});
    (void)store.settle(report);
  }
  store.close();
}

std::vector<FileCheck::Damage> round(const std::string& path) {
  FileCheck check{storage::Store(path)};
  std::vector<FileCheck::Damage> all;
  for (;;) {
    const FileCheck::Slice slice = check.next();
    all.insert(all.end(), slice.found.begin(), slice.found.end());
    if (slice.ends_round) return all;
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(slice.pause, 1ms));
  }
}

std::string sentences(const std::vector<FileCheck::Damage>& found) {
  std::string text;
  for (const auto& damage : found) text += damage.what + "\n";
  return text;
}

// Table by table, in order of the keys.
std::vector<std::string> walk(const std::string& path) {
  storage::SqliteStructureCheck check(path, 1s, 0ms);
  std::vector<std::string> all;
  for (;;) {
    const auto slice = check.next();
    all.insert(all.end(), slice.found.begin(), slice.found.end());
    if (slice.is_last) return all;
  }
}

// As a disk changes it: no trigger sees that.
void by_force(const std::string& path, const std::string& sql) {
  Stranger stranger(path);
  sqlite3_db_config(stranger.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  REQUIRE(stranger.run(sql) == "");
}

void zero_page_of(const std::string& path, const std::string& name) {
  const std::string sql = "SELECT pageno FROM dbstat WHERE name = '" + name +
                          "' AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1";
  const int page = std::stoi(Stranger(path).value(sql));
  std::FILE* file = std::fopen(path.c_str(), "r+b");
  REQUIRE(file != nullptr);
  const std::string zeroes(4'096, '\0');
  std::fseek(file, (page - 1) * 4'096L, SEEK_SET);
  CHECK(std::fwrite(zeroes.data(), 1, zeroes.size(), file) == zeroes.size());
  std::fclose(file);
}

}  // namespace

TEST_CASE("file check: there is nothing to say of a good file, however it is looked through") {
  Store store;
  live(store, 40);
  CHECK_MESSAGE(round(store.path()).empty(), sentences(round(store.path())));
  CHECK(walk(store.path()).empty());
}

TEST_CASE("file check: a page that is gone is named, of a table and of an index") {
  for (const char* name : {"payment", "payment_by_result", "snapshot", "attempt", "expected_order_by_payment"}) {
    CAPTURE(std::string(name));
    Store store;
    live(store, 400);
    const std::string table = std::string(name).substr(0, std::string(name).find("_by"));
    zero_page_of(store.path(), name);
    const auto found = round(store.path());
    REQUIRE_FALSE(found.empty());
    CHECK(found.front().breaks_store);
    CHECK_MESSAGE(sentences(found).find("table " + table + ":") != std::string::npos, sentences(found));
    const auto walked = walk(store.path());
    REQUIRE(walked.size() == 1);
    CHECK_MESSAGE(walked.front().starts_with("table " + table + ":"), walked.front());
  }
}

TEST_CASE("file check: a row that is missing in an index is found by walking, too") {
  Store store;
  live(store, 400);
  {
    Stranger stranger(store.path());
    // The index forgets what it had: as if a page of it were an old one.
    REQUIRE(stranger.run("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, "
                         "'(result, payment_no)', '(result, payment_no) WHERE payment_no > 9') "
                         "WHERE name = 'payment_by_result'").empty());
  }
  {
    Stranger stranger(store.path());
    REQUIRE(stranger.run("REINDEX payment_by_result; PRAGMA writable_schema = 1; UPDATE sqlite_schema "
                         "SET sql = replace(sql, ' WHERE payment_no > 9', '') "
                         "WHERE name = 'payment_by_result'").empty());
  }
  const auto walked = walk(store.path());
  REQUIRE(walked.size() == 1);
  CHECK(walked.front() == "table payment: a row is not in its index payment_by_result");
  CHECK(sentences(round(store.path())).find("table payment: ") != std::string::npos);
}

TEST_CASE("file check: a payment that claims more than its evidence is named, and decided again") {
  Store store;
  live(store, 8);
  const PaymentId held = numbered(1);
  REQUIRE_FALSE(store.payment(held).deliverable);
  by_force(store.path(), "UPDATE payment SET deliverable = 1, unobstructed = 1 WHERE payment_id = 'ord-1'");
  // History does not say so, and nobody is told.
  CHECK_FALSE(store.payment(held).deliverable);
  const auto found = round(store.path());
  REQUIRE(found.size() == 1);
  CHECK(found.front().what == "payment ord-1: deliverable is true, the evidence says false");
  CHECK_FALSE(found.front().breaks_store);
  CHECK(found.front().claims_too_much == held);
  store.open(both_apis());
  store.writer().start();
  CHECK(store.wait<bool>([&](auto done) { store.writer().derive_again(held, at(9), done); }).value());
  CHECK(Stranger(store.path()).value("SELECT deliverable FROM payment WHERE payment_id = 'ord-1'") == "0");
  CHECK(round(store.path()).empty());
}

TEST_CASE("file check: a payment that says less than its evidence is named, and left to a person") {
  Store store;
  live(store, 8);
  by_force(store.path(), "UPDATE payment SET deliverable = 0 WHERE payment_id = 'ord-0'");
  const auto found = round(store.path());
  REQUIRE(found.size() == 1);
  CHECK(found.front().what == "payment ord-0: deliverable is false, the evidence says true");
  CHECK_FALSE(found.front().claims_too_much.has_value());
}

TEST_CASE("file check: a word that nobody wrote stops no other payment") {
  Store store;
  live(store, 8);
  by_force(store.path(), "PRAGMA ignore_check_constraints = 1; UPDATE payment SET "
                                     "ui_state = 'none!' WHERE payment_id = 'ord-1'");
  const std::string said = sentences(round(store.path()));
  CHECK_MESSAGE(said.find("payment ord-1: a row holds \"none!\"") != std::string::npos, said);
  CHECK(store.payment(numbered(0)).deliverable);
}
