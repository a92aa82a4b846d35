// Reading PortOne's REST answers into snapshots (dossier §3; v1.openapi.json, v2.openapi.json).
//
// Called by the look-up workers with status and body as they came. Pure. Unknown fields and enum
// values are ignored (dossier §7.21), a missing or mistyped field that money or identity hangs on
// makes the whole answer unusable: it then changes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/evidence.h"
#include "daemon/core/outcome.h"

namespace reconciled::core {

enum class AnswerFault {
  kNotFound,      // PortOne says that it knows no such payment
  kUnauthorized,  // 401: the token or secret was refused
  kForbidden,     // 403
  kRateLimited,   // 429
  kUnavailable,   // 5xx, or V1's envelope with code != 0
  kMalformed      // not JSON, wrong shape, wrong types, an answer about something else
};
struct AnswerError {
  AnswerFault fault;
  std::string detail;  // one line, no personal data
};
[[nodiscard]] std::string_view to_word(AnswerFault fault);

struct V1Token {
  std::string access_token;
  std::int64_t now = 0;         // PortOne's clock, unix seconds
  std::int64_t expired_at = 0;  // likewise
};
// POST /users/getToken
[[nodiscard]] Outcome<V1Token, AnswerError> read_v1_token(int status, std::string_view body);

// GET /payments/{imp_uid}
[[nodiscard]] Outcome<Snapshot, AnswerError> read_v1_payment(int status, std::string_view body,
                                                             Time asked_at);

struct V1List {
  std::vector<Snapshot> snapshots;
  bool has_next = false;  // findAll and status lists: another page follows
};
// GET /payments?imp_uid[]= (200, 207 for some found; a 404 is an empty list: none found), and
// GET /payments/findAll/{merchant_uid} (404 likewise) with its paged envelope.
[[nodiscard]] Outcome<V1List, AnswerError> read_v1_list(int status, std::string_view body,
                                                        Time asked_at);

// GET /payments/{paymentId}
[[nodiscard]] Outcome<Snapshot, AnswerError> read_v2_payment(int status, std::string_view body,
                                                             Time asked_at);

// GET /payments/{paymentId}/transactions: all attempts, without disputes.
[[nodiscard]] Outcome<std::vector<Snapshot>, AnswerError> read_v2_transactions(
    int status, std::string_view body, Time asked_at);

// The page-based GET /payments and GET /payments-by-cursor.
struct V2List {
  std::vector<Snapshot> snapshots;
  std::int64_t total = 0;   // by page: how many there are in all
  std::string last_cursor;  // by cursor: of the last item; empty if there is none
};
[[nodiscard]] Outcome<V2List, AnswerError> read_v2_page(int status, std::string_view body,
                                                        Time asked_at);
[[nodiscard]] Outcome<V2List, AnswerError> read_v2_cursor_page(int status, std::string_view body,
                                                               Time asked_at);

// GET /certifications/{imp_uid}: whether the id belongs to an identity verification. Nothing of the
// person is read.
[[nodiscard]] Outcome<bool, AnswerError> read_v1_certification(int status, std::string_view body);

}  // namespace reconciled::core
