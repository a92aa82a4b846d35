#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/sandbox/answers.h"
#include "tests/sandbox/errors.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

// V1 credentials see V1 payments of their own tier.
bool visible(const Attempt& attempt, const Call& call) {
  return attempt.version == Api::kV1 && attempt.tier == call.tier;
}

std::string query_value(const Call& call, std::string_view name) {
  return core::form_value(call.query(), name).value_or("");
}

bool has_status(const Attempt& attempt, const std::string& status) {
  return status.empty() || status == "all" || v1_word(attempt.status) == status;
}

bool known_status(const std::string& status) {
  static const std::set<std::string> kKnown{"", "all", "ready", "paid", "failed", "cancelled"};
  return kKnown.count(status) != 0;
}

PortoneTime sort_time(const Attempt& attempt, const std::string& key) {
  if (key == "paid") return attempt.paid_at.value_or(PortoneTime{});
  if (key == "updated") return attempt.updated_at;
  return attempt.started_at;
}

void sort_attempts(std::vector<Attempt>& attempts, std::string sorting) {
  if (sorting.empty()) sorting = "-started";
  const bool descending = sorting.front() == '-';
  const std::string key = descending ? sorting.substr(1) : sorting;
  std::sort(attempts.begin(), attempts.end(), [&](const Attempt& left, const Attempt& right) {
    const auto a = std::make_pair(sort_time(left, key), left.sequence);
    const auto b = std::make_pair(sort_time(right, key), right.sequence);
    return descending ? b < a : a < b;
  });
}

// One page of attempts in V1's paged envelope; a page out of range is refused where `strict`.
Reply paged(World& world, const Call& call, View& view, std::vector<Attempt> attempts,
            bool strict) {
  const std::string page_text = query_value(call, "page");
  const std::string limit_text = query_value(call, "limit");
  const std::int64_t page = page_text.empty() ? 1 : to_integer(page_text).value_or(0);
  const std::int64_t most = world.faults.limits().v1_max_limit;
  const std::int64_t limit =
      limit_text.empty() ? std::min<std::int64_t>(20, most) : to_integer(limit_text).value_or(0);
  if (page < 1 || limit < 1 || limit > most) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
  const std::vector<Json> extra = view.extra_rows();
  const auto ahead = static_cast<std::int64_t>(extra.size());
  const std::int64_t total = ahead + static_cast<std::int64_t>(attempts.size());
  const std::int64_t pages = std::max<std::int64_t>(1, (total + limit - 1) / limit);
  if (strict && page > pages) return v1_error(400, -1, "데이터 범위를 넘어선 page입니다.");
  sort_attempts(attempts, query_value(call, "sorting"));
  Json list = Json::array();
  if (page <= pages) {
    const std::int64_t end = std::min(total, page * limit);
    for (std::int64_t i = (page - 1) * limit; i < end; ++i) {
      if (i < ahead) {
        list.push_back(extra[static_cast<std::size_t>(i)]);
        continue;
      }
      const Attempt& attempt = attempts[static_cast<std::size_t>(i - ahead)];
      list.push_back(view.show(v1_payment(attempt), attempt));
    }
  }
  return v1_ok(Json{{"total", total},
                    {"previous", page > 1 ? page - 1 : 0},
                    {"next", page < pages ? page + 1 : 0},
                    {"list", std::move(list)}});
}

Reply get_payment(World& world, const Call& call, const Captures& ids) {
  View view(world, call);
  const std::optional<Attempt> attempt = view.see(world.store.find(ids[0]));
  const bool include_sandbox = query_value(call, "include_sandbox") == "true";
  // Since 2026-01-26 test payments do not exist here unless they are asked for (dossier §3.1).
  if (!attempt || !visible(*attempt, call) || (attempt->test && !include_sandbox)) {
    return v1_error(404, -1, kV1NotFound);
  }
  return v1_ok(view.show(v1_payment(*attempt), *attempt));
}

Reply get_payments(World& world, const Call& call, const Captures&) {
  View view(world, call);
  std::size_t asked = 0;
  bool some_missing = false;
  std::set<std::string> taken;
  Json list = Json::array();
  const auto take = [&](const std::optional<Attempt>& stored) {
    const std::optional<Attempt> attempt = view.see(stored);
    if (!attempt || !visible(*attempt, call)) return false;
    if (taken.insert(attempt->attempt_id).second) {
      list.push_back(view.show(v1_payment(*attempt), *attempt));
    }
    return true;
  };
  for (const auto& [name, value] : call.query()) {
    bool found = false;
    if (name == "imp_uid[]" || name == "imp_uid") {
      found = take(world.store.find(value));
    } else if (name == "merchant_uid[]" || name == "merchant_uid") {
      for (const Attempt& attempt : world.store.attempts_of(value)) found |= take(attempt);
    } else {
      continue;
    }
    ++asked;
    some_missing |= !found;
  }
  const auto most = static_cast<std::size_t>(world.faults.limits().v1_max_batch);
  if (asked == 0 || asked > most) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
  for (Json& row : view.extra_rows()) list.push_back(std::move(row));
  if (list.empty()) return v1_error(404, -1, kV1NotFound);
  return v1_ok(std::move(list), some_missing ? 207 : 200);
}

std::vector<Attempt> attempts_of(World& world, const Call& call, const Captures& ids, View& view) {
  std::vector<Attempt> attempts = view.see(world.store.attempts_of(ids[0]));
  const std::string status = ids.size() > 1 ? ids[1] : "";
  std::erase_if(attempts, [&](const Attempt& attempt) {
    return !visible(attempt, call) || !has_status(attempt, status);
  });
  return attempts;
}

Reply find_one(World& world, const Call& call, const Captures& ids) {
  View view(world, call);
  std::vector<Attempt> attempts = attempts_of(world, call, ids, view);
  if (attempts.empty()) return v1_error(404, -1, kV1NotFound);
  sort_attempts(attempts, query_value(call, "sorting"));
  return v1_ok(view.show(v1_payment(attempts.front()), attempts.front()));
}

Reply find_all(World& world, const Call& call, const Captures& ids) {
  if (ids.size() > 1 && !known_status(ids[1]))
    return v1_error(400, -1, "올바르지 않은 status입니다.");
  View view(world, call);
  std::vector<Attempt> attempts = attempts_of(world, call, ids, view);
  if (attempts.empty() && view.extra_rows().empty()) return v1_error(404, -1, kV1NotFound);
  return paged(world, call, view, std::move(attempts), false);
}

// What `from` and `to` are compared with depends on the final status.
PortoneTime status_time(const Attempt& attempt) {
  if (attempt.cancelled_at) return *attempt.cancelled_at;
  if (attempt.failed_at) return *attempt.failed_at;
  return attempt.paid_at.value_or(attempt.started_at);
}

Reply list_by_status(World& world, const Call& call, const Captures& ids) {
  if (ids[0].empty() || !known_status(ids[0]))
    return v1_error(400, -1, "올바르지 않은 status입니다.");
  const std::string from_text = query_value(call, "from");
  const std::string to_text = query_value(call, "to");
  const std::int64_t to = to_text.empty() ? to_seconds(now()) : to_integer(to_text).value_or(-1);
  const std::int64_t window = world.faults.limits().v1_window_days * 24 * 3600;
  const std::int64_t from = from_text.empty() ? to - window : to_integer(from_text).value_or(-1);
  if (to < 0 || from < 0 || to - from > window) {
    return v1_error(400, -1, "조회 기간은 최대 90일입니다.");
  }
  const auto listed = [&](const Attempt& attempt) {
    const std::int64_t at = to_seconds(status_time(attempt));
    return has_status(attempt, ids[0]) && from <= at && at <= to;
  };
  View view(world, call);
  // Only what may be shown otherwise than it is must be looked at though it is out of the window.
  std::vector<Attempt> attempts = view.see(world.store.select([&](const Attempt& attempt) {
    return visible(attempt, call) && (!view.is_honest() || listed(attempt));
  }));
  std::erase_if(attempts, [&](const Attempt& attempt) { return !listed(attempt); });
  return paged(world, call, view, std::move(attempts), true);
}

Reply get_certification(World& world, const Call&, const Captures& ids) {
  const std::optional<Identity> identity = world.store.identity(Api::kV1, ids[0]);
  if (!identity) return v1_error(404, -1, "존재하지 않는 인증정보입니다.");
  return v1_ok(v1_certification(*identity));
}

}  // namespace

const std::vector<Route>& v1_routes() {
  static const std::vector<Route> routes{
      {"POST", "/users/getToken", "login", true, v1_get_token},
      {"GET", "/payments", "batch", false, get_payments},
      {"POST", "/payments/cancel", "cancel", false, v1_cancel},
      {"POST", "/payments/prepare", "prepare", false, v1_prepare},
      {"PUT", "/payments/prepare", "prepare", false, v1_change_prepared},
      {"GET", "/payments/prepare/{}", "prepare", false, v1_get_prepared},
      {"GET", "/payments/findAll/{}", "order", false, find_all},
      {"GET", "/payments/findAll/{}/", "order", false, find_all},
      {"GET", "/payments/findAll/{}/{}", "order", false, find_all},
      {"GET", "/payments/findAll/{}/{}/", "order", false, find_all},
      {"GET", "/payments/find/{}", "order", false, find_one},
      {"GET", "/payments/find/{}/", "order", false, find_one},
      {"GET", "/payments/find/{}/{}", "order", false, find_one},
      {"GET", "/payments/find/{}/{}/", "order", false, find_one},
      {"GET", "/payments/status/{}", "list", false, list_by_status},
      {"GET", "/payments/{}", "single", false, get_payment},
      {"GET", "/certifications/{}", "certification", false, get_certification}};
  return routes;
}

}  // namespace reconciled::sandbox
