// What the sandbox's PortOne knows: attempts at payments and what happened to them.
//
// Plain values shared by the store, the answers and the webhooks. Amounts are integers in ISO 4217
// minor units; V1's decimals are made where its answers are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::sandbox {

using core::Api;
using core::PortoneTime;

enum class Status {
  kReady,  // the payment window was opened
  kVirtualAccountIssued,
  kPayPending,
  kPaid,
  kFailed,
  kPartialCancelled,
  kCancelled
};

struct Cancellation {
  std::string id;
  std::int64_t amount = 0;
  std::string reason;
  std::string trigger;  // CONSOLE, API, PORTONE_ADMIN, CHARGEBACK
  PortoneTime requested_at{};
  std::optional<PortoneTime> cancelled_at;  // absent while the cancel is only requested
};

struct Dispute {
  std::string id;
  std::string reason;
  PortoneTime created_at{};
  std::optional<PortoneTime> resolved_at;
};

struct VirtualAccount {
  std::string number;
  PortoneTime issued_at{};
  PortoneTime due_at{};
};

// One try to pay: V1 imp_uid, V2 transactionId.
struct Attempt {
  std::uint64_t sequence = 0;  // order of creation, from 1
  Api version = Api::kV1;
  std::string payment_id;
  std::string attempt_id;
  std::int64_t amount = 0;
  std::string currency = "KRW";
  bool test = false;
  bool scheduled = false;       // a scheduled payment: V1 then announces failures too
  std::string method = "card";  // card, vbank, trans, paypal
  std::string order_name;
  std::string tier;            // V1: seen only with this Tier header
  std::string store_id;        // V2: whose payment it is
  std::string shown_store_id;  // V2: what answers and webhooks say; normally store_id
  std::string success_flag;    // V1 redirects: imp_success, success or none
  Status status = Status::kReady;
  PortoneTime started_at{};
  PortoneTime changed_at{};  // when the present status came about
  PortoneTime updated_at{};  // strictly grows with every change
  std::optional<PortoneTime> paid_at;
  std::optional<PortoneTime> failed_at;
  std::optional<PortoneTime> cancelled_at;
  std::string failure_code;
  std::string failure_reason;
  std::optional<VirtualAccount> account;
  std::vector<Cancellation> cancellations;
  std::vector<Dispute> disputes;

  // Sum of the cancellations that are done.
  [[nodiscard]] std::int64_t cancelled_amount() const {
    std::int64_t sum = 0;
    for (const Cancellation& one : cancellations) {
      if (one.cancelled_at) sum += one.amount;
    }
    return sum;
  }
};

// Money that moved, for V2's payment-events-by-cursor.
struct MoneyEvent {
  std::uint64_t sequence = 0;
  std::string attempt_id;
  std::string type;         // PAID, CANCELLED, PARTIAL_CANCELLED
  std::int64_t amount = 0;  // negative for cancels
  PortoneTime at{};
  std::optional<Cancellation> cancellation;
};

// An amount that the shop registered before the window opens.
struct Prepared {
  std::int64_t amount = 0;
  std::string currency;  // empty: not checked
};

// An identity verification (V1 certification).
struct Identity {
  Api version = Api::kV1;
  std::string id;  // V1 imp_uid, V2 identityVerificationId
  std::string merchant_uid;
  std::string status;  // ready, verified, failed
  PortoneTime at{};
};

// The status as V1 and as V2's REST spell it; V1 has no word of its own for half of them.
[[nodiscard]] std::string_view v1_word(Status status);
[[nodiscard]] std::string_view v2_word(Status status);
// From the control API's word ("virtual_account_issued"), or nothing.
[[nodiscard]] std::optional<Status> status_from_word(std::string_view word);
// RFC 3339 with microseconds, as V2 sends it.
[[nodiscard]] std::string to_text(PortoneTime time);
[[nodiscard]] std::int64_t to_seconds(PortoneTime time);
[[nodiscard]] PortoneTime now();

}  // namespace reconciled::sandbox
