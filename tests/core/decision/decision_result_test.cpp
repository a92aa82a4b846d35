// The payment's result from its attempts (interface §1.1).
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

std::string winner(const Evidence& evidence, const DecisionPolicy& policy = both_apis()) {
  const Decision decision = evidence.decide(policy);
  return decision.winner ? decision.winner->str() : "";
}

std::string word(Result result) { return std::string(to_word(result)); }

// Who wins of two attempts, rows the left one's result, columns the right one's, both in the order
// of kAnswerable: l, r, `n` the newest-started, `t` a tie.
constexpr const char* kWinners[] = {
    "nrrrrnn",  // ready
    "lttrrll",  // pending
    "lttrrll",  // awaiting_deposit
    "llltlll",  // paid
    "lllrtll",  // partially_cancelled
    "nrrrrnn",  // cancelled
    "nrrrrnn",  // failed
};

}  // namespace

TEST_CASE("decision: of any two attempts the stronger one is the payment") {
  for (std::size_t row = 0; row < 7; ++row) {
    for (std::size_t column = 0; column < 7; ++column) {
      const Result left = kAnswerable[row];
      const Result right = kAnswerable[column];
      CAPTURE(word(left));
      CAPTURE(word(right));
      const char expected = kWinners[row][column];
      // The names must not matter where the results do: each side gets both.
      for (const bool left_is_smaller : {true, false}) {
        const std::string left_id = left_is_smaller ? "a" : "b";
        const std::string right_id = left_is_smaller ? "b" : "a";
        for (const int left_start : {1, 3}) {
          Snapshot l = v1(left_id, left);
          Snapshot r = v1(right_id, right);
          l.started_at = portone_at(left_start);
          r.started_at = portone_at(2);
          const Decision decision = Evidence().says(l).says(r).decide();
          std::string winner_id = expected == 'l' ? left_id : right_id;
          if (expected == 'n') winner_id = left_start > 2 ? left_id : right_id;
          if (expected == 't') winner_id = "a";
          CHECK(decision.winner->str() == winner_id);
          CHECK(decision.result == (winner_id == left_id ? left : right));
        }
      }
    }
  }
}

TEST_CASE("decision: the earliest paid of two paid attempts wins, an unset time last") {
  Snapshot early = v1("z-early", Result::kPaid);
  Snapshot late = v1("a-late", Result::kPaid);
  early.paid_at = portone_at(1);
  late.paid_at = portone_at(2);
  early.started_at = late.started_at = portone_at(0);
  CHECK(winner(Evidence().says(late).says(early)) == "z-early");
  late.paid_at.reset();
  CHECK(winner(Evidence().says(late).says(early)) == "z-early");
  early.paid_at.reset();
  CHECK(winner(Evidence().says(late).says(early)) == "a-late");
}

TEST_CASE("decision: a start of two paid attempts does not matter") {
  Snapshot early = v1("b", Result::kPaid);
  Snapshot late = v1("a", Result::kPaid);
  early.paid_at = portone_at(1);
  late.paid_at = portone_at(2);
  early.started_at = portone_at(-100);
  late.started_at = portone_at(100);
  CHECK(winner(Evidence().says(late).says(early)) == "b");
}

TEST_CASE("decision: an unset start counts as oldest") {
  Snapshot known = v1("b-known", Result::kFailed);
  Snapshot unset = v1("a-unset", Result::kCancelled);
  known.started_at = portone_at(-1'000'000);
  CHECK(winner(Evidence().says(unset).says(known)) == "b-known");
}

TEST_CASE("decision: of weak attempts started together the earliest paid wins, then the id") {
  Snapshot failed = v1("a", Result::kFailed);
  Snapshot cancelled = v1("b", Result::kCancelled);
  failed.started_at = cancelled.started_at = portone_at(3);
  CHECK(winner(Evidence().says(failed).says(cancelled)) == "a");
  cancelled.paid_at = portone_at(4);
  CHECK(winner(Evidence().says(failed).says(cancelled)) == "b");
}

TEST_CASE("decision: amounts, currency and the deciding answer are the winner's") {
  Snapshot paid = v1("imp_2", Result::kPaid);
  paid.total_amount = 1'050;
  paid.currency = kUsd;
  const Decision decision =
      Evidence().says(v1("imp_1", Result::kPartiallyCancelled)).says(paid).decide();
  CHECK(decision.total_amount == 1'050);
  CHECK(decision.cancelled_amount == 0);
  CHECK(decision.currency == kUsd);
  CHECK(decision.deciding_snapshot == SnapshotId{2});
  REQUIRE(decision.attempts.size() == 2);
  CHECK(decision.attempts[0].result == Result::kPartiallyCancelled);
  CHECK(decision.attempts[1].result == Result::kPaid);
}

TEST_CASE("decision: without an answer of PortOne nothing is known") {
  const Decision decision = Evidence()
                                .v1_webhook("imp_1", Result::kPaid)
                                .redirect(UiState::kReturnedSuccess, 2, "imp_1")
                                .decide();
  CHECK(decision.result == Result::kNone);
  CHECK_FALSE(decision.authority.has_value());
  CHECK_FALSE(decision.deliverable);
  CHECK(decision.attempts.empty());
  CHECK(decision.findings.empty());
}

TEST_CASE("decision: a signed webhook binds its attempt, without a result") {
  const Decision decision = Evidence().v2_webhook("tx-1", Result::kPaid).decide();
  CHECK(decision.result == Result::kNone);
  REQUIRE(decision.attempts.size() == 1);
  CHECK(decision.attempts[0].attempt_id == attempt("tx-1"));
  CHECK(decision.attempts[0].api == Api::kV2);
  CHECK(decision.attempts[0].result == Result::kNone);
  CHECK_FALSE(decision.attempts[0].snapshot_id.has_value());
}

TEST_CASE("decision: an attempt that PortOne binds to another payment decides nothing here") {
  Snapshot elsewhere = v1("imp_1", Result::kPaid);
  elsewhere.payment_id = PaymentId::trusted("ord-2");
  const Decision decision = Evidence().says(elsewhere).v1_webhook("imp_1", Result::kPaid).decide();
  CHECK(decision.result == Result::kNone);
  CHECK(decision.attempts.empty());
}

TEST_CASE("decision: PortOne's newest answer says whose an attempt is") {
  Snapshot elsewhere = v1("imp_1", Result::kPaid, 20);
  elsewhere.payment_id = PaymentId::trusted("ord-2");
  const Decision decision =
      Evidence().says(v1("imp_1", Result::kPaid, 10)).says(elsewhere).decide();
  CHECK(decision.result == Result::kNone);
  CHECK_FALSE(decision.deliverable);
}

TEST_CASE("decision: a V1 attempt is judged by V1 answers alone where V1 is configured") {
  Snapshot by_v2 = v2("imp_1", Result::kPaid, 30, 30);
  by_v2.version = Api::kV1;
  DecisionPolicy only_v2 = both_apis();
  only_v2.v1_configured = false;

  SUBCASE("V2 alone only names it") {
    const Decision decision = Evidence().says(by_v2).decide();
    CHECK(decision.result == Result::kNone);
    REQUIRE(decision.attempts.size() == 1);
    CHECK(decision.attempts[0].api == Api::kV1);
    CHECK(decision.attempts[0].result == Result::kNone);
  }
  SUBCASE("V1's older answer counts") {
    const Evidence evidence = Evidence().says(by_v2).says(v1("imp_1", Result::kFailed, 10));
    CHECK(evidence.decide().result == Result::kFailed);
  }
  SUBCASE("without V1 configured V2's answer counts") {
    CHECK(Evidence().says(by_v2).decide(only_v2).result == Result::kPaid);
  }
  SUBCASE("a V2 attempt is judged by V2") {
    CHECK(Evidence().says(v2("tx-1", Result::kPaid)).decide().result == Result::kPaid);
  }
}

TEST_CASE("decision: whose a V1 attempt is, V1's own answer says before V2's") {
  Snapshot by_v2 = v2("imp_1", Result::kPaid, 20, 20);
  by_v2.version = Api::kV1;
  by_v2.payment_id = PaymentId::trusted("ord-2");
  const Decision decision = Evidence().says(v1("imp_1", Result::kPaid)).says(by_v2).decide();
  CHECK(decision.result == Result::kPaid);
  CHECK(decision.winner == attempt("imp_1"));
}

TEST_CASE("decision: answers of both APIs are ordered by the number of their look-up alone") {
  CHECK(Evidence()
            .says(v2("tx-1", Result::kPaid, 10, 30))
            .says(v2("tx-1", Result::kReady, 10, 20))
            .decide()
            .result == Result::kPaid);
  CHECK(Evidence()
            .says(v1("imp_1", Result::kPaid, 30))
            .says(v1("imp_1", Result::kFailed, 20))
            .decide()
            .result == Result::kPaid);
}

TEST_CASE("decision: the newest change is when the answer first said what counts now") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kReady, 10))
                                .says(v1("imp_1", Result::kPaid, 20))
                                .says(v1("imp_1", Result::kPaid, 30))
                                .decide();
  CHECK(decision.changed_at == at(20));
}

TEST_CASE("decision: the virtual account's due time comes with awaiting_deposit alone") {
  Snapshot waiting = v1("imp_1", Result::kAwaitingDeposit);
  waiting.virtual_account = VirtualAccount{"KB", "1234", "Shop", portone_at(9'000)};
  CHECK(Evidence().says(waiting).decide().deposit_due_at == portone_at(9'000));
  Snapshot paid = v1("imp_1", Result::kPaid, 20);
  paid.virtual_account = waiting.virtual_account;
  CHECK_FALSE(Evidence().says(waiting).says(paid).decide().deposit_due_at.has_value());
}
