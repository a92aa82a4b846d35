#include "daemon/reconcile/questions.h"

#include <algorithm>

namespace reconciled {

using storage::Question;
using storage::QuestionKind;

namespace {

// More attempts than this are not remembered for one question: PortOne shows them all anyway once
// one of them is missing.
constexpr std::size_t kMaxNamed = 16;

}  // namespace

bool may_ask(const Question& question, storage::Askable askable) {
  return question.kind == QuestionKind::kV2Payment ? askable.v2 : askable.v1;
}

std::vector<Question> questions_about(const storage::InboxEvent& event, storage::Askable askable) {
  const bool maybe_v1 = event.api != core::Api::kV2 && askable.v1;
  const bool maybe_v2 = event.api != core::Api::kV1 && askable.v2;
  std::vector<Question> questions;
  if (maybe_v1 && event.attempt_id) {
    questions.push_back({QuestionKind::kV1Attempt, event.attempt_id->str(), event.payment_id});
  } else if (maybe_v1 && event.payment_id) {
    questions.push_back({QuestionKind::kV1Order, event.payment_id->str(), event.payment_id});
  }
  if (maybe_v2 && event.payment_id) {
    questions.push_back({QuestionKind::kV2Payment, event.payment_id->str(), event.payment_id});
    // A pair that nobody signed may not make us ask PortOne twice.
    if (event.attempt_id && event.is_trusted) {
      questions.back().named_attempts.push_back(*event.attempt_id);
    }
  }
  for (Question& question : questions) {
    question.for_redirect = event.source == core::EventSource::kRedirect;
  }
  return questions;
}

std::vector<Question> questions_about(const core::PaymentId& payment_id,
                                      std::vector<Question> planned, storage::Askable askable) {
  std::erase_if(planned, [&](const Question& question) { return !may_ask(question, askable); });
  // What a redirect once named is planned too, and answers for nothing else of the payment.
  const bool has_own = std::any_of(planned.begin(), planned.end(), [](const Question& question) {
    return question.kind != QuestionKind::kV1Attempt;
  });
  if (!has_own) {
    if (askable.v1) planned.push_back({QuestionKind::kV1Order, payment_id.str(), payment_id});
    if (askable.v2) planned.push_back({QuestionKind::kV2Payment, payment_id.str(), payment_id});
  }
  return planned;
}

void join(Question& known, const Question& more) {
  known.for_redirect = known.for_redirect && more.for_redirect;
  if (!known.payment_id) known.payment_id = more.payment_id;
  auto& named = known.named_attempts;
  for (const core::AttemptId& attempt : more.named_attempts) {
    if (named.size() >= kMaxNamed) return;
    if (std::find(named.begin(), named.end(), attempt) == named.end()) named.push_back(attempt);
  }
}

}  // namespace reconciled
