// What PortOne says of an attempt: webhook bodies and the query of the return URL (dossier §1, §2).
//
// Pure functions of the attempt as it is now.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sandbox/model.h"

namespace reconciled::sandbox {

// What happened to an attempt, as webhooks tell it apart.
enum class Happened {
  kReady,
  kVirtualAccountIssued,
  kPayPending,
  kPaid,
  kFailed,
  kPartialCancelled,
  kCancelled,
  kCancelPending,
  kDisputeCreated,
  kDisputeResolved,
  kReverted  // a cancellation was undone at the gateway; no webhook is documented for it
};

struct Occurrence {
  Happened happened = Happened::kReady;
  PortoneTime at{};
  std::string cancellation_id;
};

// V2's word without "Transaction.": "Paid" (also for kReverted, should it be asked for).
[[nodiscard]] std::string_view v2_type_word(Happened happened);
[[nodiscard]] std::optional<Happened> happened_from_type(std::string_view type);
// The occurrence that the attempt's present status stands for.
[[nodiscard]] Occurrence present_occurrence(const Attempt& attempt);

// Whether PortOne sends a webhook by default. `by_api`: the shop itself cancelled over REST, where
// V1 stays silent unless it was told otherwise.
[[nodiscard]] bool announced_by_default(const Attempt& attempt, Happened happened, bool by_api);

struct MessageForm {
  std::string v1_format = "json";         // json | form
  std::string v2_version = "2024-04-25";  // | 2024-01-01
  // Replaces what the message says happened: "Transaction.X" (V2) or a V1 status; empty: the truth.
  std::string said;
};

// One webhook to one URL. `id` stays over its retries; it is the header webhook-id in V2.
struct Message {
  std::string id;
  std::string url;
  Api version = Api::kV1;
  std::string payment_id;
  std::string attempt_id;
  std::string what;     // "Transaction.Paid", "paid"
  Status status{};      // of the payment, as the webhook leaves
  std::string trigger;  // PaymentWebhookTrigger of V2's record, or empty
  std::string content_type;
  std::string body;
  bool is_signed = false;
  std::vector<std::string> secrets;         // that sign it; empty: the sandbox's
  std::chrono::seconds timestamp_shift{0};  // by which the header's time lies
  PortoneTime at{};
};

// The message without id and url.
[[nodiscard]] Message make_message(const Attempt& attempt, const Occurrence& occurrence,
                                   const MessageForm& form);

// What PortOne appends to the return URL for the attempt's present status.
[[nodiscard]] std::string redirect_query(const Attempt& attempt);
// `url` with `query` appended as PortOne does: `&` where it has a query, before any fragment.
[[nodiscard]] std::string with_query(const std::string& url, const std::string& query);

}  // namespace reconciled::sandbox
