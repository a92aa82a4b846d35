#include "tests/sandbox/store.h"

#include <cstdio>
#include <random>
#include <utility>

namespace reconciled::sandbox {
namespace {

std::uint64_t random_bits() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator();
}

int strength(const Attempt& attempt) {
  switch (attempt.status) {
    case Status::kPaid:
      return 4;
    case Status::kPartialCancelled:
      return 3;
    case Status::kCancelled:
      return 2;
    case Status::kVirtualAccountIssued:
    case Status::kPayPending:
      return 1;
    case Status::kReady:
    case Status::kFailed:
      return 0;
  }
  return 0;
}

std::string identity_key(Api version, const std::string& id) {
  return std::string(core::to_word(version)) + "/" + id;
}

}  // namespace

std::string new_uuid(std::uint64_t sequence) {
  const auto ms = static_cast<std::uint64_t>(core::to_ms(core::to_time(now())));
  const std::uint64_t chance = random_bits();
  char text[48];
  std::snprintf(text, sizeof text, "%08llx-%04llx-7%03llx-%04llx-%012llx",
                static_cast<unsigned long long>(ms >> 16U),
                static_cast<unsigned long long>(ms & 0xffffU),
                static_cast<unsigned long long>(sequence & 0xfffU),
                static_cast<unsigned long long>(0x8000U | ((chance >> 48U) & 0x3fffU)),
                static_cast<unsigned long long>(chance & 0xffffffffffffULL));
  return text;
}

const Attempt* representative(const std::vector<Attempt>& attempts) {
  const Attempt* best = nullptr;
  for (const Attempt& attempt : attempts) {
    if (best == nullptr || strength(attempt) >= strength(*best)) best = &attempt;
  }
  return best;
}

std::string Store::new_attempt_id(Api version) const {
  if (version == Api::kV2) return new_uuid(last_sequence_);
  for (;;) {
    const std::uint64_t digits = 100'000'000'000ULL + random_bits() % 900'000'000'000ULL;
    std::string id = "imp_" + std::to_string(digits);
    if (by_attempt_.count(id) == 0) return id;
  }
}

std::optional<Attempt> Store::add(Attempt attempt) {
  const std::lock_guard lock(mutex_);
  attempt.sequence = ++last_sequence_;
  if (attempt.attempt_id.empty()) attempt.attempt_id = new_attempt_id(attempt.version);
  if (!by_attempt_.emplace(attempt.attempt_id, attempts_.size()).second) return std::nullopt;
  by_payment_[attempt.payment_id].push_back(attempts_.size());
  attempts_.push_back(attempt);
  earlier_.emplace_back();
  return attempt;
}

std::optional<Attempt> Store::find(const std::string& attempt_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_attempt_.find(attempt_id);
  if (found == by_attempt_.end()) return std::nullopt;
  return attempts_[found->second];
}

std::vector<Attempt> Store::attempts_of(const std::string& payment_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<Attempt> result;
  const auto found = by_payment_.find(payment_id);
  if (found == by_payment_.end()) return result;
  for (const std::size_t index : found->second) result.push_back(attempts_[index]);
  return result;
}

std::vector<Attempt> Store::select(const std::function<bool(const Attempt&)>& keep) const {
  const std::lock_guard lock(mutex_);
  std::vector<Attempt> result;
  for (const Attempt& attempt : attempts_) {
    if (keep(attempt)) result.push_back(attempt);
  }
  return result;
}

std::optional<Attempt> Store::update(const std::string& attempt_id,
                                     const std::function<void(Attempt&)>& change) {
  const std::lock_guard lock(mutex_);
  const auto found = by_attempt_.find(attempt_id);
  if (found == by_attempt_.end()) return std::nullopt;
  Attempt& attempt = attempts_[found->second];
  Attempt before = attempt;
  change(attempt);
  if (attempt.updated_at != before.updated_at) earlier_[found->second].push_back(std::move(before));
  return attempt;
}

std::vector<Attempt> Store::versions(const std::string& attempt_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_attempt_.find(attempt_id);
  if (found == by_attempt_.end()) return {};
  std::vector<Attempt> result = earlier_[found->second];
  result.push_back(attempts_[found->second]);
  return result;
}

void Store::add_event(MoneyEvent event) {
  const std::lock_guard lock(mutex_);
  event.sequence = ++last_sequence_;
  events_.push_back(std::move(event));
}

std::vector<MoneyEvent> Store::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

bool Store::prepare(const PreparedKey& payment, Prepared prepared) {
  const std::lock_guard lock(mutex_);
  return prepared_.emplace(payment, std::move(prepared)).second;
}

void Store::set_prepared(const PreparedKey& payment, Prepared prepared) {
  const std::lock_guard lock(mutex_);
  prepared_[payment] = std::move(prepared);
}

std::optional<Prepared> Store::prepared(const PreparedKey& payment) const {
  const std::lock_guard lock(mutex_);
  const auto found = prepared_.find(payment);
  if (found == prepared_.end()) return std::nullopt;
  return found->second;
}

std::map<Store::PreparedKey, Prepared> Store::all_prepared() const {
  const std::lock_guard lock(mutex_);
  return prepared_;
}

void Store::set_identity(Identity identity) {
  const std::lock_guard lock(mutex_);
  identities_[identity_key(identity.version, identity.id)] = std::move(identity);
}

std::optional<Identity> Store::identity(Api version, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = identities_.find(identity_key(version, id));
  if (found == identities_.end()) return std::nullopt;
  return found->second;
}

void Store::reset() {
  const std::lock_guard lock(mutex_);
  attempts_.clear();
  earlier_.clear();
  by_attempt_.clear();
  by_payment_.clear();
  events_.clear();
  prepared_.clear();
  identities_.clear();
}

}  // namespace reconciled::sandbox
