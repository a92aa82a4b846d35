#include "tests/sandbox/request_log.h"

#include <algorithm>
#include <set>

#include "tests/sandbox/model.h"

namespace reconciled::sandbox {
namespace {

constexpr std::size_t kKept = 10'000;
constexpr std::size_t kKeptBody = 2'000;

std::int64_t now_ms() { return core::to_ms(core::to_time(now())); }

std::set<std::string> names_of(const Asked& asked) {
  return {asked.names.begin(), asked.names.end()};
}

void grow(std::map<std::string, std::size_t>& present, std::map<std::string, std::size_t>& most,
          const std::string& key) {
  most[key] = std::max(most[key], ++present[key]);
}

void shrink(std::map<std::string, std::size_t>& present, const std::string& key) {
  if (--present[key] == 0) present.erase(key);
}

}  // namespace

std::shared_ptr<void> RequestLog::begin(const Call& call, const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  ++state_.counts[endpoint];
  const Asked& asked = call.asked;
  state_.entries.push_back({call.method,
                            call.target,
                            call.body.substr(0, kKeptBody),
                            endpoint,
                            asked.api + " " + asked.place,
                            now_ms(),
                            {}});
  if (state_.entries.size() > kKept) state_.entries.pop_front();
  state_.max_in_flight = std::max(state_.max_in_flight, ++state_.in_flight);
  grow(now_by_endpoint_, state_.max_by_endpoint, endpoint);
  for (const std::string& name : names_of(asked)) {
    grow(now_by_payment_, state_.max_by_payment, name);
  }
  const std::uint64_t number = ++begun_;
  return std::shared_ptr<void>(
      this, [this, number, endpoint, asked](void*) { end(number, endpoint, asked); });
}

void RequestLog::end(std::uint64_t number, const std::string& endpoint, const Asked& asked) {
  const std::lock_guard lock(mutex_);
  --state_.in_flight;
  shrink(now_by_endpoint_, endpoint);
  for (const std::string& name : names_of(asked)) shrink(now_by_payment_, name);
  const std::uint64_t behind = begun_ - number;
  std::deque<Entry>& entries = state_.entries;
  if (behind < entries.size()) entries[entries.size() - 1 - behind].ended_ms = now_ms();
}

RequestLog::State RequestLog::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void RequestLog::reset() {
  const std::lock_guard lock(mutex_);
  const std::size_t under_way = state_.in_flight;
  state_ = State{};
  state_.in_flight = under_way;
}

}  // namespace reconciled::sandbox
