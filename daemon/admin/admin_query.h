// Reading what admin requests ask for: ids in paths, query parameters, order bodies.
//
// Pure. A bad value gives the sentence to answer 400 with.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/outcome.h"
#include "daemon/core/words/text.h"
#include "daemon/http/exchange.h"
#include "storage/reader.h"

namespace reconciled {

struct BadRequest {
  std::string message;
};

inline constexpr std::int64_t kMaxListRows = 500;

// A captured path segment, percent-decoded once.
[[nodiscard]] core::Outcome<core::PaymentId, BadRequest> read_payment_id(
    const std::string& segment);

// A captured row number, all digits; one beyond every row's where it does not fit.
[[nodiscard]] core::EventId read_event_id(const std::string& digits);

[[nodiscard]] core::Outcome<storage::PaymentFilter, BadRequest> read_payment_filter(
    std::string_view query);
[[nodiscard]] core::Outcome<storage::EventFilter, BadRequest> read_event_filter(
    std::string_view query);

// `limit` and `cursor` of any list.
struct ListQuery {
  std::int64_t limit = 100;
  std::optional<std::int64_t> cursor;
};
[[nodiscard]] core::Outcome<ListQuery, BadRequest> read_list_query(std::string_view query);

// GET /payments/{payment_id}
struct PaymentQuery {
  std::chrono::seconds wait{0};         // 60 at most; 0: answer at once
  std::optional<std::int64_t> version;  // wait for a higher one
  bool timeline = true;
};
[[nodiscard]] core::Outcome<PaymentQuery, BadRequest> read_payment_query(std::string_view query);

// GET /changes
struct ChangesQuery {
  std::int64_t limit = 100;
  storage::ChangeCursor cursor;
  std::chrono::seconds wait{0};
};
[[nodiscard]] core::Outcome<ChangesQuery, BadRequest> read_changes_query(std::string_view query);
[[nodiscard]] std::string to_text(const storage::ChangeCursor& cursor);

// GET /findings, GET /notifications: `open` or `state` beside the list's own.
struct FindingsQuery {
  ListQuery list;
  bool open_only = false;
};
[[nodiscard]] core::Outcome<FindingsQuery, BadRequest> read_findings_query(std::string_view query);
struct NotificationsQuery {
  ListQuery list;
  std::optional<core::NotificationState> state;
};
[[nodiscard]] core::Outcome<NotificationsQuery, BadRequest> read_notifications_query(
    std::string_view query);

// Where nothing is asked for: names a parameter that is there all the same.
[[nodiscard]] std::optional<BadRequest> refuse_parameters(std::string_view query);

// A body that is a JSON object of no other members than these.
[[nodiscard]] core::Outcome<nlohmann::json, BadRequest> read_object(
    std::string_view body, std::initializer_list<std::string_view> members);

// The body of PUT /orders/{payment_id}.
[[nodiscard]] core::Outcome<storage::OrderRequest, BadRequest> read_order_body(
    const core::PaymentId& payment_id, std::string_view body, core::Time now);

// The body of POST /findings/{id}/resolve: `note`, and `by`, who does it (1,000 and 100 characters).
[[nodiscard]] core::Outcome<storage::ByHand, BadRequest> read_resolve_body(std::string_view body);

// The body of POST /notifications/resend: `since`, `until` (RFC 3339), `failed`.
[[nodiscard]] core::Outcome<storage::ResendRequest, BadRequest> read_resend_body(
    std::string_view body, core::Time now);

}  // namespace reconciled
