// The reconciler's look-up threads, and what they ask PortOne with.
#include <pthread.h>

#include "daemon/reconcile/reconciler.h"
#include "daemon/runtime/log.h"

namespace reconciled {

using storage::Question;
using Choice = LookupQueue::Choice;

void Reconciler::start() {
  thread_ = std::thread([this] { loop(); });
  std::vector<core::Api> apis;
  if (config_.v1) apis.push_back(core::Api::kV1);
  if (config_.v2) apis.push_back(core::Api::kV2);
  const int threads = config_.reconcile.lookups_in_flight;
  askers_.resize(apis.size() * static_cast<std::size_t>(threads));
  for (const core::Api api : apis) {
    for (int number = 0; number < threads; ++number) {
      const std::size_t asker = ask_threads_.size();
      ask_threads_.emplace_back([this, api, number, asker] { ask_loop(api, number, asker); });
    }
  }
}

void Reconciler::reload(const core::Config& config) {
  auto access = std::make_shared<Access>(Access{config, nullptr});
  if (config.v1) access->tokens = std::make_shared<portone::V1Tokens>(*config.v1, watch_);
  const std::lock_guard lock(access_mutex_);
  access_ = std::move(access);
}

std::shared_ptr<portone::Asker> Reconciler::renew_asker(std::shared_ptr<Access>& used,
                                                        std::size_t number) {
  const std::lock_guard lock(access_mutex_);
  if (used != access_) {
    used = access_;
    // A call that begins now would be stopped by nobody.
    if (stopping_) return nullptr;
    askers_[number] =
        std::make_shared<portone::Asker>(used->config, used->tokens, watch_, clock_, metrics_);
  }
  return askers_[number];
}

std::shared_ptr<portone::Asker> Reconciler::make_asker() {
  const std::lock_guard lock(access_mutex_);
  return std::make_shared<portone::Asker>(access_->config, access_->tokens, watch_, clock_,
                                          metrics_);
}

namespace {

// A worker's step: whatever fails in it, its questions are asked again.
std::vector<storage::LookupReport> ask_all(portone::Asker& asker,
                                           const std::vector<Question>& questions) {
  std::string fault = "no report for each question";
  try {
    std::vector<storage::LookupReport> reports = asker.ask(questions);
    if (reports.size() == questions.size()) return reports;
  } catch (const std::exception& error) {
    fault = error.what();
  }
  log_error("asking PortOne failed", {{"error", fault}});
  std::vector<storage::LookupReport> failed;
  for (const Question& question : questions) {
    storage::LookupReport& report = failed.emplace_back(storage::LookupReport{.question = question});
    report.detail = "asking failed: " + fault;
  }
  return failed;
}

}  // namespace

void Reconciler::ask_loop(core::Api api, int number, std::size_t asker_number) {
  const std::string name = "lookup-" + std::string(core::to_word(api)) + "-";
  pthread_setname_np(pthread_self(), (name + std::to_string(number)).c_str());
  const int last = config_.reconcile.lookups_in_flight - 1;
  Choice choice = Choice::kFirstThenLater;
  if (last > 0 && number == 0) choice = Choice::kFirstOnly;
  if (last > 0 && number == last) choice = Choice::kLaterThenFirst;
  std::shared_ptr<Access> access;
  while (!stopping_) {
    std::vector<LookupQueue::Job> jobs = queue_.take(api, portone::Asker::batch_size, choice);
    if (jobs.empty()) return;
    std::vector<Question> questions;
    for (const LookupQueue::Job& job : jobs) questions.push_back(job.question);
    // What a look-up answers for was read before it gets its number.
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < jobs.size(); ++i) numbers.push_back(writer_.next_look_up());
    const auto asker = renew_asker(access, asker_number);
    if (!asker) return;
    std::vector<storage::LookupReport> reports = ask_all(*asker, questions);
    // A call that the stop cut short says nothing about PortOne.
    if (stopping_) return;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (reports[i].answered_at == core::Time{}) {
        reports[i].asked_at = reports[i].answered_at = clock_.now();
      }
      reports[i].number = numbers[i];
      settle(jobs[i], std::move(reports[i]));
    }
  }
}

}  // namespace reconciled
