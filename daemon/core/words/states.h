// The words of the public interface (interface §1) as closed enums, and their spelling.
//
// Used everywhere: storage writes the words, the admin endpoint speaks them. No I/O, no clock.
#pragma once

#include <optional>
#include <string_view>

namespace reconciled::core {

// Which generation of PortOne's API an attempt or a message belongs to.
enum class Api { kV1, kV2 };

// What a payment or an attempt is. `none`..`awaiting_deposit` are open, the rest decided; decided
// is not terminal, PortOne can still change it.
enum class Result {
  kNone,
  kReady,
  kPending,
  kAwaitingDeposit,
  kPaid,
  kPartiallyCancelled,
  kCancelled,
  kFailed
};

// What the buyer's browser said. Moved by redirects alone.
enum class UiState { kNone, kReturnedSuccess, kReturnedFailure, kReturnedUnknown };

// On whose word a payment stands.
enum class Authority { kWebhook, kLookup };

// PortOne's kind of channel: real money or not.
enum class Channel { kLive, kTest };

enum class EventSource { kWebhook, kRedirect, kConfirm };

// What a stored event is about. Only kPayment (and a redirect's kPayment) speaks of a payment's
// state; the others are stored and acknowledged and move nothing (dossier §0).
enum class EventKind {
  kPayment,
  kConfirm,
  kTestCall,              // the console's "call test", or a message with empty ids
  kEscrow,                // V1 Inicis escrow: pays as usual, this is only about the parcel
  kBillingKey,            // V2 BillingKey.*, and returns of billing-key issuing
  kTaxInvoice,            // platform TaxInvoice.*
  kIdentityVerification,  // 본인인증 returns
  kPaymentMethod,         // KCP quick-pay: a payment method was registered, nothing was paid
  kUnknown                // signed or typed, but of a type that we do not know
};

// What became of an order's amount that PortOne is told before the payment window opens.
enum class PreregistrationState {
  kPending,  // PortOne is asked until it answers
  kDone,     // another amount opens no window
  kRefused,  // PortOne said no
  kDropped   // nobody wants it any more, or PortOne gave no answer for too long
};

enum class FindingKind {
  kAmountMismatch,
  kCurrencyMismatch,
  kUnregisteredOrder,
  kIdentityMismatch,
  kStoreMismatch,
  kTestChannel,
  kLateApproval,
  kDoublePayment,
  kPaidAfterCancel,
  kDispute,
  kChargeback,
  kWentBackwards,
  kRedirectContradicts,
  kWebhookContradicts,
  kMissingWebhook,
  kUnknownPayment,
  kStuck,
  kUnreadableAnswer,
  kPoisoned
};
inline constexpr std::size_t kFindingKinds = 19;
static_assert(static_cast<std::size_t>(FindingKind::kPoisoned) + 1 == kFindingKinds);

// What a message to the shop's backend tells (interface §7).
enum class NotificationType {
  kPaid,
  kHeld,
  kRestored,
  kAwaitingDeposit,
  kPartiallyCancelled,
  kCancelled,
  kFailed,
  kFinding
};

// Where such a message is on its way.
enum class NotificationState { kWaiting, kSent, kSuperseded, kParked };

[[nodiscard]] constexpr bool is_decided(Result result) {
  return result == Result::kPaid || result == Result::kPartiallyCancelled ||
         result == Result::kCancelled || result == Result::kFailed;
}

[[nodiscard]] std::string_view to_word(Api value);
[[nodiscard]] std::string_view to_word(Result value);
[[nodiscard]] std::string_view to_word(UiState value);
[[nodiscard]] std::string_view to_word(Authority value);
[[nodiscard]] std::string_view to_word(Channel value);
[[nodiscard]] std::string_view to_word(EventSource value);
[[nodiscard]] std::string_view to_word(EventKind value);
[[nodiscard]] std::string_view to_word(PreregistrationState value);
[[nodiscard]] std::string_view to_word(FindingKind value);
[[nodiscard]] std::string_view to_word(NotificationType value);
[[nodiscard]] std::string_view to_word(NotificationState value);

// The value that `word` spells exactly, or nothing: `from_word<Result>("paid")`.
template <class Enum>
[[nodiscard]] std::optional<Enum> from_word(std::string_view word);

}  // namespace reconciled::core
