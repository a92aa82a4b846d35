#include "daemon/portone/asker.h"

#include <algorithm>

namespace reconciled::portone {
namespace {

using storage::LookupReport;
using storage::Question;
using storage::QuestionKind;

LookupReport begin(const Question& question, core::Time asked_at) {
  return LookupReport{.question = question, .asked_at = asked_at};
}

void take_fault(LookupReport& report, const LookupFault& fault) {
  report.outcome = LookupReport::Outcome::kUnusable;
  report.detail = fault.detail;
  report.retry_after = fault.retry_after;
}

void take_snapshots(LookupReport& report, std::vector<core::Snapshot> snapshots) {
  report.outcome = snapshots.empty() ? LookupReport::Outcome::kNotFound
                                     : LookupReport::Outcome::kAnswered;
  report.detail = snapshots.empty() ? "unknown to PortOne" : "answered";
  report.snapshots = std::move(snapshots);
}

}  // namespace

Asker::Asker(const core::Config& config, std::shared_ptr<V1Tokens> tokens, const Clock& clock,
             Metrics& metrics)
    : tokens_(std::move(tokens)), clock_(clock), metrics_(metrics) {
  if (config.v1) v1_.emplace(*config.v1, *tokens_, clock, config.channel == core::Channel::kTest);
  if (config.v2) v2_.emplace(*config.v2, clock);
}

std::size_t Asker::batch_size(QuestionKind kind) {
  return kind == QuestionKind::kV1Attempt ? V1Client::kMaxBatch : 1;
}

std::vector<LookupReport> Asker::ask(const std::vector<Question>& questions) {
  switch (questions.front().kind) {
    case QuestionKind::kV1Attempt:
      return ask_attempts(questions);
    case QuestionKind::kV1Order:
      return {ask_order(questions.front())};
    case QuestionKind::kV2Payment:
      return {ask_v2(questions.front())};
  }
  return {};
}

std::vector<LookupReport> Asker::ask_attempts(const std::vector<Question>& questions) {
  const core::Time began = clock_.now();
  std::vector<std::string> ids;
  std::vector<LookupReport> reports;
  for (const Question& question : questions) {
    ids.push_back(question.id);
    reports.push_back(begin(question, began));
  }
  const auto answer = v1_->attempts(ids);
  for (LookupReport& report : reports) {
    report.answered_at = clock_.now();
    if (!answer.ok()) {
      take_fault(report, answer.error());
    } else {
      std::vector<core::Snapshot> own;
      for (const core::Snapshot& snapshot : answer.value()) {
        if (snapshot.attempt_id.str() == report.question.id) own.push_back(snapshot);
      }
      // PortOne hides test payments from the question by attempt alone (dossier §3.1).
      if (own.empty()) own = find_by_order(report.question);
      take_snapshots(report, std::move(own));
      // Not in a batch: others would wait for it.
      if (questions.size() == 1) explain_unknown(report);
    }
    note(core::Api::kV1, began, report, answer.ok() ? nullptr : &answer.error());
  }
  return reports;
}

LookupReport Asker::ask_order(const Question& question) {
  LookupReport report = begin(question, clock_.now());
  auto answer = v1_->order(question.id);
  report.answered_at = clock_.now();
  if (answer.ok()) {
    take_snapshots(report, std::move(answer.value()));
  } else {
    take_fault(report, answer.error());
  }
  note(core::Api::kV1, report.asked_at, report, answer.ok() ? nullptr : &answer.error());
  return report;
}

LookupReport Asker::ask_v2(const Question& question) {
  LookupReport report = begin(question, clock_.now());
  auto answer = v2_->payment(question.id);
  report.answered_at = clock_.now();
  if (answer.ok()) {
    std::vector<core::Snapshot> snapshots;
    if (answer.value()) snapshots.push_back(std::move(*answer.value()));
    if (const auto fault = add_other_attempts(question, snapshots)) {
      take_fault(report, *fault);
      note(core::Api::kV2, report.asked_at, report, &*fault);
      return report;
    }
    take_snapshots(report, std::move(snapshots));
  } else {
    take_fault(report, answer.error());
  }
  note(core::Api::kV2, report.asked_at, report, answer.ok() ? nullptr : &answer.error());
  return report;
}

// Where the answer shows another attempt than a message named, PortOne is asked for all of them.
std::optional<LookupFault> Asker::add_other_attempts(const Question& question,
                                                     std::vector<core::Snapshot>& snapshots) {
  if (snapshots.empty()) return std::nullopt;
  const bool all_shown = std::all_of(
      question.named_attempts.begin(), question.named_attempts.end(),
      [&](const core::AttemptId& id) { return snapshots.front().attempt_id == id; });
  if (all_shown) return std::nullopt;
  auto others = v2_->transactions(question.id);
  if (!others.ok()) return others.error();
  const core::AttemptId shown = snapshots.front().attempt_id;
  for (core::Snapshot& snapshot : others.value()) {
    if (snapshot.attempt_id != shown) snapshots.push_back(std::move(snapshot));
  }
  return std::nullopt;
}

// An attempt that a webhook named, among all attempts of its order; none where it is not there.
std::vector<core::Snapshot> Asker::find_by_order(const Question& question) {
  if (question.for_redirect || !question.payment_id) return {};
  auto order = v1_->order(question.payment_id->str());
  if (!order.ok()) return {};
  const bool is_there = std::any_of(
      order.value().begin(), order.value().end(),
      [&](const core::Snapshot& snapshot) { return snapshot.attempt_id.str() == question.id; });
  if (!is_there) return {};
  return std::move(order.value());
}

// What a redirect names and no payment answers to may be an identity verification.
void Asker::explain_unknown(LookupReport& report) {
  if (report.outcome != LookupReport::Outcome::kNotFound || !report.question.for_redirect) return;
  const auto certification = v1_->is_certification(report.question.id);
  if (certification.ok() && certification.value()) {
    report.detail = "an identity verification, not a payment";
  }
}

std::optional<LookupFault> Asker::walk(core::Api api, core::Time from, core::Time until,
                                       const Take& take) {
  if (api == core::Api::kV1) return v1_->walk(from, until, take);
  return v2_->walk(from, until, take);
}

void Asker::note(core::Api api, core::Time began, const LookupReport& report,
                 const LookupFault* fault) {
  LookupOutcome outcome = LookupOutcome::kAnswered;
  if (fault != nullptr) {
    outcome = fault->outcome;
  } else if (report.outcome == LookupReport::Outcome::kNotFound) {
    outcome = LookupOutcome::kNotFound;
  }
  metrics_.lookup(api, outcome, Seconds(report.answered_at - began));
}

void Asker::abort() {
  if (v1_) v1_->abort();
  if (v2_) v2_->abort();
}

}  // namespace reconciled::portone
