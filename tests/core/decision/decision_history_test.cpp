// One attempt's answers in the order of their look-ups' numbers: what goes backwards is not taken on one
// word, and what an answer cannot carry is not forgotten (interface §1.1).
#include "daemon/core/decision/attempt_history.h"
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

Snapshot cancelled_by(std::int64_t amount, int asked) {
  Snapshot s = v1("imp_1", Result::kPartiallyCancelled, asked);
  s.cancelled_amount = amount;
  return s;
}

// Whether the second answer is one that must be confirmed.
bool goes_backwards(Snapshot first, Snapshot second) {
  first.look_up = 10;
  second.look_up = 20;
  return Evidence().says(std::move(first)).says(std::move(second)).decide().suspect_look_up.has_value();
}

}  // namespace

TEST_CASE("backwards: from decided to open, from moved money to a failure, to a smaller cancel") {
  // Rows the earlier answer, columns the later one, in the order of kAnswerable; `b` backwards.
  constexpr const char* kMoves[] = {
      ".......",  // ready
      ".......",  // pending
      ".......",  // awaiting_deposit
      "bbb...b",  // paid
      "bbbb..b",  // partially_cancelled: nothing was cancelled any more
      "bbbbb.b",  // cancelled
      "bbb....",  // failed: PortOne can still turn it into paid
  };
  for (std::size_t from = 0; from < 7; ++from) {
    for (std::size_t to = 0; to < 7; ++to) {
      CAPTURE(std::string(to_word(kAnswerable[from])));
      CAPTURE(std::string(to_word(kAnswerable[to])));
      CHECK(goes_backwards(v1("imp_1", kAnswerable[from]), v1("imp_1", kAnswerable[to])) ==
            (kMoves[from][to] == 'b'));
    }
  }
  CHECK(goes_backwards(cancelled_by(5'000, 10), cancelled_by(4'999, 20)));
  CHECK_FALSE(goes_backwards(cancelled_by(5'000, 10), cancelled_by(5'001, 20)));
}

TEST_CASE("backwards: the earlier answer counts until the next one agrees with the suspect") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kPaid, 10)).says(v1("imp_1", Result::kReady, 20));
  Decision decision = evidence.decide();
  CHECK(decision.result == Result::kPaid);
  CHECK(decision.deciding_snapshot == SnapshotId{1});
  CHECK_FALSE(decision.deliverable);
  CHECK(decision.suspect_look_up.has_value());
  CHECK(decision.findings.empty());

  SUBCASE("it agrees") {
    decision = evidence.says(v1("imp_1", Result::kReady, 30)).decide();
    CHECK(decision.result == Result::kReady);
    CHECK_FALSE(decision.suspect_look_up.has_value());
    CHECK(kinds(decision) == Kinds{"went_backwards"});
    // And it stays told, whatever comes.
    decision = evidence.says(v1("imp_1", Result::kPaid, 40)).decide();
    CHECK(decision.result == Result::kPaid);
    CHECK(decision.deliverable);
    CHECK(kinds(decision) == Kinds{"went_backwards"});
  }
  SUBCASE("it agrees with the earlier one") {
    decision = evidence.says(v1("imp_1", Result::kPaid, 30)).decide();
    CHECK(decision.result == Result::kPaid);
    CHECK(decision.deliverable);
    CHECK_FALSE(decision.suspect_look_up.has_value());
    CHECK(decision.findings.empty());
  }
  SUBCASE("it says a third thing that goes backwards too") {
    decision = evidence.says(v1("imp_1", Result::kFailed, 30)).decide();
    CHECK(decision.result == Result::kPaid);
    CHECK_FALSE(decision.deliverable);
    CHECK(decision.suspect_look_up.has_value());
    decision = evidence.says(v1("imp_1", Result::kFailed, 40)).decide();
    CHECK(decision.result == Result::kFailed);
  }
  SUBCASE("it goes forward") {
    decision = evidence.says(v1("imp_1", Result::kCancelled, 30)).decide();
    CHECK(decision.result == Result::kCancelled);
    CHECK_FALSE(decision.suspect_look_up.has_value());
    CHECK(decision.findings.empty());
  }
}

TEST_CASE("backwards: a repetition of the suspect is no second answer") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kPaid, 10))
      .says(v1("imp_1", Result::kReady, 20))
      .says(v1("imp_1", Result::kReady, 20));
  const Decision decision = evidence.decide();
  CHECK(decision.result == Result::kPaid);
  CHECK_FALSE(decision.deliverable);
  CHECK(decision.suspect_look_up.has_value());
  CHECK(decision.findings.empty());
}

TEST_CASE("backwards: another attempt's doubt holds no goods of the winner") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kPaid, 10))
                                .says(v1("imp_2", Result::kFailed, 10))
                                .says(v1("imp_2", Result::kReady, 20))
                                .decide();
  CHECK(decision.deliverable);
  CHECK(decision.suspect_look_up.has_value());
}

TEST_CASE("backwards: a newer view of V2's withholds a V1 attempt until V1 was asked again") {
  Snapshot by_v2 = v2("imp_1", Result::kCancelled, 20, 20);
  by_v2.version = Api::kV1;
  Evidence evidence;
  Decision decision = evidence.says(v1("imp_1", Result::kPaid, 10)).says(by_v2).decide();
  CHECK(decision.result == Result::kPaid);
  CHECK_FALSE(decision.deliverable);
  CHECK(decision.suspect_look_up == 20);
  SUBCASE("V1 says the same") {
    decision = evidence.says(v1("imp_1", Result::kCancelled, 30)).decide();
    CHECK(decision.result == Result::kCancelled);
  }
  SUBCASE("V1 stays with it") {
    decision = evidence.says(v1("imp_1", Result::kPaid, 30)).decide();
    CHECK(decision.deliverable);
  }
  CHECK_FALSE(decision.suspect_look_up.has_value());
  CHECK(decision.findings.empty());
}

TEST_CASE("backwards: a V1 attempt that only V2 told of is asked about, whatever else is decided") {
  Snapshot by_v2 = v2("imp_2", Result::kPaid, 20, 20);
  by_v2.version = Api::kV1;
  Evidence evidence;
  Decision decision = evidence.says(v1("imp_1", Result::kCancelled, 30)).says(by_v2).decide();
  CHECK(decision.result == Result::kCancelled);
  CHECK(decision.suspect_look_up == 20);
  decision = evidence.says(v1("imp_2", Result::kPaid, 40)).decide();
  CHECK(decision.result == Result::kPaid);
  CHECK(decision.deliverable);
  CHECK_FALSE(decision.suspect_look_up.has_value());
}

TEST_CASE("carried over: disputes live through answers whose shape cannot carry them") {
  Snapshot disputed = v2("tx-1", Result::kPaid, 10, 10);
  disputed.disputes = std::vector<Dispute>{{"d-1", false}};
  Snapshot mute = v2("tx-1", Result::kPaid, 20, 20);
  Evidence evidence;
  evidence.says(disputed).says(mute);
  CHECK(kinds(evidence.decide()) == Kinds{"dispute"});
  CHECK_FALSE(evidence.decide().deliverable);
  // An answer that can carry them and has none says that there are none.
  Snapshot clean = v2("tx-1", Result::kPaid, 30, 30);
  clean.disputes = std::vector<Dispute>{};
  CHECK(evidence.says(clean).decide().findings.empty());
  CHECK(evidence.decide().deliverable);
}

TEST_CASE("carried over: an answer that calls itself older brings no dispute back by itself") {
  Snapshot clean = v2("tx-1", Result::kPaid, 20, 20);
  clean.disputes = std::vector<Dispute>{{"d-1", true}};
  Snapshot disputed = v2("tx-1", Result::kPaid, 10, 50);
  disputed.disputes = std::vector<Dispute>{{"d-1", false}};
  Evidence evidence;
  evidence.says(clean).says(disputed);
  CHECK(evidence.decide().findings.empty());
  CHECK_FALSE(evidence.decide().deliverable);
  disputed.look_up = 60;
  CHECK(kinds(evidence.says(disputed).decide()) == Kinds{"dispute"});
}

TEST_CASE("order: a clock of PortOne's that lies asks for a second answer and orders nothing") {
  // READY of 12:00:00, then PAID of 11:59:59 in every answer.
  Evidence evidence;
  evidence.says(v2("tx-1", Result::kReady, 100, 10)).says(v2("tx-1", Result::kPaid, 99, 20));
  Decision decision = evidence.decide();
  CHECK(decision.result == Result::kReady);
  CHECK_FALSE(decision.deliverable);
  CHECK(decision.suspect_look_up == 20);

  decision = evidence.says(v2("tx-1", Result::kPaid, 99, 30)).decide();
  CHECK(decision.result == Result::kPaid);
  CHECK(decision.deliverable);
  CHECK_FALSE(decision.suspect_look_up.has_value());
  CHECK(decision.findings.empty());  // the status itself did not go back
}

TEST_CASE("order: what differs in nothing that counts may call itself as old as it likes") {
  const Decision decision = Evidence()
                                .says(v2("tx-1", Result::kPaid, 100, 10))
                                .says(v2("tx-1", Result::kPaid, 50, 20))
                                .decide();
  CHECK(decision.deliverable);
  CHECK_FALSE(decision.suspect_look_up.has_value());
}

TEST_CASE("order: look-ups are ordered by their numbers, whatever our clock said meanwhile") {
  Snapshot paid = v1("imp_1", Result::kPaid, 20);
  Snapshot cancelled = v1("imp_1", Result::kCancelled, 30);
  cancelled.asked_at = at(1);  // the clock was set back
  const Decision decision = Evidence().says(cancelled).says(paid).decide();
  CHECK(decision.result == Result::kCancelled);
  CHECK_FALSE(decision.deliverable);
}

TEST_CASE("backwards: the suspect repeated by another look-up is the second answer") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kPaid, 10)).says(v1("imp_1", Result::kFailed, 20));
  CHECK(evidence.decide().result == Result::kPaid);
  evidence.facts.snapshots.back().repeats = {30};
  CHECK(evidence.decide().result == Result::kFailed);
  CHECK(kinds(evidence.decide()) == Kinds{"went_backwards"});
  // An answer between them that says otherwise: they are not one after the other.
  evidence.says(v1("imp_1", Result::kPaid, 25));
  CHECK(evidence.decide().result == Result::kPaid);
  CHECK_FALSE(evidence.decide().deliverable);
  CHECK(evidence.decide().findings.empty());
}

TEST_CASE("history: answers are folded whatever order they are given in") {
  const std::vector<SnapshotFact> facts = {
      {SnapshotId{1}, v1("imp_1", Result::kFailed, 10), {}},
      {SnapshotId{2}, v1("imp_1", Result::kPaid, 20), {}},
      {SnapshotId{3}, v1("imp_1", Result::kReady, 30), {}},
  };
  for (const std::vector<int>& order :
       {std::vector<int>{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}}) {
    std::vector<const SnapshotFact*> answers;
    for (const int i : order) answers.push_back(&facts[static_cast<std::size_t>(i)]);
    const AttemptHistory history = fold_attempt(answers, both_apis());
    CHECK(history.taken->id == SnapshotId{2});
    CHECK(history.suspect->id == SnapshotId{3});
    CHECK(history.approved_after_failure);
    CHECK(history.changed_at == at(20));
  }
}
