// A damaged file under the real daemon: what is wrong is named, and nothing is deliverable by it.
#include <doctest/doctest.h>

#include <cstdio>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

// As a disk changes it: no trigger sees that.
void by_disk(const Rig& rig, const std::string& sql) {
  const std::string triggers = rig.daemon.sqlite(
      "SELECT group_concat(sql, ';') || ';' FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = "
      "'payment'");
  const std::string names = rig.daemon.sqlite(
      "SELECT group_concat('DROP TRIGGER ' || name, ';') || ';' FROM sqlite_schema WHERE type = "
      "'trigger' AND tbl_name = 'payment'");
  const Finished done = run({{"sqlite3", rig.daemon.database_path(), names + sql + ";" + triggers}});
  REQUIRE_MESSAGE(done.status == 0, done.err);
}

std::string warning(const Rig& rig) {
  const Json stats = rig.daemon.get("/stats").json();
  for (const Json& one : stats.at("warnings")) {
    if (one.at("kind") == "file_damaged") return one.at("detail");
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("damage: a payment that became deliverable on the disk alone is taken back and named") {
  Rig rig(scheduled("\"1h\""));
  rig.daemon.register_order("good");
  rig.portone.make({{"version", "v2"}, {"payment_id", "good"}, {"status", "paid"}});
  rig.daemon.register_order("held", 1);
  rig.portone.make({{"version", "v2"}, {"payment_id", "held"}, {"status", "paid"}});
  rig.daemon.wait_for_result("good", "paid");
  rig.daemon.wait_for_result("held", "paid");
  rig.daemon.stop();
  by_disk(rig, "UPDATE payment SET deliverable = 1, unobstructed = 1 WHERE payment_id = 'held'");
  rig.restart();
  // History does not say so: not for a moment.
  CHECK(rig.daemon.get("/payments/held").json().at("deliverable") == false);
  wait_until("it is found", [&] { return !warning(rig).empty(); });
  CHECK_MESSAGE(has(warning(rig), "payment held: deliverable is true, the evidence says false"),
                warning(rig));
  CHECK(rig.daemon.get("/payments/held").json().at("deliverable") == false);
  wait_until("it is taken back", [&] {
    return rig.daemon.sqlite("SELECT deliverable FROM payment WHERE payment_id = 'held'") == "0\n";
  });
  CHECK(rig.daemon.get("/payments/good").json().at("deliverable") == true);
  const Finished status = rig.daemon.command({"status"});
  CHECK(status.status == 1);
  CHECK_MESSAGE(has(status.out, "file_damaged"), status.out);
  // The next look finds nothing: that of the next start.
  rig.restart();
  wait_until("it was looked through", [&] { return has(rig.daemon.log(), "looked through the file"); });
  CHECK(warning(rig).empty());
}

TEST_CASE("damage: a page that is gone stops what is written, and says which table") {
  Rig rig(scheduled("\"1h\""));
  for (int i = 0; i < 40; ++i) rig.daemon.register_order("o" + std::to_string(i));
  rig.daemon.stop();
  const std::string place = rig.daemon.sqlite(
      "SELECT (pageno - 1) * 4096 FROM dbstat WHERE name = 'lookup_due' AND pagetype = 'leaf' LIMIT 1");
  std::FILE* file = std::fopen(rig.daemon.database_path().c_str(), "r+b");
  REQUIRE(file != nullptr);
  std::fseek(file, std::stol(place), SEEK_SET);
  const std::string zeroes(4'096, '\0');
  CHECK(std::fwrite(zeroes.data(), 1, zeroes.size(), file) == zeroes.size());
  std::fclose(file);
  rig.restart();
  wait_until("it is found", [&] { return has(warning(rig), "damaged") || has(warning(rig), "table "); });
  wait_until("nothing is stored", [&] {
    return rig.deliver(v2_webhook("Transaction.Paid", "new", "new-tx")).status == 503;
  });
  const Finished status = rig.daemon.command({"status"});
  CHECK(status.status == 1);
  CHECK_MESSAGE(has(status.out, "file_damaged"), status.out);
}
