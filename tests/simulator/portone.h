// PortOne's REST API as the daemon meets it: status and bytes, over the truth of many worlds.
//
// While its faults last it answers late copies of its data, throttles, fails, hangs, answers about
// something else and sends rows that are odd; afterwards it says the truth of the moment.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulator/world.h"

namespace reconciled::simulator {

struct Reply {
  int status = 0;  // 0: nothing came until the deadline
  std::string body;
  std::optional<std::chrono::milliseconds> retry_after;
};

// How a row is odd; what can be read of it decides what becomes of it.
enum class Oddity {
  kNone,
  kBrokenText,  // a name in EUC-KR, a reason with half a surrogate: decides nothing
  kNoChannel,   // without `sandbox`, without a channel's type
  kLyingTime,   // updatedAt
  kNewWord,     // a status of tomorrow
  kHalfWon,     // 1000.5 won
  kNoAmount,
  kBrokenId  // the payment's id in EUC-KR
};

// One state of an attempt as a row of that API. `at`: the moment that it shows.
[[nodiscard]] std::string v1_row(const Attempt& attempt, int state, Oddity oddity);
enum class V2Shape { kPayment, kTransaction };
[[nodiscard]] std::string v2_row(const Attempt& attempt, int state, V2Shape shape, Oddity oddity);

class Portone {
 public:
  explicit Portone(std::uint64_t seed) : random_(seed, 77) {}

  void know(const World& world);  // which stays where it is
  void end_faults() { is_ill_ = false; }

  // `at`: the moment, in seconds of its own clock.
  [[nodiscard]] Reply v1_attempt(const std::string& id, bool with_sandbox, int at);
  [[nodiscard]] Reply v1_order(const std::string& id, int at);
  [[nodiscard]] Reply v1_list(int from, int until, int at);
  [[nodiscard]] Reply v2_payment(const std::string& id, int at);
  [[nodiscard]] Reply v2_transactions(const std::string& id, int at);
  [[nodiscard]] Reply v2_list(int from, int until, int at);

  // Payments of which a row could not be read in full: a person is told, by a warning or a finding.
  [[nodiscard]] const std::set<std::string>& oddly_told() const { return oddly_told_; }

 private:
  struct Row {
    const Attempt* attempt;
    int state;
  };
  [[nodiscard]] std::optional<Reply> fault(core::Api api, int at);
  [[nodiscard]] int seen_at(int at);
  [[nodiscard]] Oddity oddity_of(const Attempt& attempt, core::Api api);
  [[nodiscard]] std::vector<Row> rows_of(const std::string& payment_id, int at) const;
  // The attempt that V2 shows of a payment.
  [[nodiscard]] std::optional<Row> shown(const std::string& payment_id, int at) const;
  [[nodiscard]] std::string row(const Row& row, core::Api api, V2Shape shape);

  // Odd in every answer for a while.
  struct Stubborn {
    Oddity oddity;
    int from;
  };

  Random random_;
  std::map<std::string, Stubborn> stubborn_;
  int asked_at_ = 0;
  bool is_ill_ = true;
  std::map<std::string, std::vector<const Attempt*>> payments_;
  std::map<std::string, const Attempt*> attempts_;
  int outage_until_ = 0;
  std::set<std::string> oddly_told_;
};

}  // namespace reconciled::simulator
