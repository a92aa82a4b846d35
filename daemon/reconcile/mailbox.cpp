#include "daemon/reconcile/mailbox.h"

#include <utility>

namespace reconciled {
namespace {

// Of each kind; beyond it the inbox is scanned instead, or the plan asks.
constexpr std::size_t kMostMail = 100'000;

}  // namespace

void Mailbox::put_events(const std::vector<storage::CommitNotice::Pending>& events) {
  auto state = state_.lock();
  auto& known = state->mail.events;
  if (known.size() + events.size() > kMostMail) {
    state->mail.overflowed = true;
  } else {
    known.insert(known.end(), events.begin(), events.end());
  }
  state->is_awake = true;
  wake_.notify_one();
}

void Mailbox::put_payment(const core::PaymentId& payment_id) {
  auto state = state_.lock();
  if (state->mail.payments.size() < kMostMail) state->mail.payments.push_back(payment_id);
  state->is_awake = true;
  wake_.notify_one();
}

void Mailbox::put_question(const storage::Question& question) {
  auto state = state_.lock();
  if (state->mail.questions.size() < kMostMail) state->mail.questions.push_back(question);
  state->is_awake = true;
  wake_.notify_one();
}

void Mailbox::put_unwritten(const storage::Question& question) {
  state_.lock()->mail.unwritten.push_back(question);
}

void Mailbox::put_for_redirect(const storage::LookupReport& report) {
  auto state = state_.lock();
  switch (report.outcome) {
    case storage::LookupReport::Outcome::kAnswered:
      break;
    case storage::LookupReport::Outcome::kNotFound:
      state->mail.unknown.push_back(report.question);
      break;
    case storage::LookupReport::Outcome::kUnusable:
      for (const storage::Cover& cover : report.events) {
        state->mail.unanswered.push_back(cover.event);
      }
      break;
  }
}

void Mailbox::wake() {
  state_.lock()->is_awake = true;
  wake_.notify_one();
}

Mailbox::Mail Mailbox::take() {
  auto state = state_.lock();
  state->is_awake = false;
  return std::exchange(state->mail, Mail{});
}

void Mailbox::wait(std::chrono::milliseconds at_most) {
  auto state = state_.lock();
  state.wait_for(wake_, at_most, [&] { return state->is_awake; });
}

}  // namespace reconciled
