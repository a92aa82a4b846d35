// A PortOne that answers when the test says so, without a socket.
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/portone/portone.h"

namespace reconciled::test {

class PortoneByHand final : public portone::PortOne {
 public:
  struct Asked {
    std::vector<storage::Question> questions;
    Answered answered;
  };
  // How many dialogues it takes with each API.
  explicit PortoneByHand(int limit = 0) : limit_(limit) {}

  [[nodiscard]] int limit(core::Api) const override { return limit_; }
  [[nodiscard]] std::size_t batch_size(storage::QuestionKind kind) const override {
    return kind == storage::QuestionKind::kV1Attempt ? 3 : 1;
  }
  [[nodiscard]] bool ask(std::vector<storage::Question> questions, Answered answered) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(questions), std::move(answered)});
    return true;
  }
  [[nodiscard]] int telling_limit(core::Api) const override { return limit_; }
  [[nodiscard]] bool preregister(storage::Preregistration order, Told told) override {
    const std::lock_guard lock(mutex_);
    telling_.push_back({std::move(order), std::move(told)});
    return true;
  }
  struct Telling {
    storage::Preregistration order;
    Told told;
  };
  // The oldest that was told and not answered.
  [[nodiscard]] std::optional<Telling> next_telling() {
    const std::lock_guard lock(mutex_);
    if (telling_.empty()) return std::nullopt;
    Telling first = std::move(telling_.front());
    telling_.erase(telling_.begin());
    return first;
  }
  [[nodiscard]] std::optional<portone::LookupFault> walk(core::Api, core::Time, core::Time,
                                                         const TakePage&) override {
    return std::nullopt;
  }

  [[nodiscard]] bool list_v2(core::Time, core::Time, PaymentIds, Listed listed) override {
    const std::lock_guard lock(mutex_);
    listing_ = std::move(listed);
    return true;
  }
  // The listing that waits for its answer, if one does.
  [[nodiscard]] Listed listing() {
    const std::lock_guard lock(mutex_);
    return std::exchange(listing_, nullptr);
  }

  // The oldest that was asked and not answered.
  [[nodiscard]] std::optional<Asked> next() {
    const std::lock_guard lock(mutex_);
    if (asked_.empty()) return std::nullopt;
    Asked first = std::move(asked_.front());
    asked_.erase(asked_.begin());
    return first;
  }
  [[nodiscard]] std::size_t in_flight() const {
    const std::lock_guard lock(mutex_);
    return asked_.size();
  }
  static void answer(const Asked& asked, storage::LookupReport::Outcome outcome) {
    std::vector<storage::LookupReport> reports;
    for (const storage::Question& question : asked.questions) {
      reports.emplace_back().question = question;
      reports.back().outcome = outcome;
    }
    asked.answered(std::move(reports));
  }

 private:
  const int limit_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  Listed listing_;
  std::vector<Telling> telling_;
};

}  // namespace reconciled::test
