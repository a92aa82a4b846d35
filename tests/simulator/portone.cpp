#include "tests/simulator/portone.h"

#include <algorithm>

#include "tests/simulator/oracle.h"

namespace reconciled::simulator {
namespace {

using core::Api;
using namespace std::chrono_literals;

// An answer shows the data as they were so long ago at most: less than a sweep reaches back.
constexpr int kOldestCopy = 240;
constexpr int kLongestOutage = 900;
constexpr int kStubbornFor = 3'600;

std::string enveloped(const std::string& response) {
  return R"({"code":0,"message":null,"response":)" + response + "}";
}

Reply unknown(Api api) {
  return {404,
          api == Api::kV1 ? R"({"code":-1,"message":"no such payment","response":null})"
                          : R"({"type":"PAYMENT_NOT_FOUND","message":"no such payment"})",
          {}};
}

}  // namespace

void Portone::know(const World& world) {
  const auto add = [this](const Attempt& attempt) {
    payments_[attempt.payment_id.str()].push_back(&attempt);
    attempts_[attempt.id.str()] = &attempt;
    if (!random_.chance(8)) return;
    const Oddity odd = random_.chance(50) ? Oddity::kHalfWon : Oddity::kNoAmount;
    stubborn_[attempt.id.str()] = {
        odd, attempt.states[static_cast<std::size_t>(random_.below(attempt.states.size()))].since};
  };
  for (const Attempt& attempt : world.attempts) add(attempt);
  if (world.stranger) add(*world.stranger);
}

std::optional<Reply> Portone::fault(Api api, int at) {
  asked_at_ = at;
  if (!is_ill_) return std::nullopt;
  if (random_.below(400) == 0) outage_until_ = at + random_.between(30, kLongestOutage);
  if (at < outage_until_) return random_.chance(50) ? Reply{} : Reply{503, "", {}};
  const int roll = random_.below(100);
  if (roll < 3) return Reply{};
  if (roll < 6) return Reply{500, R"({"type":"INTERNAL","message":"?"})", {}};
  if (roll < 8) return Reply{429, "", std::chrono::seconds(random_.between(1, 120))};
  if (roll < 9) return Reply{401, R"({"code":-1,"message":"?","response":null})", {}};
  if (roll < 10) return Reply{404, "<html>no such page</html>", {}};
  if (roll < 11) return Reply{200, "<html>we will be back</html>", {}};
  if (roll < 12) {
    return Reply{200, api == Api::kV1 ? R"({"code":1,"message":"?","response":null})" : "{}", {}};
  }
  return std::nullopt;
}

int Portone::seen_at(int at) {
  return is_ill_ && random_.chance(10) ? at - random_.between(1, kOldestCopy) : at;
}

Oddity Portone::oddity_of(const Attempt& attempt, Api api) {
  if (!is_ill_) return Oddity::kNone;
  const auto found = stubborn_.find(attempt.id.str());
  if (found != stubborn_.end() && asked_at_ >= found->second.from &&
      asked_at_ < found->second.from + kStubbornFor) {
    oddly_told_.insert(attempt.payment_id.str());
    return found->second.oddity;
  }
  if (!random_.chance(7)) return Oddity::kNone;
  auto odd = static_cast<Oddity>(random_.between(1, 7));
  if (odd == Oddity::kLyingTime && api == Api::kV1) odd = Oddity::kBrokenText;
  if (odd != Oddity::kBrokenText && odd != Oddity::kLyingTime) {
    oddly_told_.insert(attempt.payment_id.str());
  }
  return odd;
}

std::vector<Portone::Row> Portone::rows_of(const std::string& payment_id, int at) const {
  std::vector<Row> rows;
  const auto found = payments_.find(payment_id);
  if (found == payments_.end()) return rows;
  for (const Attempt* attempt : found->second) {
    if (const auto state = attempt->state_at(at)) rows.push_back({attempt, *state});
  }
  return rows;
}

std::optional<Portone::Row> Portone::shown(const std::string& payment_id, int at) const {
  const auto found = payments_.find(payment_id);
  if (found == payments_.end()) return std::nullopt;
  // Once paid, a paymentId takes no other payment: it shows the one that paid, given back or not.
  for (const Attempt* attempt : found->second) {
    const auto state = attempt->state_at(at);
    if (!state || attempt->version == Api::kV1) continue;
    if (attempt->paid_at(*state)) return Row{attempt, *state};
  }
  const auto strongest = strongest_at(found->second, at);
  if (!strongest) return std::nullopt;
  return Row{strongest->first, strongest->second};
}

std::string Portone::row(const Row& row, Api api, V2Shape shape) {
  const Oddity odd = oddity_of(*row.attempt, api);
  return api == Api::kV1 ? v1_row(*row.attempt, row.state, odd)
                         : v2_row(*row.attempt, row.state, shape, odd);
}

Reply Portone::v1_attempt(const std::string& id, bool with_sandbox, int at) {
  if (auto failed = fault(Api::kV1, at)) return *failed;
  const auto found = attempts_.find(id);
  const Attempt* attempt = found == attempts_.end() ? nullptr : found->second;
  if (attempt == nullptr || attempt->version == Api::kV2) return unknown(Api::kV1);
  // PortOne hides test payments from this question (dossier §3.1).
  if (attempt->channel == core::Channel::kTest && !with_sandbox) return unknown(Api::kV1);
  // A proxy's mistake.
  if (is_ill_ && random_.chance(1)) attempt = attempts_.begin()->second;
  const auto state = attempt->state_at(seen_at(at));
  if (!state) return unknown(Api::kV1);
  return {200, enveloped(row({attempt, *state}, Api::kV1, V2Shape::kPayment)), {}};
}

Reply Portone::v1_order(const std::string& id, int at) {
  if (auto failed = fault(Api::kV1, at)) return *failed;
  std::string list;
  std::vector<Row> rows = rows_of(id, seen_at(at));
  std::erase_if(rows, [](const Row& row) { return row.attempt->version == Api::kV2; });
  if (rows.empty()) return unknown(Api::kV1);
  for (const Row& one : rows) {
    list += (list.empty() ? "" : ",") + row(one, Api::kV1, V2Shape::kPayment);
  }
  return {200,
          enveloped(R"({"total":)" + std::to_string(rows.size()) +
                    R"(,"previous":0,"next":0,"list":[)" + list + "]}"),
          {}};
}

Reply Portone::v1_list(int from, int until, int at) {
  if (auto failed = fault(Api::kV1, at)) return *failed;
  const int seen = seen_at(at);
  std::string list;
  int total = 0;
  for (const auto& [id, attempt] : attempts_) {
    const auto state = attempt->version == Api::kV1 ? attempt->state_at(seen) : std::nullopt;
    if (!state) continue;
    const int since = attempt->states[static_cast<std::size_t>(*state)].since;
    if (since < from || since > until) continue;
    total += 1;
    list += (list.empty() ? "" : ",") + row({attempt, *state}, Api::kV1, V2Shape::kPayment);
  }
  return {200,
          enveloped(R"({"total":)" + std::to_string(total) + R"(,"previous":0,"next":0,"list":[)" +
                    list + "]}"),
          {}};
}

Reply Portone::v2_payment(const std::string& id, int at) {
  if (auto failed = fault(Api::kV2, at)) return *failed;
  std::optional<Row> one = shown(id, seen_at(at));
  if (!one) return unknown(Api::kV2);
  if (is_ill_ && random_.chance(1)) one = shown(payments_.begin()->first, at);
  if (!one) return unknown(Api::kV2);
  return {200, row(*one, Api::kV2, V2Shape::kPayment), {}};
}

Reply Portone::v2_transactions(const std::string& id, int at) {
  if (auto failed = fault(Api::kV2, at)) return *failed;
  // Unstable, says PortOne of it.
  if (is_ill_ && random_.chance(25)) return {503, "", {}};
  std::string items;
  for (const Row& one : rows_of(id, seen_at(at))) {
    items += (items.empty() ? "" : ",") + row(one, Api::kV2, V2Shape::kTransaction);
  }
  return {200, R"({"items":[)" + items + "]}", {}};
}

Reply Portone::v2_list(int from, int until, int at) {
  if (auto failed = fault(Api::kV2, at)) return *failed;
  const int seen = seen_at(at);
  std::string items;
  int total = 0;
  for (const auto& [id, attempts] : payments_) {
    const bool changed = std::any_of(attempts.begin(), attempts.end(), [&](const Attempt* attempt) {
      const auto state = attempt->state_at(seen);
      if (!state) return false;
      const int since = attempt->states[static_cast<std::size_t>(*state)].since;
      return since >= from && since <= until;
    });
    const std::optional<Row> one = changed ? shown(id, seen) : std::nullopt;
    if (!one) continue;
    total += 1;
    items += (items.empty() ? "" : ",") + row(*one, Api::kV2, V2Shape::kPayment);
  }
  return {200,
          R"({"items":[)" + items + R"(],"page":{"number":0,"size":500,"totalCount":)" +
              std::to_string(total) + "}}",
          {}};
}

}  // namespace reconciled::simulator
