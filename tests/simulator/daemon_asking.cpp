// What the daemon makes of PortOne's bytes: the asker's and the sweeper's rules, the real readers.
#include <algorithm>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/words/mark.h"
#include "tests/simulator/daemon.h"

namespace reconciled::simulator {
namespace {

using namespace std::chrono_literals;
using core::Api;
using storage::LookupReport;
using storage::Question;
using storage::QuestionKind;
using Outcome = LookupReport::Outcome;

void take_snapshots(LookupReport& report, std::vector<core::Snapshot> snapshots) {
  report.outcome = snapshots.empty() ? Outcome::kNotFound : Outcome::kAnswered;
  report.detail = snapshots.empty() ? "unknown to PortOne" : "answered";
  report.snapshots = std::move(snapshots);
}

void take_fault(LookupReport& report, const Reply& reply, const core::AnswerError& error) {
  report.outcome = Outcome::kUnusable;
  report.detail = error.detail;
  report.retry_after = reply.retry_after;
  report.is_unreadable = reply.status / 100 == 2 && error.fault == core::AnswerFault::kMalformed;
}

core::AnswerError silence() { return {core::AnswerFault::kUnavailable, "no answer in time"}; }

core::AnswerError about_another() {
  RECONCILED_MARK(kSimAboutAnother);
  return {core::AnswerFault::kMalformed, "the answer names another"};
}

// Of an order's list, what belongs to it.
void leave_others_out(core::V1List& list, const std::string& order) {
  for (auto it = list.snapshots.begin(); it != list.snapshots.end();) {
    if (it->payment_id.str() == order) {
      ++it;
      continue;
    }
    list.unreadable.push_back({it->attempt_id.str(), "belongs to another order"});
    it = list.snapshots.erase(it);
  }
}

void name_unreadable(LookupReport& report, const std::vector<core::UnreadableRow>& rows) {
  if (rows.empty() || report.outcome != Outcome::kAnswered) return;
  report.is_unreadable = true;
  RECONCILED_MARK(kSimRowSetAside);
  report.unreadable = rows;
}

}  // namespace

LookupReport Daemon::ask(const Question& question, core::Time asked_at, int at) {
  LookupReport report{.question = question, .asked_at = asked_at};
  switch (question.kind) {
    case QuestionKind::kV1Attempt:
      ask_attempt(report, at);
      break;
    case QuestionKind::kV1Order:
      ask_order(report, at);
      break;
    case QuestionKind::kV2Payment:
      ask_v2(report, at);
      break;
  }
  return report;
}

void Daemon::ask_attempt(LookupReport& report, int at) {
  const Question question = report.question;
  const bool test = setup_.policy.channel == core::Channel::kTest;
  const Reply reply = portone_.v1_attempt(question.id, test, at);
  if (reply.status == 0) return take_fault(report, reply, silence());
  auto answer = core::read_v1_payment(reply.status, reply.body, report.asked_at);
  if (answer.ok()) {
    if (answer.value().attempt_id.str() != question.id) {
      return take_fault(report, reply, about_another());
    }
    return take_snapshots(report, {std::move(answer.value())});
  }
  if (answer.error().fault != core::AnswerFault::kNotFound) {
    return take_fault(report, reply, answer.error());
  }
  // "Unknown" only where the order's list was read, and the attempt is not there.
  take_snapshots(report, {});
  if (question.for_redirect || !question.payment_id) return;
  const Reply other = portone_.v1_order(question.payment_id->str(), at);
  if (other.status == 0) return take_fault(report, other, silence());
  auto order = core::read_v1_list(other.status, other.body, report.asked_at);
  if (!order.ok()) {
    take_fault(report, other, order.error());
    report.is_unreadable = false;
    return;
  }
  core::V1List& list = order.value();
  leave_others_out(list, question.payment_id->str());
  const bool is_there =
      std::any_of(list.snapshots.begin(), list.snapshots.end(),
                  [&](const core::Snapshot& s) { return s.attempt_id.str() == question.id; });
  if (is_there) {
    RECONCILED_MARK(kSimFoundByOrder);
    take_snapshots(report, std::move(list.snapshots));
    return name_unreadable(report, list.unreadable);
  }
  for (const core::UnreadableRow& odd : list.unreadable) {
    if (odd.id == question.id || odd.id.empty() || odd.id == question.payment_id->str()) {
      return take_fault(report, other, {core::AnswerFault::kMalformed, odd.reason});
    }
  }
}

void Daemon::ask_order(LookupReport& report, int at) {
  const Reply reply = portone_.v1_order(report.question.id, at);
  if (reply.status == 0) return take_fault(report, reply, silence());
  auto answer = core::read_v1_list(reply.status, reply.body, report.asked_at);
  if (!answer.ok()) return take_fault(report, reply, answer.error());
  core::V1List& list = answer.value();
  leave_others_out(list, report.question.id);
  if (list.snapshots.empty() && !list.unreadable.empty()) {
    return take_fault(report, reply,
                      {core::AnswerFault::kMalformed, list.unreadable.front().reason});
  }
  take_snapshots(report, std::move(list.snapshots));
  name_unreadable(report, list.unreadable);
}

void Daemon::ask_v2(LookupReport& report, int at) {
  const Reply reply = portone_.v2_payment(report.question.id, at);
  if (reply.status == 0) return take_fault(report, reply, silence());
  auto answer = core::read_v2_payment(reply.status, reply.body, report.asked_at);
  if (!answer.ok() && answer.error().fault == core::AnswerFault::kNotFound) {
    return take_snapshots(report, {});
  }
  if (!answer.ok()) return take_fault(report, reply, answer.error());
  if (answer.value().payment_id.str() != report.question.id) {
    return take_fault(report, reply, about_another());
  }
  take_snapshots(report, {std::move(answer.value())});
  const core::AttemptId shown = report.snapshots.front().attempt_id;
  const auto& named = report.question.named_attempts;
  if (std::all_of(named.begin(), named.end(), [&](const auto& id) { return id == shown; })) return;
  const Reply side = portone_.v2_transactions(report.question.id, at);
  auto others = core::read_v2_transactions(side.status, side.body, report.asked_at);
  if (!others.ok()) {
    report.side_failed = others.error().fault != core::AnswerFault::kNotFound;
    report.retry_after = side.retry_after;
    RECONCILED_MARK_IF(report.side_failed, kSimSideFailed);
    return;
  }
  for (core::Snapshot& other : others.value().snapshots) {
    if (other.payment_id.str() != report.question.id || other.attempt_id == shown) continue;
    report.snapshots.push_back(std::move(other));
  }
  name_unreadable(report, others.value().unreadable);
}

void Daemon::sweep() {
  bool good = true;
  if (setup_.policy.v1_configured) good = sweep(Api::kV1) && good;
  if (setup_.policy.v2_store_id) good = sweep(Api::kV2) && good;
  sweep_at_ = machine_.at + (good ? core::Time::duration(kSweepEvery) : 30s);
}

bool Daemon::sweep(Api api) {
  const auto last = reader_.last_sweep(api);
  const bool is_usable = last && *last <= now();
  RECONCILED_MARK_IF(last && !is_usable, kSimSweepReachedBack);
  const core::Time begin = (is_usable ? *last : now() - 24h) - 10min;
  for (core::Time from = begin; from < now();) {
    const core::Time until = std::min<core::Time>(from + 24h * 7, now());
    if (!walk(api, from, until)) return false;
    from = until;
  }
  return true;
}

bool Daemon::walk(Api api, core::Time from, core::Time until) {
  const int begin = static_cast<int>(core::to_ms(from) / 1'000 - core::to_ms(moment(0)) / 1'000);
  const int end =
      static_cast<int>((core::to_ms(until) + 999) / 1'000 - core::to_ms(moment(0)) / 1'000);
  const bool v1 = api == Api::kV1;
  const Reply reply = v1 ? portone_.v1_list(begin, end, machine_.second())
                         : portone_.v2_list(begin, end, machine_.second());
  if (reply.status == 0) return false;
  std::vector<core::Snapshot> rows;
  std::vector<core::UnreadableRow> unreadable;
  const auto take = [&](auto answer) {
    if (!answer.ok()) return false;
    rows = std::move(answer.value().snapshots);
    unreadable = std::move(answer.value().unreadable);
    return true;
  };
  const bool good = v1 ? take(core::read_v1_list(reply.status, reply.body, now()))
                       : take(core::read_v2_page(reply.status, reply.body, now()));
  if (!good) return false;
  storage::Swept swept{.api = api, .up_to = until};
  const auto add = [&](const core::PaymentId& payment) {
    swept.found.push_back(
        {v1 ? QuestionKind::kV1Order : QuestionKind::kV2Payment, payment.str(), payment});
  };
  for (const core::Snapshot& listed : rows) {
    if (listed.result == core::Result::kReady) continue;
    if (!v1 && listed.version == Api::kV1 && setup_.policy.v1_configured) continue;
    if (!reader_.is_news(listed)) continue;
    add(listed.payment_id);
    if (!v1) swept.found.back().named_attempts.push_back(listed.attempt_id);
  }
  for (const core::UnreadableRow& row : unreadable) {
    const auto payment = reader_.payment_of(row.id);
    RECONCILED_MARK_IF(payment, kSimOddRowOfOurs);
    if (payment) add(*payment);
  }
  return write<bool>([&](auto done) { writer_->note_swept(std::move(swept), std::move(done)); });
}

}  // namespace reconciled::simulator
