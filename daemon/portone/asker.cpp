#include "daemon/portone/asker.h"

#include <algorithm>
#include <deque>

namespace reconciled::portone {
namespace {

using core::Api;
using storage::LookupReport;
using storage::Question;
using storage::QuestionKind;
using Outcome = storage::LookupReport::Outcome;

// A batch that fails is asked in halves. So many failures in a row are no odd attempt but an
// outage: the rest is asked another time. Silence costs a deadline each, so it is believed sooner.
constexpr int kMaxFailuresInARow = 16;
constexpr int kMaxSilencesInARow = 3;

LookupReport about(const Question& question, core::Time asked_at) {
  return LookupReport{.question = question, .asked_at = asked_at};
}

void take_snapshots(LookupReport& report, std::vector<core::Snapshot> snapshots) {
  report.outcome = snapshots.empty() ? Outcome::kNotFound : Outcome::kAnswered;
  report.detail = snapshots.empty() ? "unknown to PortOne" : "answered";
  report.snapshots = std::move(snapshots);
}

LookupFault unreadable(const core::UnreadableRow& row) {
  return {LookupOutcome::kMalformed, "malformed: " + row.reason, std::nullopt, true};
}

// Whether an odd attempt among those asked for may be what is wrong, and not PortOne.
bool may_be_one_of_many(const LookupFault& fault) {
  switch (fault.outcome) {
    case LookupOutcome::kMalformed:
    case LookupOutcome::kUnreachable:
      return true;
    case LookupOutcome::kServerError:
      return !fault.retry_after;
    case LookupOutcome::kAnswered:
    case LookupOutcome::kNotFound:
    case LookupOutcome::kUnauthorized:
    case LookupOutcome::kThrottled:
      return false;
  }
  return false;
}

}  // namespace

Asker::Asker(const core::Config& config, const World& world)
    : watch_(world.watch), clock_(world.clock), metrics_(world.metrics) {
  if (config.v1) {
    v1_calls_.emplace(Api::kV1, http::ClientOptions{.base_url = config.v1->base_url}, world.loop,
                      world.watch, world.v1_limit, world.clock);
    v1_.emplace(*config.v1, *v1_calls_, world.watch, config.channel == core::Channel::kTest);
  }
  if (config.v2) {
    v2_calls_.emplace(Api::kV2,
                      http::ClientOptions{.base_url = config.v2->base_url,
                                          .read_timeout = std::chrono::seconds(60),
                                          .total_deadline = std::chrono::seconds(60)},
                      world.loop, world.watch, world.v2_limit, world.clock);
    v2_.emplace(*config.v2, *v2_calls_, config.v1.has_value());
  }
}

std::size_t Asker::batch_size(QuestionKind kind) {
  return kind == QuestionKind::kV1Attempt ? V1Client::kMaxBatch : 1;
}

Task<std::vector<LookupReport>> Asker::ask(std::vector<Question> questions) {
  std::vector<LookupReport> reports;
  const bool v2 = questions.front().kind == QuestionKind::kV2Payment;
  if (v2 ? !v2_ : !v1_) {
    // A reload may take an API away under a thread that asks it.
    for (const Question& question : questions) {
      LookupReport& report = reports.emplace_back(about(question, clock_.now()));
      report.answered_at = report.asked_at;
      report.detail = kNotConfigured;
    }
    co_return reports;
  }
  switch (questions.front().kind) {
    case QuestionKind::kV1Attempt:
      co_return co_await ask_attempts(std::move(questions));
    case QuestionKind::kV1Order:
      reports.push_back(co_await ask_order(std::move(questions.front())));
      break;
    case QuestionKind::kV2Payment:
      reports.push_back(co_await ask_v2(std::move(questions.front())));
      break;
  }
  co_return reports;
}

Task<std::vector<LookupReport>> Asker::ask_attempts(std::vector<Question> questions) {
  const core::Time began = clock_.now();
  std::vector<std::string> ids;
  for (const Question& question : questions) ids.push_back(question.id);
  AttemptAnswers answers = co_await ask_in_batches(std::move(ids));
  std::vector<LookupReport> reports;
  std::optional<LookupFault> no_order;  // others would wait for each of them
  for (const Question& question : questions) {
    LookupReport& report = reports.emplace_back(about(question, began));
    AttemptAnswer& answer = answers[question.id];
    if (answer.fault) {
      take_fault(Api::kV1, report, *answer.fault,
                 questions.size() > 1 ? UnreadableWhere::kBatch : UnreadableWhere::kPayment);
    } else if (answer.snapshot) {
      take_snapshots(report, {std::move(*answer.snapshot)});
    } else if (no_order && !question.for_redirect && question.payment_id) {
      take_fault(Api::kV1, report, *no_order);
    } else {
      // PortOne hides test payments from the question by attempt alone (dossier §3.1).
      answer.fault = co_await find_by_order(report);
      if (answer.fault && !answer.fault->is_unreadable) no_order = answer.fault;
      // Not in a batch: others would wait for it.
      if (questions.size() == 1) co_await explain_unknown(report);
    }
    report.answered_at = clock_.now();
    note(Api::kV1, report, answer.fault ? &*answer.fault : nullptr);
  }
  co_return reports;
}

// All at once, and where that fails in halves: one attempt that PortOne or we stumble over must not
// make the others wait for ever.
Task<Asker::AttemptAnswers> Asker::ask_in_batches(std::vector<std::string> ids) {
  AttemptAnswers answers;
  std::deque<std::vector<std::string>> groups{ids};
  int failures = 0;
  int silences = 0;
  while (!groups.empty()) {
    const std::vector<std::string> group = std::move(groups.front());
    groups.pop_front();
    const Asked<core::V1List> answer = co_await v1_->attempts(group);
    if (answer.ok()) {
      failures = silences = 0;
      for (std::string& id : sort_batch(group, answer.value(), answers)) {
        groups.push_back({std::move(id)});
      }
      continue;
    }
    const LookupFault& fault = answer.error();
    ++failures;
    if (fault.outcome == LookupOutcome::kUnreachable) ++silences;
    const bool is_outage = !may_be_one_of_many(fault) || failures >= kMaxFailuresInARow ||
                           silences >= kMaxSilencesInARow || v1_calls_->is_aborted();
    if (group.size() > 1 && !is_outage) {
      const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
      groups.emplace_back(group.begin(), middle);
      groups.emplace_back(middle, group.end());
      continue;
    }
    const auto give_up = [&](const std::vector<std::string>& asked) {
      for (const std::string& id : asked) {
        answers[id].fault = fault;
        answers[id].fault->is_unreadable = fault.is_unreadable && asked.size() == 1 && !is_outage;
      }
    };
    give_up(group);
    if (is_outage) {
      for (const auto& left : groups) give_up(left);
      co_return answers;
    }
  }
  co_return answers;
}

// Gives those that have to be asked for alone: the answer is not clear about them.
std::vector<std::string> Asker::sort_batch(const std::vector<std::string>& asked,
                                           const core::V1List& list, AttemptAnswers& answers) {
  const auto is_asked = [&](const std::string& id) {
    return std::find(asked.begin(), asked.end(), id) != asked.end();
  };
  std::map<std::string, int> rows;
  std::map<std::string, LookupFault> broken;
  bool has_nameless = false;
  for (const core::Snapshot& snapshot : list.snapshots) {
    const std::string& id = snapshot.attempt_id.str();
    if (!is_asked(id)) {
      has_nameless = true;
      metrics_.unreadable(Api::kV1, UnreadableWhere::kBatch);
    } else {
      ++rows[id];
      answers[id].snapshot = snapshot;
    }
  }
  for (const core::UnreadableRow& row : list.unreadable) {
    if (!is_asked(row.id)) {
      has_nameless = true;
      metrics_.unreadable(Api::kV1, UnreadableWhere::kBatch);
    } else {
      ++rows[row.id];
      broken.insert_or_assign(row.id, unreadable(row));
    }
  }
  std::vector<std::string> alone;
  for (const std::string& id : asked) {
    const int count = rows[id];
    const auto odd = broken.find(id);
    if (count == 1 && odd != broken.end()) {
      answers[id].fault = odd->second;
    } else if (count > 1 || (count == 0 && has_nameless)) {
      answers[id] = {};
      if (asked.size() > 1) {
        alone.push_back(id);
      } else {
        answers[id].fault = about_another("the answer names the attempt twice");
      }
    }
  }
  return alone;
}

Task<LookupReport> Asker::ask_order(Question question) {
  LookupReport report = about(question, clock_.now());
  Asked<V1Client::Order> answer = co_await v1_->order(question.id);
  report.answered_at = clock_.now();
  if (!answer.ok()) {
    take_fault(Api::kV1, report, answer.error());
    note(Api::kV1, report, &answer.error());
    co_return report;
  }
  V1Client::Order& order = answer.value();
  std::optional<LookupFault> fault;
  if (order.snapshots.empty() && !order.unreadable.empty()) {
    fault = unreadable(order.unreadable.front());
    take_fault(Api::kV1, report, *fault, UnreadableWhere::kList);
  } else {
    take_snapshots(report, std::move(order.snapshots));
    name_unreadable(Api::kV1, UnreadableWhere::kList, report, order.unreadable);
  }
  if (order.cut_short) {
    report.side_failed = true;
    report.detail += "; not all pages: " + order.cut_short->detail;
    report.retry_after = order.cut_short->retry_after;
  }
  note(Api::kV1, report, fault ? &*fault : nullptr);
  co_return report;
}

Task<LookupReport> Asker::ask_v2(Question question) {
  LookupReport report = about(question, clock_.now());
  Asked<std::optional<core::Snapshot>> answer = co_await v2_->payment(question.id);
  report.answered_at = clock_.now();
  if (answer.ok()) {
    std::vector<core::Snapshot> snapshots;
    if (answer.value()) snapshots.push_back(std::move(*answer.value()));
    take_snapshots(report, std::move(snapshots));
    co_await add_other_attempts(report);
  } else {
    take_fault(Api::kV2, report, answer.error());
  }
  note(Api::kV2, report, answer.ok() ? nullptr : &answer.error());
  co_return report;
}

// Where the answer shows another attempt than a message named, PortOne is asked for all of them.
// The answer stands whatever comes of it.
Task<void> Asker::add_other_attempts(LookupReport& report) {
  if (report.snapshots.empty()) co_return;
  const core::AttemptId shown = report.snapshots.front().attempt_id;
  const auto& named = report.question.named_attempts;
  if (std::all_of(named.begin(), named.end(),
                  [&](const core::AttemptId& id) { return id == shown; })) {
    co_return;
  }
  Asked<core::V2List> others = co_await v2_->transactions(report.question.id);
  if (!others.ok()) {
    report.side_failed = true;
    report.detail += "; transactions: " + others.error().detail;
    report.retry_after = others.error().retry_after;
    if (others.error().is_unreadable) metrics_.unreadable(Api::kV2, UnreadableWhere::kTransactions);
    co_return;
  }
  for (core::Snapshot& snapshot : others.value().snapshots) {
    const bool is_there = std::any_of(
        report.snapshots.begin(), report.snapshots.end(),
        [&](const core::Snapshot& known) { return known.attempt_id == snapshot.attempt_id; });
    if (!is_there) report.snapshots.push_back(std::move(snapshot));
  }
  name_unreadable(Api::kV2, UnreadableWhere::kTransactions, report, others.value().unreadable);
}

// An attempt that a webhook named, among all attempts of its order: "unknown to PortOne" only where
// that list was read, and it is not there. The fault otherwise.
Task<std::optional<LookupFault>> Asker::find_by_order(LookupReport& report) {
  const Question& question = report.question;
  take_snapshots(report, {});
  if (question.for_redirect || !question.payment_id) co_return std::nullopt;
  Asked<V1Client::Order> order = co_await v1_->order(question.payment_id->str());
  std::optional<LookupFault> fault;
  if (!order.ok()) {
    fault = order.error();
    fault->is_unreadable = false;  // it is the order's answer, not the attempt's
  } else {
    auto& [snapshots, unreadable_rows, cut_short] = order.value();
    const bool is_there = std::any_of(
        snapshots.begin(), snapshots.end(),
        [&](const core::Snapshot& snapshot) { return snapshot.attempt_id.str() == question.id; });
    if (is_there) {
      take_snapshots(report, std::move(snapshots));
      name_unreadable(Api::kV1, UnreadableWhere::kList, report, unreadable_rows);
      report.side_failed = cut_short.has_value();
      co_return std::nullopt;
    }
    const auto odd = std::find_if(
        unreadable_rows.begin(), unreadable_rows.end(), [&](const core::UnreadableRow& row) {
          return row.id == question.id || row.id.empty() || row.id == question.payment_id->str();
        });
    if (odd != unreadable_rows.end()) {
      fault = unreadable(*odd);
    } else {
      fault = cut_short;
    }
  }
  if (fault) take_fault(Api::kV1, report, *fault, UnreadableWhere::kList);
  co_return fault;
}

// What a redirect names and no payment answers to may be an identity verification.
Task<void> Asker::explain_unknown(LookupReport& report) {
  if (report.outcome != Outcome::kNotFound || !report.question.for_redirect) co_return;
  const Asked<bool> certification = co_await v1_->is_certification(report.question.id);
  if (certification.ok() && certification.value()) {
    report.detail = "an identity verification, not a payment";
  }
}

Task<std::optional<LookupFault>> Asker::walk(Api api, core::Time from, core::Time until,
                                             Take take) {
  if (api == Api::kV1 ? !v1_ : !v2_) {
    co_return LookupFault{LookupOutcome::kUnreachable, kNotConfigured, {}, false};
  }
  Take counted = [this, api, &take](const ListPage& page) {
    for (std::size_t i = 0; i < page.unreadable.size(); ++i) {
      metrics_.unreadable(api, UnreadableWhere::kList);
    }
    return take(page);
  };
  // The lists go by PortOne's clock.
  const std::chrono::milliseconds ahead = watch_.ahead(api);
  const core::Time now = clock_.now() + ahead;
  if (api == Api::kV1) {
    co_return co_await v1_->walk(from + ahead, until + ahead, now, std::move(counted));
  }
  co_return co_await v2_->walk(from + ahead, until + ahead, now, std::move(counted));
}

Task<std::optional<LookupFault>> Asker::turn_v2_pages(core::Time from, core::Time until,
                                                      V2Client::TakeSome take) {
  if (!v2_) co_return LookupFault{LookupOutcome::kUnreachable, kNotConfigured, {}, false};
  // What cannot be read is named where it is asked about alone.
  const std::chrono::milliseconds ahead = watch_.ahead(Api::kV2);
  co_return co_await v2_->turn_pages(from + ahead, until + ahead, std::move(take));
}

void Asker::name_unreadable(Api api, UnreadableWhere where, LookupReport& report,
                            const std::vector<core::UnreadableRow>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) metrics_.unreadable(api, where);
  if (rows.empty() || report.outcome != Outcome::kAnswered) return;
  report.is_unreadable = true;
  report.detail += "; " + std::to_string(rows.size()) + " left out: " + rows.front().reason;
  report.unreadable = rows;
}

void Asker::take_fault(Api api, LookupReport& report, const LookupFault& fault,
                       UnreadableWhere where) {
  report.outcome = Outcome::kUnusable;
  report.is_unreadable = fault.is_unreadable;
  report.detail = fault.detail;
  report.retry_after = fault.retry_after;
  if (fault.is_unreadable) metrics_.unreadable(api, where);
}

void Asker::note(Api api, const LookupReport& report, const LookupFault* fault) {
  LookupOutcome outcome = LookupOutcome::kAnswered;
  if (fault != nullptr) {
    outcome = fault->outcome;
  } else if (report.outcome == Outcome::kNotFound) {
    outcome = LookupOutcome::kNotFound;
  }
  metrics_.lookup(api, outcome, Seconds(report.answered_at - report.asked_at));
}

}  // namespace reconciled::portone
