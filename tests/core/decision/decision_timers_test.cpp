// What only time tells (interface §1.3): webhooks that never came, schedules asked to their end.
// The timers leave marks, which are evidence like any other.
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

TimerMark overdue(const std::string& id, Result result) {
  return {.kind = TimerMark::Kind::kWebhookOverdue, .attempt_id = attempt(id), .result = result};
}
// For all events that arrived by that second.
TimerMark schedule_done(int arrived) {
  return {.kind = TimerMark::Kind::kScheduleDone, .up_to_event = (arrived + 1) * 1'000 - 1};
}
// Begun with everything there is.
TimerMark asking_ended() {
  return {.kind = TimerMark::Kind::kAskingEnded, .up_to_event = 1'000'000, .look_up = 1'000'000};
}
TimerMark unreadable(int look_up) {
  return {.kind = TimerMark::Kind::kUnreadable, .look_up = look_up};
}
TimerMark readable(int look_up) {
  return {.kind = TimerMark::Kind::kReadable, .look_up = look_up};
}
Evidence with(Evidence evidence, const TimerMark& mark) {
  evidence.facts.marks.push_back(mark);
  return evidence;
}

}  // namespace

TEST_CASE("timers: a webhook is expected where PortOne sends one and none announced the result") {
  for (const Result result : kAnswerable) {
    const bool decided = is_decided(result);
    CHECK(Evidence().says(v2("tx-1", result)).decide().expects_webhook == decided);
    // Dossier §2.1: V1 is silent about failures, and about cancels by API.
    CHECK(Evidence().says(v1("imp_1", result)).decide().expects_webhook ==
          (result == Result::kPaid));
    CHECK_FALSE(Evidence()
                    .v2_webhook("tx-1", result)
                    .says(v2("tx-1", result))
                    .decide()
                    .expects_webhook);
  }
  CHECK_FALSE(Evidence().decide().expects_webhook);
}

TEST_CASE("timers: an overdue webhook opens missing_webhook once, and its coming closes it") {
  const Evidence paid = Evidence().says(v1("imp_1", Result::kPaid));
  const Decision decision = with(paid, overdue("imp_1", Result::kPaid)).decide();
  CHECK(kinds(decision) == Kinds{"missing_webhook"});
  CHECK(decision.findings[0].cause == "imp_1:paid");
  CHECK(decision.deliverable);
  CHECK_FALSE(decision.expects_webhook);

  Evidence late = with(paid, overdue("imp_1", Result::kPaid));
  late.v1_webhook("imp_1", Result::kPaid, 900);
  CHECK(late.decide().findings.empty());
  CHECK(late.decide().authority == Authority::kWebhook);
}

TEST_CASE("timers: another attempt's or another result's webhook is not the overdue one") {
  const Evidence paid = with(Evidence().says(v2("tx-1", Result::kPaid)),
                             overdue("tx-1", Result::kPaid));
  Evidence other_attempt = paid;
  other_attempt.v2_webhook("tx-2", Result::kPaid);
  CHECK(has(other_attempt.decide(), FindingKind::kMissingWebhook));
  Evidence other_result = paid;
  other_result.v2_webhook("tx-1", Result::kReady);
  CHECK(has(other_result.decide(), FindingKind::kMissingWebhook));
}

TEST_CASE("timers: unknown_payment needs a signed webhook and the whole schedule after it") {
  CHECK(Evidence().no_order().v2_webhook("tx-1", Result::kPaid).decide().findings.empty());
  CHECK(kinds(with(Evidence().no_order().v2_webhook("tx-1", Result::kPaid), schedule_done(1))
                  .decide()) == Kinds{"unknown_payment"});
  // A webhook that came after the schedule began has its own schedule to wait for.
  CHECK(with(Evidence().no_order().v2_webhook("tx-1", Result::kPaid, 5, 5), schedule_done(1))
            .decide()
            .findings.empty());
  // Unverified input alone opens none.
  CHECK(with(Evidence().no_order().v1_webhook("imp_1", Result::kPaid), schedule_done(1))
            .decide()
            .findings.empty());
  // Found: it closes.
  CHECK_FALSE(has(with(Evidence().v2_webhook("tx-1", Result::kPaid).says(v2("tx-1", Result::kPaid)),
                       schedule_done(1))
                      .decide(),
                  FindingKind::kUnknownPayment));
}

TEST_CASE("timers: webhook_contradicts when a whole schedule of answers says otherwise") {
  const Evidence ready =
      Evidence().v2_webhook("tx-1", Result::kPaid).says(v2("tx-1", Result::kReady));
  CHECK(ready.decide().findings.empty());
  CHECK(kinds(with(ready, schedule_done(1)).decide()) == Kinds{"webhook_contradicts"});

  Evidence agreed = with(ready, schedule_done(1));
  agreed.says(v2("tx-1", Result::kPaid, 50, 60));
  CHECK(agreed.decide().findings.empty());

  // An open word contradicts nothing, and only the newest word about an attempt counts.
  CHECK(with(Evidence().v2_webhook("tx-1", Result::kPending).says(v2("tx-1", Result::kReady)),
             schedule_done(1))
            .decide()
            .findings.empty());
  CHECK(with(Evidence()
                 .v2_webhook("tx-1", Result::kFailed, 1)
                 .v2_webhook("tx-1", Result::kReady, 2)
                 .says(v2("tx-1", Result::kReady)),
             schedule_done(1))
            .decide()
            .findings.empty());
  // Unsigned: V1's webhook proves nothing, so it cannot be contradicted.
  CHECK(with(Evidence().v1_webhook("imp_1", Result::kPaid).says(v1("imp_1", Result::kReady)),
             schedule_done(1))
            .decide()
            .findings.empty());
}

TEST_CASE("timers: what nobody ever tried to pay just ends, however long it was asked about") {
  // An order nobody paid, an abandoned window, an account without its deposit.
  CHECK(with(Evidence(), asking_ended()).decide().is_asking_over);
  CHECK(with(Evidence(), asking_ended()).decide().findings.empty());
  for (const Result result : {Result::kReady, Result::kAwaitingDeposit}) {
    const Evidence asked = with(Evidence().says(v1("imp_1", result)), asking_ended());
    CHECK(asked.decide().findings.empty());
    Evidence looked_at = asked;
    looked_at.redirect(UiState::kReturnedUnknown, 5, "imp_1");
    CHECK(looked_at.decide().findings.empty());
    // Somebody else's word about an attempt that PortOne binds to no payment is nobody's word.
    Evidence forged = asked;
    forged.redirect(UiState::kReturnedSuccess, 5, "imp_9").v1_webhook("imp_9", Result::kPaid);
    CHECK(forged.decide().findings.empty());
  }
}

TEST_CASE("timers: an open payment is stuck once somebody called it decided or money is under way") {
  CHECK(has(with(Evidence().says(v1("imp_1", Result::kPending)), asking_ended()).decide(),
            FindingKind::kStuck));
  const Evidence ready = with(Evidence().says(v1("imp_1", Result::kReady)), asking_ended());
  Evidence announced = ready;
  announced.v1_webhook("imp_1", Result::kPaid);
  CHECK(has(announced.decide(), FindingKind::kStuck));
  for (const UiState hint : {UiState::kReturnedSuccess, UiState::kReturnedFailure}) {
    Evidence returned = ready;
    returned.redirect(hint, 5, "imp_1");
    CHECK(has(returned.decide(), FindingKind::kStuck));
  }
  // It closes with a decision, or with the order's withdrawal.
  CHECK_FALSE(has(Evidence(announced).says(v1("imp_1", Result::kPaid, 20)).decide(),
                  FindingKind::kStuck));
  Evidence withdrawn = announced;
  withdrawn.no_order();
  withdrawn.facts.is_withdrawn = true;
  CHECK_FALSE(has(withdrawn.decide(), FindingKind::kStuck));
}

TEST_CASE("timers: asking is over until a webhook or a changed answer begins it anew") {
  Evidence evidence = Evidence().says(v1("imp_1", Result::kPending, 10));
  evidence.v1_webhook("imp_1", Result::kPaid, 5);
  TimerMark ended = asking_ended();
  ended.up_to_event = 5'999;
  ended.look_up = 10;
  CHECK(with(evidence, ended).decide().is_asking_over);
  Evidence told_more = with(evidence, ended);
  told_more.v1_webhook("imp_1", Result::kFailed, 7);
  CHECK_FALSE(told_more.decide().is_asking_over);
  CHECK_FALSE(with(evidence, ended).says(v1("imp_1", Result::kReady, 20)).decide().is_asking_over);
}

TEST_CASE("timers: answers that cannot be read for long are told of until one can be read") {
  CHECK(kinds(with(Evidence(), unreadable(7)).decide()) == Kinds{"unreadable_answer"});
  CHECK(with(with(Evidence(), unreadable(7)), readable(9)).decide().findings.empty());
  CHECK(kinds(with(with(with(Evidence(), unreadable(7)), readable(9)), unreadable(12)).decide()) ==
        Kinds{"unreadable_answer"});
  // What nobody registered, PortOne did not bind and nobody signed is no payment of ours.
  Evidence forged = with(Evidence().no_order(), unreadable(7));
  forged.v1_webhook("imp_1", Result::kPaid);
  CHECK(forged.decide().findings.empty());
  Evidence signed_one = with(Evidence().no_order(), unreadable(7));
  signed_one.v2_webhook("tx-1", Result::kPaid);
  CHECK(has(signed_one.decide(), FindingKind::kUnreadableAnswer));
}

TEST_CASE("timers: what nobody named and happened before our time is taken in silently") {
  Snapshot old = v1("imp_1", Result::kPaid);
  old.status_at = portone_at(0);
  Evidence evidence = Evidence().no_order().says(old);
  CHECK(kinds(evidence.decide()) == Kinds{"unregistered_order"});

  evidence.facts.first_started_at = at(61);
  CHECK(evidence.decide().findings.empty());
  CHECK_FALSE(evidence.decide().expects_webhook);
  CHECK_FALSE(evidence.decide().deliverable);
  // A minute is granted, and who was named is told of.
  Evidence recent = evidence;
  recent.facts.first_started_at = at(60);
  CHECK(has(recent.decide(), FindingKind::kUnregisteredOrder));
  Evidence named = evidence;
  named.v1_webhook("imp_1", Result::kPaid);
  CHECK(has(named.decide(), FindingKind::kUnregisteredOrder));
  Evidence ordered = evidence;
  ordered.order(5, kKrw);
  CHECK(has(ordered.decide(), FindingKind::kAmountMismatch));
  // A person wants all of it told.
  const Decision told = with(evidence, {.kind = TimerMark::Kind::kToBeTold}).decide();
  CHECK_FALSE(told.is_silent);
  CHECK(has(told, FindingKind::kUnregisteredOrder));
  CHECK_FALSE(told.deliverable);
}
