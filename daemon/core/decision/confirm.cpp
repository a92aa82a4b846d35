#include "daemon/core/decision/confirm.h"

#include <charconv>

namespace reconciled::core {
namespace {

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// V1 asks in major units, V2 in minor units (dossier §5 and §7.8).
std::optional<std::int64_t> asked_minor(const Event& question, const Currency& currency) {
  if (question.api == Api::kV1) return minor_from_major(question.asked_amount, currency);
  return whole_number(question.asked_amount);
}

}  // namespace

ConfirmAnswer cannot_tell() { return {false, "cannot tell right now"}; }

ConfirmAnswer answer_confirm(const Event& question, const ConfirmFacts& facts) {
  if (!question.payment_id || !question.attempt_id) return cannot_tell();
  if (!facts.order) return {false, "unknown order"};
  if (facts.paid_by && *facts.paid_by != *question.attempt_id) return {false, "already paid"};
  const auto asked = asked_minor(question, facts.order->currency);
  if (!asked) return cannot_tell();
  if (*asked != facts.order->amount) return {false, "amount differs from the order"};
  return {true, {}};
}

}  // namespace reconciled::core
