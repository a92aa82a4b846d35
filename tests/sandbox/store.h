// The sandbox's memory: attempts, registered amounts, identity verifications, money events.
//
// Called by every HTTP thread at once; one mutex guards all of it and is never held while
// something is sent. Values go in and out by copy.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/sandbox/model.h"

namespace reconciled::sandbox {

class Store {
 public:
  // Takes the attempt in, with a new attempt_id where it has none and its sequence number.
  // Nothing if that attempt_id is taken.
  std::optional<Attempt> add(Attempt attempt);
  [[nodiscard]] std::optional<Attempt> find(const std::string& attempt_id) const;
  // What the attempt was after each of its changes, the present state last; empty if unknown.
  [[nodiscard]] std::vector<Attempt> versions(const std::string& attempt_id) const;
  // All attempts of a payment in the order of their creation.
  [[nodiscard]] std::vector<Attempt> attempts_of(const std::string& payment_id) const;
  // All attempts that `keep` takes, in the order of their creation.
  [[nodiscard]] std::vector<Attempt> select(const std::function<bool(const Attempt&)>& keep) const;
  // Runs `change` on the attempt under the lock; what it became, or nothing if there is none.
  std::optional<Attempt> update(const std::string& attempt_id,
                                const std::function<void(Attempt&)>& change);

  void add_event(MoneyEvent event);
  [[nodiscard]] std::vector<MoneyEvent> events() const;

  // By the API that was told: neither knows of the other's. False if the payment has a registered
  // amount already.
  using PreparedKey = std::pair<Api, std::string>;
  bool prepare(const PreparedKey& payment, Prepared prepared);
  void set_prepared(const PreparedKey& payment, Prepared prepared);
  [[nodiscard]] std::optional<Prepared> prepared(const PreparedKey& payment) const;
  [[nodiscard]] std::map<PreparedKey, Prepared> all_prepared() const;

  void set_identity(Identity identity);
  [[nodiscard]] std::optional<Identity> identity(Api version, const std::string& id) const;

  void reset();

 private:
  [[nodiscard]] std::string new_attempt_id(Api version) const;

  mutable std::mutex mutex_;
  std::uint64_t last_sequence_ = 0;            // not reset: ids stay unique over a reset
  std::vector<Attempt> attempts_;              // by sequence
  std::vector<std::vector<Attempt>> earlier_;  // likewise: what each was before its changes
  std::unordered_map<std::string, std::size_t> by_attempt_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_payment_;
  std::vector<MoneyEvent> events_;
  std::map<PreparedKey, Prepared> prepared_;
  std::map<std::string, Identity> identities_;
};

// A version 7 UUID: the clock's milliseconds, then `sequence`, then chance.
[[nodiscard]] std::string new_uuid(std::uint64_t sequence);
// The attempt that stands for a payment in V2's answers: the one that was ever paid, else the one
// that waits for money, else the newest. Nothing for an empty list.
[[nodiscard]] const Attempt* representative(const std::vector<Attempt>& attempts);

}  // namespace reconciled::sandbox
