#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "tests/sandbox/answers.h"
#include "tests/sandbox/errors.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

constexpr std::int64_t kDefaultSize = 10;
constexpr auto kWindow = std::chrono::days(90);

// The arguments of a GET: its body, or URL-encoded in ?requestBody=.
std::optional<Json> arguments(const Call& call) {
  const auto query = core::form_value(call.query(), "requestBody");
  return json_object(query ? *query : call.body);
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t integer(const Json& object, const char* name, std::int64_t otherwise) {
  const auto found = object.find(name);
  if (found == object.end()) return otherwise;
  return found->is_number_integer() ? found->get<std::int64_t>() : -1;
}

struct Range {
  PortoneTime from{};
  PortoneTime until{};
  [[nodiscard]] bool holds(PortoneTime at) const { return from <= at && at <= until; }
};

// `from` and `until` with their defaults; nothing where one of them is no time.
std::optional<Range> range_of(const Json& object) {
  Range range;
  const std::string until = text(object, "until");
  const std::string from = text(object, "from");
  const auto end = until.empty() ? std::optional(now()) : core::parse_rfc3339(until);
  if (!end) return std::nullopt;
  const auto start = from.empty() ? std::optional(*end - kWindow) : core::parse_rfc3339(from);
  if (!start) return std::nullopt;
  return Range{*start, *end};
}

struct Filter {
  bool by_creation = false;
  Range range;
  std::set<std::string> statuses;
  std::optional<bool> is_test;
  std::string version;
  std::string currency;

  [[nodiscard]] bool takes(const Attempt& attempt) const {
    if (!range.holds(by_creation ? attempt.started_at : attempt.changed_at)) return false;
    std::string word(v2_word(attempt.status));
    if (word == "PAY_PENDING") word = "PENDING";  // the filter's own spelling
    if (!statuses.empty() && statuses.count(word) == 0) return false;
    if (is_test && *is_test != attempt.test) return false;
    if (!version.empty() && version != (attempt.version == Api::kV1 ? "V1" : "V2")) return false;
    return currency.empty() || currency == attempt.currency;
  }
};

std::optional<Filter> read_filter(const Json& object) {
  Filter filter;
  const std::optional<Range> range = range_of(object);
  if (!range) return std::nullopt;
  filter.range = *range;
  filter.by_creation = text(object, "timestampType") == "CREATED_AT";
  filter.version = text(object, "version");
  filter.currency = text(object, "currency");
  if (object.contains("isTest") && object["isTest"].is_boolean()) {
    filter.is_test = object["isTest"].get<bool>();
  }
  if (object.contains("status")) {
    if (!object["status"].is_array()) return std::nullopt;
    for (const Json& status : object["status"]) {
      if (!status.is_string() || status == "PAY_PENDING") return std::nullopt;
      filter.statuses.insert(status.get<std::string>());
    }
  }
  return filter;
}

// One attempt for each payment of those attempts, in the order of the payments' creation.
std::vector<Attempt> one_a_payment(std::vector<Attempt> all) {
  std::vector<Attempt> result;
  std::unordered_map<std::string, std::size_t> place;
  for (Attempt& attempt : all) {
    const auto [found, is_new] = place.emplace(attempt.payment_id, result.size());
    if (is_new) {
      result.push_back(std::move(attempt));
      continue;
    }
    const std::vector<Attempt> pair{result[found->second], std::move(attempt)};
    result[found->second] = *representative(pair);
  }
  return result;
}

std::vector<Attempt> payments_of(World& world, const std::string& store_id, View& view) {
  return one_a_payment(view.see(
      world.store.select([&](const Attempt& attempt) { return attempt.store_id == store_id; })));
}

// Those payments that the filter takes. Only what may be shown otherwise than it is must be looked at
// though it is out of the window: a day may have a hundred thousand.
std::vector<Attempt> filtered(World& world, const Filter& filter, View& view) {
  if (!view.is_honest()) {
    std::vector<Attempt> payments = payments_of(world, world.options.store_id, view);
    std::erase_if(payments, [&](const Attempt& attempt) { return !filter.takes(attempt); });
    return payments;
  }
  std::vector<Attempt> all = one_a_payment(world.store.select([&](const Attempt& attempt) {
    return attempt.store_id == world.options.store_id && filter.takes(attempt);
  }));
  // Another attempt may stand for the payment.
  std::erase_if(all, [&](const Attempt& attempt) {
    const std::vector<Attempt> of_payment = world.store.attempts_of(attempt.payment_id);
    return of_payment.size() > 1 &&
           representative(of_payment)->attempt_id != attempt.attempt_id;
  });
  return all;
}

Reply invalid() { return v2_error(400, "INVALID_REQUEST", "요청이 올바르지 않습니다."); }
Reply forbidden() { return v2_error(403, "FORBIDDEN", "접근 권한이 없는 상점입니다."); }

// A list's arguments as the two cursor calls take them.
struct CursorArguments {
  Range range;
  std::uint64_t after = 0;
  std::size_t size = 10;
};

std::optional<CursorArguments> read_cursor(const World& world, const Json& object) {
  CursorArguments result;
  const std::optional<Range> range = range_of(object);
  const std::int64_t most = world.faults.limits().cursor_max_size;
  const std::int64_t size = integer(object, "size", std::min(kDefaultSize, most));
  if (!range || size < 1 || size > most) {
    return std::nullopt;
  }
  result.range = *range;
  result.size = static_cast<std::size_t>(size);
  const std::string cursor = text(object, "cursor");
  if (!cursor.empty()) {
    const auto after = to_integer(std::string_view(cursor).substr(1));
    if (cursor.front() != 'c' || !after || *after < 0) return std::nullopt;
    result.after = static_cast<std::uint64_t>(*after);
  }
  return result;
}

std::string cursor_text(std::uint64_t sequence) { return "c" + std::to_string(sequence); }

void sort_payments(std::vector<Attempt>& payments, const Json& object) {
  const bool by_change = text(object, "sortBy") == "STATUS_CHANGED_AT";
  const bool ascending = text(object, "sortOrder") == "ASC";
  std::sort(payments.begin(), payments.end(), [&](const Attempt& left, const Attempt& right) {
    const auto a = std::make_pair(by_change ? left.changed_at : left.started_at, left.sequence);
    const auto b = std::make_pair(by_change ? right.changed_at : right.started_at, right.sequence);
    return ascending ? a < b : b < a;
  });
}

}  // namespace

Reply v2_list(World& world, const Call& call, const Captures&) {
  const std::optional<Json> body = arguments(call);
  if (!body) return invalid();
  const Json page = body->value("page", Json::object());
  const Json object = body->value("filter", Json::object());
  if (!page.is_object() || !object.is_object()) return invalid();
  const std::int64_t number = integer(page, "number", 0);
  const Limits limits = world.faults.limits();
  const std::int64_t rows = limits.v2_max_rows;
  const std::int64_t size = integer(page, "size", std::min(kDefaultSize, rows));
  const std::optional<Filter> filter = read_filter(object);
  if (!filter || number < 0 || size < 1 || size > rows || number > rows ||
      (number + 1) * size > rows ||
      filter->range.until - filter->range.from > std::chrono::days(limits.v2_window_days)) {
    return invalid();
  }
  if (foreign_store(world, text(object, "storeId"))) return forbidden();
  View view(world, call);
  std::vector<Attempt> payments = filtered(world, *filter, view);
  sort_payments(payments, object);
  const std::vector<Json> extra = view.extra_rows();
  const auto ahead = static_cast<std::int64_t>(extra.size());
  const std::int64_t total = ahead + static_cast<std::int64_t>(payments.size());
  Json items = Json::array();
  for (std::int64_t i = number * size; i < std::min(total, (number + 1) * size); ++i) {
    if (i < ahead) {
      items.push_back(extra[static_cast<std::size_t>(i)]);
      continue;
    }
    const Attempt& payment = payments[static_cast<std::size_t>(i - ahead)];
    items.push_back(view.show(v2_recorded_payment(world, payment), payment));
  }
  return json_reply(
      200, Json{{"items", std::move(items)},
                {"page", Json{{"number", number}, {"size", size}, {"totalCount", total}}}});
}

Reply v2_list_by_cursor(World& world, const Call& call, const Captures&) {
  const std::optional<Json> body = arguments(call);
  if (!body) return invalid();
  const std::optional<CursorArguments> wanted = read_cursor(world, *body);
  if (!wanted) return invalid();
  if (foreign_store(world, text(*body, "storeId"))) return forbidden();
  View view(world, call);
  std::vector<Attempt> payments = payments_of(world, world.options.store_id, view);
  std::sort(payments.begin(), payments.end(), [](const Attempt& left, const Attempt& right) {
    return left.sequence < right.sequence;
  });
  Json items = Json::array();
  if (wanted->after == 0) {
    for (const Json& row : view.extra_rows()) {
      items.push_back(Json{{"payment", row}, {"cursor", cursor_text(0)}});
    }
  }
  for (const Attempt& attempt : payments) {
    if (items.size() >= wanted->size) break;
    if (attempt.sequence <= wanted->after || !wanted->range.holds(attempt.started_at)) continue;
    items.push_back(Json{{"payment", view.show(v2_recorded_payment(world, attempt), attempt)},
                         {"cursor", cursor_text(attempt.sequence)}});
  }
  return json_reply(200, Json{{"items", std::move(items)}});
}

Reply v2_events_by_cursor(World& world, const Call& call, const Captures&) {
  const std::optional<Json> body = arguments(call);
  if (!body) return invalid();
  const std::optional<CursorArguments> wanted = read_cursor(world, *body);
  if (!wanted) return invalid();
  if (foreign_store(world, text(*body, "storeId"))) return forbidden();
  View view(world, call);
  Json items = Json::array();
  for (const MoneyEvent& event : world.store.events()) {
    if (items.size() >= wanted->size) break;
    if (event.sequence <= wanted->after || !wanted->range.holds(event.at)) continue;
    const std::optional<Attempt> attempt = world.store.find(event.attempt_id);
    if (!attempt || attempt->store_id != world.options.store_id) continue;
    Json shown = v2_event(event, *attempt);
    add_webhooks(world, *attempt, shown);
    items.push_back(Json{{"paymentEvent", view.show(std::move(shown), *attempt)},
                         {"cursor", cursor_text(event.sequence)}});
  }
  return json_reply(200, Json{{"items", std::move(items)}});
}

}  // namespace reconciled::sandbox
