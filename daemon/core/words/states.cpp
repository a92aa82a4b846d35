#include "daemon/core/words/states.h"

#include <array>
#include <cstddef>

namespace reconciled::core {
namespace {

// The words of each enum in the order of its enumerators.
template <class Enum>
struct Words;

template <>
struct Words<Api> {
  static constexpr std::array<std::string_view, 2> kList{"v1", "v2"};
};
template <>
struct Words<Result> {
  static constexpr std::array<std::string_view, 8> kList{
      "none", "ready",     "pending", "awaiting_deposit",
      "paid", "partially_cancelled", "cancelled", "failed"};
};
template <>
struct Words<UiState> {
  static constexpr std::array<std::string_view, 4> kList{"none", "returned_success",
                                                         "returned_failure", "returned_unknown"};
};
template <>
struct Words<Authority> {
  static constexpr std::array<std::string_view, 2> kList{"webhook", "lookup"};
};
template <>
struct Words<Channel> {
  static constexpr std::array<std::string_view, 2> kList{"live", "test"};
};
template <>
struct Words<EventSource> {
  static constexpr std::array<std::string_view, 3> kList{"webhook", "redirect", "confirm"};
};
template <>
struct Words<EventKind> {
  static constexpr std::array<std::string_view, 9> kList{
      "payment",     "confirm",     "test_call",      "escrow", "billing_key", "tax_invoice",
      "identity_verification", "payment_method", "unknown"};
};
template <>
struct Words<PreregistrationState> {
  static constexpr std::array<std::string_view, 4> kList{"pending", "done", "refused", "dropped"};
};
template <>
struct Words<FindingKind> {
  static constexpr std::array<std::string_view, kFindingKinds> kList{
      "amount_mismatch",      "currency_mismatch",   "unregistered_order", "identity_mismatch",
      "store_mismatch",       "test_channel",        "late_approval",      "double_payment",
      "paid_after_cancel",    "dispute",             "chargeback",         "went_backwards",
      "redirect_contradicts", "webhook_contradicts", "missing_webhook",    "unknown_payment",
      "stuck",                "unreadable_answer",   "poisoned"};
};

template <>
struct Words<NotificationType> {
  static constexpr std::array<std::string_view, 8> kList{
      "payment.paid",      "payment.held",   "payment.restored", "payment.awaiting_deposit",
      "payment.partially_cancelled", "payment.cancelled", "payment.failed", "payment.finding"};
};
template <>
struct Words<NotificationState> {
  static constexpr std::array<std::string_view, 4> kList{"waiting", "sent", "superseded", "parked"};
};

template <class Enum>
std::string_view word_of(Enum value) {
  return Words<Enum>::kList.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view to_word(Api value) { return word_of(value); }
std::string_view to_word(Result value) { return word_of(value); }
std::string_view to_word(UiState value) { return word_of(value); }
std::string_view to_word(Authority value) { return word_of(value); }
std::string_view to_word(Channel value) { return word_of(value); }
std::string_view to_word(EventSource value) { return word_of(value); }
std::string_view to_word(EventKind value) { return word_of(value); }
std::string_view to_word(PreregistrationState value) { return word_of(value); }
std::string_view to_word(FindingKind value) { return word_of(value); }
std::string_view to_word(NotificationType value) { return word_of(value); }
std::string_view to_word(NotificationState value) { return word_of(value); }

template <class Enum>
std::optional<Enum> from_word(std::string_view word) {
  const auto& words = Words<Enum>::kList;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template std::optional<Api> from_word<Api>(std::string_view);
template std::optional<Result> from_word<Result>(std::string_view);
template std::optional<UiState> from_word<UiState>(std::string_view);
template std::optional<Authority> from_word<Authority>(std::string_view);
template std::optional<Channel> from_word<Channel>(std::string_view);
template std::optional<EventSource> from_word<EventSource>(std::string_view);
template std::optional<EventKind> from_word<EventKind>(std::string_view);
template std::optional<PreregistrationState> from_word<PreregistrationState>(std::string_view);
template std::optional<FindingKind> from_word<FindingKind>(std::string_view);
template std::optional<NotificationType> from_word<NotificationType>(std::string_view);
template std::optional<NotificationState> from_word<NotificationState>(std::string_view);

}  // namespace reconciled::core
