// When the plan of a question goes on, begins anew and ends; through storage in
// tests/storage/units.
#include "daemon/core/decision/lookup_plan.h"

#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;
using namespace std::chrono_literals;

namespace {

const Schedule kSchedule{10s, 30s, 60s};

Decision with(Result result) {
  Decision decision;
  decision.result = result;
  return decision;
}

// With the jitter of "ord-1".
Time turn(int seconds, int after) {
  return at(seconds) + jitter("ord-1", std::chrono::seconds(seconds - after));
}

PlannedAnswer final_at(int asked) {
  return {.asked_at = at(asked), .answered_at = at(asked), .is_final = true};
}
PlannedAnswer unusable_at(int asked) {
  return {.asked_at = at(asked), .answered_at = at(asked), .is_final = false};
}
PlannedAnswer unreadable_at(int asked) {
  PlannedAnswer answer = unusable_at(asked);
  answer.is_unreadable = true;
  return answer;
}

}  // namespace

TEST_CASE("plan: an open payment is asked about by the schedule, a paid one no more") {
  LookupPlan plan{.anchor = at(0)};
  PlanStep step = go_on(plan, kSchedule, with(Result::kPending), "ord-1", at(0));
  CHECK_FALSE(step.is_over);
  CHECK(plan.next_at == turn(10, 0));
  plan.asked_at = at(10);
  (void)go_on(plan, kSchedule, with(Result::kPending), "ord-1", at(11));
  CHECK(plan.next_at == turn(30, 10));
  CHECK(go_on(plan, kSchedule, with(Result::kPaid), "ord-1", at(12)).is_over);
}

TEST_CASE("plan: a paid payment that a webhook contradicts is asked about for one schedule") {
  Decision contradicted = with(Result::kPaid);
  contradicted.is_contradicted = true;
  LookupPlan plan{.anchor = at(0)};
  CHECK_FALSE(go_on(plan, kSchedule, contradicted, "ord-1", at(0)).is_over);
  CHECK(plan.next_at == turn(10, 0));
  plan.asked_at = at(60);
  const PlanStep step = go_on(plan, kSchedule, contradicted, "ord-1", at(60));
  CHECK(step.ends_schedule);
  CHECK_FALSE(step.ends_asking);
  CHECK_FALSE(plan.next_at.has_value());
  CHECK(go_on(plan, kSchedule, with(Result::kCancelled), "ord-1", at(61)).is_over);
}

TEST_CASE("plan: once the whole schedule was asked that is told, and when asking ends too") {
  LookupPlan plan{.anchor = at(0), .asked_at = at(59)};
  CHECK_FALSE(go_on(plan, kSchedule, with(Result::kNone), "ord-1", at(59)).ends_schedule);
  plan.asked_at = at(60);
  PlanStep step = go_on(plan, kSchedule, with(Result::kNone), "ord-1", at(60));
  CHECK(step.ends_schedule);
  CHECK_FALSE(step.ends_asking);
  const int month = 30 * 24 * 3'600;
  plan.asked_at = at(month);
  step = go_on(plan, kSchedule, with(Result::kNone), "ord-1", at(month));
  CHECK(step.ends_asking);
  CHECK_FALSE(plan.next_at.has_value());
}

TEST_CASE(
    "plan: a doubt is asked about at once, and then by the schedule, even of a paid payment") {
  Decision doubtful = with(Result::kPaid);
  doubtful.suspect_look_up = 7;
  LookupPlan plan{.anchor = at(0)};
  (void)go_on(plan, kSchedule, doubtful, "ord-1", at(100));
  CHECK(plan.next_at == at(100));
  CHECK(plan.doubted == 7);
  plan.asked_at = at(100);
  (void)go_on(plan, kSchedule, doubtful, "ord-1", at(101));
  CHECK(plan.next_at == turn(110, 100));
}

TEST_CASE("plan: what has no usable answer is asked about until it has one") {
  LookupPlan plan{.anchor = at(0)};
  (void)note_answer(plan, kSchedule, unusable_at(1));
  CHECK(plan.failures == 1);
  CHECK(plan.next_at == at(1) + failure_delay(1));
  const LookupPlan before = plan;
  const PlanStep step = go_on(plan, kSchedule, with(Result::kPaid), "ord-1", at(2));
  CHECK_FALSE(step.is_over);
  CHECK(plan == before);
  PlannedAnswer told_to_wait = unusable_at(3);
  told_to_wait.retry_after = 90s;
  (void)note_answer(plan, kSchedule, told_to_wait);
  CHECK(plan.next_at == at(93));
  (void)note_answer(plan, kSchedule, final_at(93));
  CHECK(plan.failures == 0);
  CHECK(plan.asked_at == at(93));
  CHECK_FALSE(plan.next_at.has_value());
}

TEST_CASE("plan: what a webhook named and PortOne does not know is asked about for one schedule") {
  LookupPlan plan{.anchor = at(0)};
  PlannedAnswer unknown = final_at(10);
  unknown.is_unknown = true;
  unknown.named_by_webhook = true;
  (void)note_answer(plan, kSchedule, unknown);
  CHECK(plan.unknown == 1);
  CHECK(plan.unknown_at == at(10));
  CHECK(plan.next_at == at(30));
  unknown.asked_at = at(60);
  (void)note_answer(plan, kSchedule, unknown);
  CHECK_FALSE(plan.next_at.has_value());
}

TEST_CASE("plan: three unreadable answers over ten minutes are told, and the first readable one") {
  LookupPlan plan{.anchor = at(0)};
  CHECK_FALSE(note_answer(plan, kSchedule, unreadable_at(0)));
  CHECK_FALSE(note_answer(plan, kSchedule, unreadable_at(599)));
  CHECK_FALSE(note_answer(plan, kSchedule, unusable_at(600)));  // which tells nothing of it
  CHECK(note_answer(plan, kSchedule, unreadable_at(601)) == TimerMark::Kind::kUnreadable);
  CHECK(note_answer(plan, kSchedule, final_at(602)) == TimerMark::Kind::kReadable);
  CHECK_FALSE(note_answer(plan, kSchedule, final_at(603)));
}

TEST_CASE(
    "plan: each event and each changed answer begins the schedule once, and never ahead of now") {
  LookupPlan plan{.anchor = at(0)};
  const Decision nothing = with(Result::kPending);
  begin_anew(plan, nothing, at(100), Restart{at(50), 3});
  CHECK(plan.anchor == at(50));
  CHECK(plan.begun_event == 3);
  begin_anew(plan, nothing, at(100), Restart{at(70), 3});
  CHECK(plan.anchor == at(50));
  begin_anew(plan, nothing, at(100), Restart{at(60)});  // registered
  CHECK(plan.anchor == at(60));
  Decision changed = nothing;
  changed.changed_look_up = 5;
  changed.changed_at = at(80);
  begin_anew(plan, changed, at(100), std::nullopt);
  CHECK(plan.anchor == at(80));
  begin_anew(plan, nothing, at(100), Restart{at(500), 4});
  CHECK(plan.anchor == at(100));
}

TEST_CASE("plan: hastening brings a turn forward and puts none off") {
  LookupPlan plan{.anchor = at(0)};
  hasten(plan, at(20));
  CHECK(plan.next_at == at(20));
  hasten(plan, at(30));
  CHECK(plan.next_at == at(20));
  hasten(plan, at(10));
  CHECK(plan.next_at == at(10));
}

TEST_CASE(
    "plan: a payment is asked about where its attempts are, an unknown one wherever it may be") {
  const auto asked = [](const DecisionPolicy& policy, const Decision& decision) {
    const WorthAsking worth = worth_asking(policy, decision);
    return std::string(worth.v1_order ? "v1 " : "") + (worth.v2_payment ? "v2" : "");
  };
  CHECK(asked(both_apis(), Decision{}) == "v1 v2");
  CHECK(asked(both_apis(), Evidence().says(v1("imp_1", Result::kPaid)).decide()) == "v1 ");
  CHECK(asked(both_apis(), Evidence().says(v2("tx-1", Result::kPaid, 1, 1)).decide()) == "v2");
  DecisionPolicy only_v2 = both_apis();
  only_v2.v1_configured = false;
  CHECK(asked(only_v2, Evidence().says(v1("imp_1", Result::kPaid)).decide()) == "v2");
}

TEST_CASE(
    "plan: a webhook is always asked about, a redirect where an API of its kind is configured") {
  const DecisionPolicy both = both_apis();
  DecisionPolicy none = both;
  none.v1_configured = false;
  none.v2_store_id.reset();
  CHECK(is_asked_about(none, EventSource::kWebhook, Api::kV1, false));
  CHECK(is_asked_about(none, EventSource::kWebhook, Api::kV2, true));
  CHECK_FALSE(is_asked_about(both, EventSource::kWebhook, Api::kV2, false));
  CHECK(is_asked_about(both, EventSource::kRedirect, Api::kV1, false));
  CHECK(is_asked_about(both, EventSource::kRedirect, std::nullopt, false));
  CHECK_FALSE(is_asked_about(both, EventSource::kRedirect, Api::kV2, false));
  CHECK(is_asked_about(both, EventSource::kRedirect, Api::kV2, true));
  CHECK_FALSE(is_asked_about(none, EventSource::kRedirect, Api::kV1, true));
}
