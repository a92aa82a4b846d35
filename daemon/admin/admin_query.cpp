#include "daemon/admin/admin_query.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled {
namespace {

using core::FormPairs;
using core::Outcome;

constexpr std::int64_t kMaxWaitSeconds = 60;
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxNoteCharacters = 1'000;
constexpr std::size_t kMaxByCharacters = 100;
constexpr std::size_t kMaxCharacterBytes = 4;
constexpr const char* kUnnamed = "the admin endpoint";

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

// Reads named parameters and remembers the first fault.
class Parameters {
 public:
  explicit Parameters(std::string_view query) : pairs_(core::parse_form(query)) {}

  std::optional<std::string> text(std::string_view name) {
    known_.emplace(name);
    auto value = core::form_value(pairs_, name);
    if (value && value->empty()) return std::nullopt;
    return value;
  }
  std::optional<std::int64_t> number(std::string_view name, std::int64_t least,
                                     std::int64_t most) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto value = whole_number(*given);
    if (!value || *value < least || *value > most) {
      refuse(name, "a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
    }
    return value;
  }
  template <class Enum>
  std::optional<Enum> word(std::string_view name, std::string_view examples) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto value = core::from_word<Enum>(*given);
    if (!value) refuse(name, std::string(examples));
    return value;
  }
  std::optional<bool> boolean(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    if (*given != "true" && *given != "false") refuse(name, "true or false");
    return *given == "true";
  }
  std::optional<core::Time> time(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto value = core::parse_rfc3339(*given);
    if (!value) {
      refuse(name, "a time such as 2026-11-22T09:30:00Z");
      return std::nullopt;
    }
    return core::to_time(*value);
  }
  // The first fault; also a parameter that was never asked for. After all were read.
  [[nodiscard]] std::optional<BadRequest> fault() const {
    if (fault_) return fault_;
    for (const auto& [name, value] : pairs_) {
      if (!known_.contains(name)) {
        return BadRequest{"unknown parameter: " + core::clean_text(name, 40)};
      }
    }
    return std::nullopt;
  }

 private:
  void refuse(std::string_view name, const std::string& expected) {
    if (!fault_) fault_ = BadRequest{std::string(name) + " must be " + expected};
  }
  FormPairs pairs_;
  std::set<std::string, std::less<>> known_;
  std::optional<BadRequest> fault_;
};

// `?wait=SECONDS`: more than a minute is a minute.
std::chrono::seconds wait_of(Parameters& parameters) {
  const auto seconds = parameters.number("wait", 0, INT64_MAX);
  return std::chrono::seconds(std::min(seconds.value_or(0), kMaxWaitSeconds));
}

ListQuery list_of(Parameters& parameters) {
  ListQuery list;
  list.limit = parameters.number("limit", 1, kMaxListRows).value_or(100);
  list.cursor = parameters.number("cursor", 1, INT64_MAX);
  return list;
}

// One line of text, of at least one character that is seen.
Outcome<std::string, BadRequest> line_of(const nlohmann::json& json, const char* name,
                                         std::size_t most) {
  const nlohmann::json* const member = core::member(json, name);
  if (member == nullptr || !member->is_string()) {
    return BadRequest{std::string(name) + " must be a text"};
  }
  const std::string& given = member->get_ref<const std::string&>();
  // What goes on a character's first byte is no character of its own.
  const auto characters = std::count_if(given.begin(), given.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  });
  if (static_cast<std::size_t>(characters) > most) {
    return BadRequest{std::string(name) + " must be at most " + std::to_string(most) +
                      " characters long"};
  }
  std::string text = core::clean_text(core::without_invisible(given), most * kMaxCharacterBytes);
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return BadRequest{std::string(name) + " must not be empty"};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// `note` and `by`: why a person does it, and who.
Outcome<storage::ByHand, BadRequest> by_hand(const nlohmann::json& json) {
  auto note = line_of(json, "note", kMaxNoteCharacters);
  if (!note.ok()) return note.error();
  storage::ByHand hand{kUnnamed, std::move(note).value()};
  if (core::member(json, "by") != nullptr) {
    auto by = line_of(json, "by", kMaxByCharacters);
    if (!by.ok()) return by.error();
    hand.by = std::move(by).value();
  }
  return hand;
}

Outcome<bool, BadRequest> flag_of(const nlohmann::json& json, const char* name) {
  const auto flag = core::bool_member(json, name);
  if (!flag && core::member(json, name) != nullptr) {
    return BadRequest{std::string(name) + " must be true or false"};
  }
  return flag.value_or(false);
}

}  // namespace

Outcome<nlohmann::json, BadRequest> read_object(std::string_view body,
                                                std::initializer_list<std::string_view> members) {
  auto json = core::parse_json(body);
  if (!json.ok()) return BadRequest{"the body must be JSON: " + json.error().detail};
  if (!json.value().is_object()) return BadRequest{"the body must be a JSON object"};
  for (const auto& [key, value] : json.value().items()) {
    if (std::find(members.begin(), members.end(), key) == members.end()) {
      return BadRequest{"unknown member: " + core::clean_text(key, 40)};
    }
  }
  return std::move(json).value();
}

Outcome<core::PaymentId, BadRequest> read_payment_id(const std::string& segment) {
  auto id = core::PaymentId::make(core::percent_decode(segment, false));
  if (!id) return BadRequest{"the payment id must be 1 to 256 bytes of UTF-8 text"};
  return std::move(*id);
}

core::EventId read_event_id(const std::string& digits) {
  return {whole_number(digits).value_or(INT64_MAX)};
}

Outcome<storage::PaymentFilter, BadRequest> read_payment_filter(std::string_view query) {
  Parameters parameters(query);
  storage::PaymentFilter filter;
  filter.result = parameters.word<core::Result>("result", "a result such as paid");
  filter.ui_state = parameters.word<core::UiState>("ui_state", "a ui_state such as none");
  filter.deliverable = parameters.boolean("deliverable");
  filter.finding = parameters.word<core::FindingKind>("finding", "a kind such as late_approval");
  filter.contains = core::without_surroundings(parameters.text("q").value_or(""));
  filter.since = parameters.time("since");
  filter.until = parameters.time("until");
  const ListQuery list = list_of(parameters);
  filter.limit = list.limit;
  filter.cursor = list.cursor;
  if (parameters.fault()) return *parameters.fault();
  return filter;
}

Outcome<storage::EventFilter, BadRequest> read_event_filter(std::string_view query) {
  Parameters parameters(query);
  storage::EventFilter filter;
  filter.source =
      parameters.word<core::EventSource>("source", "webhook, redirect or confirm");
  if (const auto id = parameters.text("payment_id")) {
    filter.payment_id = core::PaymentId::make(*id);
    if (!filter.payment_id) return BadRequest{"payment_id is none"};
  }
  const ListQuery list = list_of(parameters);
  filter.limit = list.limit;
  filter.cursor = list.cursor;
  if (parameters.fault()) return *parameters.fault();
  return filter;
}

Outcome<ListQuery, BadRequest> read_list_query(std::string_view query) {
  Parameters parameters(query);
  const ListQuery list = list_of(parameters);
  if (parameters.fault()) return *parameters.fault();
  return list;
}

Outcome<PaymentQuery, BadRequest> read_payment_query(std::string_view query) {
  Parameters parameters(query);
  PaymentQuery read;
  read.wait = wait_of(parameters);
  read.version = parameters.number("version", 0, INT64_MAX);
  read.timeline = parameters.number("timeline", 0, 1).value_or(1) == 1;
  if (parameters.fault()) return *parameters.fault();
  return read;
}

Outcome<ChangesQuery, BadRequest> read_changes_query(std::string_view query) {
  Parameters parameters(query);
  ChangesQuery read;
  read.wait = wait_of(parameters);
  read.limit = parameters.number("limit", 1, kMaxListRows).value_or(100);
  const std::string cursor = parameters.text("cursor").value_or("0");
  if (parameters.fault()) return *parameters.fault();
  const std::size_t dash = std::min(cursor.find('-'), cursor.size());
  const auto number = whole_number(std::string_view(cursor).substr(0, dash));
  const auto at = dash == cursor.size()
                      ? std::optional<std::int64_t>(0)
                      : whole_number(std::string_view(cursor).substr(dash + 1));
  if (!number || *number < 0 || !at || *at < 0) {
    return BadRequest{"cursor must be 0 or a next_cursor of /changes"};
  }
  read.cursor = {*number, *at};
  return read;
}

std::string to_text(const storage::ChangeCursor& cursor) {
  if (cursor.number == 0) return "0";
  return std::to_string(cursor.number) + "-" + std::to_string(cursor.at_ms);
}

Outcome<FindingsQuery, BadRequest> read_findings_query(std::string_view query) {
  Parameters parameters(query);
  FindingsQuery read;
  read.open_only = parameters.boolean("open").value_or(false);
  read.list = list_of(parameters);
  if (parameters.fault()) return *parameters.fault();
  return read;
}

Outcome<NotificationsQuery, BadRequest> read_notifications_query(std::string_view query) {
  Parameters parameters(query);
  NotificationsQuery read;
  read.state = parameters.word<core::NotificationState>(
      "state", "waiting, sent, superseded or parked");
  read.list = list_of(parameters);
  if (parameters.fault()) return *parameters.fault();
  return read;
}

std::optional<BadRequest> refuse_parameters(std::string_view query) {
  return Parameters(query).fault();
}

Outcome<storage::OrderRequest, BadRequest> read_order_body(const core::PaymentId& payment_id,
                                                           std::string_view body,
                                                           core::Time now) {
  const auto json = read_object(
      body, {"amount", "currency", "name", "preregister", "correct", "note", "by"});
  if (!json.ok()) return json.error();
  const auto amount = core::integer_member(json.value(), "amount");
  if (!amount || *amount <= 0) {
    return BadRequest{"amount must be a whole number of minor units above 0"};
  }
  const auto code = core::text_member(json.value(), "currency");
  const auto currency = code ? core::Currency::make(*code) : std::nullopt;
  if (!currency || !currency->is_listed()) {
    return BadRequest{"currency must be an ISO 4217 code such as KRW" +
                      (code ? ", not " + core::clean_text(*code, 20) : std::string{})};
  }
  const nlohmann::json* name = core::member(json.value(), "name");
  if (name != nullptr && !name->is_string()) return BadRequest{"name must be a text"};
  const auto preregister = flag_of(json.value(), "preregister");
  if (!preregister.ok()) return preregister.error();
  const auto corrects = flag_of(json.value(), "correct");
  if (!corrects.ok()) return corrects.error();
  storage::OrderRequest order{
      payment_id, *amount, *currency,
      core::clean_text(core::text_member(json.value(), "name").value_or(""), kMaxNameBytes), now,
      preregister.value()};
  if (corrects.value()) {
    auto hand = by_hand(json.value());
    if (!hand.ok()) return hand.error();
    order.correction = std::move(hand).value();
  } else if (core::member(json.value(), "note") != nullptr ||
             core::member(json.value(), "by") != nullptr) {
    return BadRequest{"note and by belong to a correction: \"correct\":true"};
  }
  return order;
}

Outcome<storage::ByHand, BadRequest> read_resolve_body(std::string_view body) {
  const auto json = read_object(body, {"note", "by"});
  if (!json.ok()) return json.error();
  return by_hand(json.value());
}

Outcome<storage::ResendRequest, BadRequest> read_resend_body(std::string_view body,
                                                             core::Time now) {
  const auto json = read_object(body, {"since", "until", "failed"});
  if (!json.ok()) return json.error();
  const auto time_of = [&](const char* name) -> std::optional<core::PortoneTime> {
    const auto text = core::text_member(json.value(), name);
    return text ? core::parse_rfc3339(*text) : std::nullopt;
  };
  const auto since = time_of("since");
  if (!since) return BadRequest{"since must be a time such as 2026-11-22T09:30:00Z"};
  storage::ResendRequest request{.since = core::to_time(*since),
                                 .until = now + std::chrono::milliseconds(1)};
  if (core::member(json.value(), "until") != nullptr) {
    const auto until = time_of("until");
    if (!until) return BadRequest{"until must be a time such as 2026-11-22T09:30:00Z"};
    request.until = core::to_time(*until);
  }
  const auto failed = flag_of(json.value(), "failed");
  if (!failed.ok()) return failed.error();
  request.failed_only = failed.value();
  return request;
}

}  // namespace reconciled
