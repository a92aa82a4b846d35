// A recipient's digest, its clock turned by hand: for the tests of what people are told.
#pragma once

#include <doctest/doctest.h>

#include <new>
#include <utility>
#include <vector>

#include "daemon/alert/digest.h"

namespace reconciled::test {

using namespace reconciled::alert;
using namespace std::chrono_literals;
namespace core = reconciled::core;
using Change = Item::Change;

inline const Topic kUnreachable{Topic::Sort::kWarning, "portone_unreachable", "v2"};
inline const Topic kDisk{Topic::Sort::kWarning, "disk_low", ""};
inline const Topic kAmounts{Topic::Sort::kFinding, "amount_mismatch", ""};

inline core::Time at(std::chrono::milliseconds since) {
  return core::from_ms(1'800'000'000'000) + since;
}

// Looks every second, as the daemon does, and sends what is due at once.
class Desk {
 public:
  explicit Desk(const Timing& timing = {}) : timing_(timing), digest_(timing, at(0ms)) {}

  void begins(const Topic& topic, std::string detail = "x") {
    warnings_[topic] = {.since = at(now_), .detail = std::move(detail)};
  }
  void ends(const Topic& topic) { warnings_.erase(topic); }
  void finding(std::int64_t count, std::int64_t newest) {
    findings_.erase(kAmounts);
    if (count > 0) findings_[kAmounts] = {.since = at(now_), .count = count, .newest = newest};
  }
  // A message failed to be taken: `wait` only tries.
  void cut_off(bool cut) { is_cut_off_ = cut; }

  // How many messages went out in that time.
  int wait(std::chrono::milliseconds time) {
    const int before = messages_;
    for (const auto until = now_ + time; now_ < until;) {
      now_ += 1s;
      digest_.observe(warnings_, &findings_, {at(now_), at(now_)});
      const Telling due = digest_.due(at(now_));
      if (due.empty()) continue;
      digest_.tried(due);
      if (is_cut_off_) continue;
      digest_.told(due, at(now_));
      told_ = due;
      ++messages_;
    }
    return messages_ - before;
  }
  // The newest message.
  [[nodiscard]] const Telling& told() const { return told_; }
  [[nodiscard]] std::vector<Change> changes() const {
    std::vector<Change> all;
    for (const Item& item : told_) all.push_back(item.change);
    return all;
  }
  [[nodiscard]] Digest& digest() { return digest_; }
  // The process is started again, with what was kept.
  void restart(std::map<Topic, Digest::Entry> entries, std::optional<core::Time> last_told) {
    digest_.~Digest();
    new (&digest_) Digest(timing_, at(now_));
    digest_.restore(std::move(entries), last_told);
    warnings_.clear();
  }
  [[nodiscard]] core::Time now() const { return at(now_); }

 private:
  const Timing timing_;
  std::chrono::milliseconds now_{0};
  Digest digest_;
  State warnings_;
  State findings_;
  Telling told_;
  int messages_ = 0;
  bool is_cut_off_ = false;
};

}  // namespace reconciled::test
