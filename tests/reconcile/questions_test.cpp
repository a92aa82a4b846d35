#include "daemon/reconcile/questions.h"

#include <doctest/doctest.h>

using namespace reconciled;
using storage::Question;
using storage::QuestionKind;

namespace {

constexpr storage::Askable kBoth{true, true};
constexpr storage::Askable kV1Only{true, false};
constexpr storage::Askable kV2Only{false, true};

storage::InboxEvent event(std::optional<core::Api> api, const char* payment, const char* attempt) {
  storage::InboxEvent event{.id = {1}, .source = core::EventSource::kWebhook, .api = api};
  if (payment != nullptr) event.payment_id = core::PaymentId::trusted(payment);
  if (attempt != nullptr) event.attempt_id = core::AttemptId::trusted(attempt);
  return event;
}

using Asked = std::vector<std::pair<QuestionKind, std::string>>;
Asked asked(const std::vector<Question>& questions) {
  Asked all;
  for (const Question& question : questions) all.emplace_back(question.kind, question.id);
  return all;
}

}  // namespace

TEST_CASE("what is asked about an event: by attempt, by order, of each API that may know") {
  const auto of_both = event(std::nullopt, "order-1", "imp_1");
  CHECK(asked(questions_about(of_both, kBoth)) ==
        Asked{{QuestionKind::kV1Attempt, "imp_1"}, {QuestionKind::kV2Payment, "order-1"}});
  CHECK(asked(questions_about(of_both, kV1Only)) == Asked{{QuestionKind::kV1Attempt, "imp_1"}});
  CHECK(asked(questions_about(of_both, kV2Only)) == Asked{{QuestionKind::kV2Payment, "order-1"}});
  CHECK(questions_about(of_both, {}).empty());
  CHECK(asked(questions_about(event(core::Api::kV1, "order-1", nullptr), kBoth)) ==
        Asked{{QuestionKind::kV1Order, "order-1"}});
  CHECK(asked(questions_about(event(core::Api::kV2, "order-1", "tx-1"), kBoth)) ==
        Asked{{QuestionKind::kV2Payment, "order-1"}});
  CHECK(questions_about(event(core::Api::kV2, "order-1", "tx-1"), kV1Only).empty());
  CHECK(questions_about(event(core::Api::kV2, nullptr, "tx-1"), kBoth).empty());
}

TEST_CASE("a pair that nobody signed names no attempt; a redirect's question says so") {
  auto signed_one = event(core::Api::kV2, "order-1", "tx-1");
  signed_one.is_trusted = true;
  CHECK(questions_about(signed_one, kBoth).at(0).named_attempts.size() == 1);
  auto redirect = event(core::Api::kV2, "order-1", "tx-1");
  redirect.source = core::EventSource::kRedirect;
  CHECK(questions_about(redirect, kBoth).at(0).named_attempts.empty());
  CHECK(questions_about(redirect, kBoth).at(0).for_redirect);
  CHECK_FALSE(questions_about(signed_one, kBoth).at(0).for_redirect);
}

TEST_CASE("a payment is asked about as planned, and as a whole where only attempts are planned") {
  const auto id = core::PaymentId::trusted("order-1");
  const Question attempt{QuestionKind::kV1Attempt, "imp_1", id, {}};
  const Question v1{QuestionKind::kV1Order, "order-1", id, {}};
  const Question v2{QuestionKind::kV2Payment, "order-1", id, {}};
  CHECK(asked(questions_about(id, {attempt, v1}, kBoth)) == asked({attempt, v1}));
  CHECK(asked(questions_about(id, {attempt}, kBoth)) == asked({attempt, v1, v2}));
  CHECK(asked(questions_about(id, {}, kBoth)) == asked({v1, v2}));
  // What is planned at an API that went waits; the other is asked.
  CHECK(asked(questions_about(id, {attempt, v1}, kV2Only)) == asked({v2}));
  CHECK(questions_about(id, {v1, v2}, {}).empty());
}
