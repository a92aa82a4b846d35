#include <doctest/doctest.h>

#include <chrono>

#include "daemon/core/messages/portone_answer.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using core::Result;

namespace {

core::Time now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

TEST_CASE("answers: the daemon reads V1 payments, batches and findAll as they are meant") {
  Rig rig;
  rig.make({{"payment_id", "o1"},
            {"attempt_id", "imp_1"},
            {"amount", 1050},
            {"currency", "USD"},
            {"status", "cancelled"},
            {"cancel_amount", 25}});
  rig.make({{"payment_id", "o2"}, {"attempt_id", "imp_2"}, {"status", "virtual_account_issued"}});
  const Answer answer = rig.v1("GET", "/payments/imp_1");
  const auto partial = core::read_v1_payment(answer.status, answer.text, now());
  REQUIRE(partial.ok());
  CHECK(partial.value().result == Result::kPartiallyCancelled);
  CHECK(partial.value().total_amount == 1050);
  CHECK(partial.value().cancelled_amount == 25);
  const Answer some = rig.v1("GET", "/payments?imp_uid[]=imp_2&imp_uid[]=imp_9");
  const auto batch = core::read_v1_list(some.status, some.text, now());
  REQUIRE(batch.ok());
  REQUIRE(batch.value().snapshots.size() == 1);
  CHECK(batch.value().snapshots[0].result == Result::kAwaitingDeposit);
  CHECK(batch.value().snapshots[0].virtual_account.has_value());
  rig.make({{"payment_id", "o2"}, {"status", "paid"}});
  const Answer page = rig.v1("GET", "/payments/findAll/o2?limit=1");
  const auto paged = core::read_v1_list(page.status, page.text, now());
  REQUIRE(paged.ok());
  CHECK(paged.value().has_next);
  const Answer none = rig.v1("GET", "/payments/imp_9");
  const auto missing = core::read_v1_payment(none.status, none.text, now());
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().fault == core::AnswerFault::kNotFound);
}

TEST_CASE("answers: the daemon reads V2 payments of every status") {
  Rig rig;
  const std::vector<std::pair<const char*, Result>> table{
      {"ready", Result::kReady},
      {"pay_pending", Result::kPending},
      {"virtual_account_issued", Result::kAwaitingDeposit},
      {"paid", Result::kPaid},
      {"failed", Result::kFailed},
      {"cancelled", Result::kCancelled},
      {"disputed", Result::kPaid}};
  for (const auto& [status, result] : table) {
    rig.make({{"payment_id", status}, {"version", "v2"}, {"status", status}, {"amount", 64900}});
    const Answer answer = rig.v2("GET", std::string("/payments/") + status);
    const auto read = core::read_v2_payment(answer.status, answer.text, now());
    REQUIRE_MESSAGE(read.ok(), status);
    CHECK_MESSAGE(read.value().result == result, status);
    CHECK(read.value().total_amount == 64900);
    CHECK(read.value().updated_at.has_value());
    CHECK(read.value().channel == core::Channel::kLive);
  }
}

TEST_CASE("answers: spoilt ones are unusable to the daemon, never something else") {
  Rig rig;
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "tx"}, {"status", "paid"}});
  for (const char* mode : {"not_json", "wrong_json", "wrong_types"}) {
    rig.control("PUT", "/faults", {{"rest", {{"mode", mode}}}});
    const Answer answer = rig.v2("GET", "/payments/p1");
    const auto read = core::read_v2_payment(answer.status, answer.text, now());
    REQUIRE_FALSE_MESSAGE(read.ok(), mode);
    CHECK_MESSAGE(read.error().fault == core::AnswerFault::kMalformed, mode);
  }
}
