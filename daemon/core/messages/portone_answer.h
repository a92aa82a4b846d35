// Reading PortOne's REST answers into snapshots (dossier §3; v1.openapi.json, v2.openapi.json).
//
// Called by the look-up workers with status and body as they came. Pure. Strict only on what money,
// identity and state hang on, of the one payment that the answer speaks of: ids, status, amounts,
// currency, V2 storeId. Where one of these is missing, mistyped or of a broken encoding, that
// payment is unreadable and changes nothing; in a list it is set aside and named, and the others
// are taken. Everything else (names, times, unknown words and fields, dossier §7.21) decides
// nothing and is kept as well as can be; what could hold goods back (disputes, charge-backs) counts
// where in doubt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/messages/evidence.h"
#include "daemon/core/words/outcome.h"

namespace reconciled::core {

enum class AnswerFault {
  kNotFound,      // PortOne says that it knows no such payment
  kUnauthorized,  // 401: the token or secret was refused
  kForbidden,     // 403
  kRateLimited,   // 429
  kUnavailable,   // 5xx, or V1's envelope with code != 0
  kRefused,       // another 4xx: the question is not to PortOne's liking
  kMalformed      // not JSON, wrong shape, wrong types, an answer about something else
};
struct AnswerError {
  AnswerFault fault;
  std::string detail;  // one line, no personal data
  // kMalformed: the answer is of PortOne's form, and what it says of the payment cannot be read.
  bool is_about_payment = false;
  bool is_foreign = false;  // it is not of PortOne's form: a proxy's, or another server's
};
[[nodiscard]] std::string_view to_word(AnswerFault fault);

// A row of a list that cannot be read.
struct UnreadableRow {
  // V1: the imp_uid, or where only that can be read the merchant_uid; V2: the paymentId, or else
  // the transactionId. Empty where neither can be read.
  std::string id;
  std::string reason;  // one line, no personal data
};

struct V1Token {
  std::string access_token;
  std::int64_t now = 0;         // PortOne's clock, unix seconds; 0 where the answer does not say
  std::int64_t expired_at = 0;  // likewise
  // How long it is good from now on; 0 where that cannot be known.
  [[nodiscard]] std::int64_t life_seconds() const;
};
// POST /users/getToken
[[nodiscard]] Outcome<V1Token, AnswerError> read_v1_token(int status, std::string_view body);

// GET /payments/{imp_uid}
[[nodiscard]] Outcome<Snapshot, AnswerError> read_v1_payment(int status, std::string_view body,
                                                             Time asked_at);

struct V1List {
  std::vector<Snapshot> snapshots;
  std::vector<UnreadableRow> unreadable;
  // findAll and status lists: whether another page follows, and how many rows there are in all;
  // absent where the envelope does not say so in a form that can be read. A batch is no page: none
  // follows.
  std::optional<bool> has_next;
  std::optional<std::int64_t> total;
};
// GET /payments?imp_uid[]= (200, 207 for some found; a 404 is an empty list: none found), and
// GET /payments/findAll/{merchant_uid} (404 likewise) with its paged envelope.
[[nodiscard]] Outcome<V1List, AnswerError> read_v1_list(int status, std::string_view body,
                                                        Time asked_at);

// GET /payments/{paymentId}
[[nodiscard]] Outcome<Snapshot, AnswerError> read_v2_payment(int status, std::string_view body,
                                                             Time asked_at);

// What a list of V2's tells.
struct V2List {
  std::vector<Snapshot> snapshots;
  std::vector<UnreadableRow> unreadable;
  // By page: how many rows there are in all; absent where `totalCount` is no count.
  std::optional<std::int64_t> total;
  std::string last_cursor;  // by cursor: of the last row that has one; empty if there is none
};
// GET /payments/{paymentId}/transactions: all attempts, without disputes.
[[nodiscard]] Outcome<V2List, AnswerError> read_v2_transactions(int status, std::string_view body,
                                                                Time asked_at);
// The page-based GET /payments and GET /payments-by-cursor.
[[nodiscard]] Outcome<V2List, AnswerError> read_v2_page(int status, std::string_view body,
                                                        Time asked_at);
[[nodiscard]] Outcome<V2List, AnswerError> read_v2_cursor_page(int status, std::string_view body,
                                                               Time asked_at);

// How PortOne took the amount that it was told before the payment window opens.
struct PreregistrationReply {
  bool is_taken = false;
  std::string reason;  // why not: PortOne's code and words, clipped; never logged
};
// POST and PUT /payments/prepare. An answer about another order or amount is malformed.
[[nodiscard]] Outcome<PreregistrationReply, AnswerError> read_v1_prepared(
    int status, std::string_view body, const PaymentId& payment_id, const Money& money);
// POST /payments/{paymentId}/pre-register
[[nodiscard]] Outcome<PreregistrationReply, AnswerError> read_v2_preregistered(
    int status, std::string_view body);

// GET /certifications/{imp_uid}: whether the id belongs to an identity verification. Nothing of the
// person is read.
[[nodiscard]] Outcome<bool, AnswerError> read_v1_certification(int status, std::string_view body);

}  // namespace reconciled::core
