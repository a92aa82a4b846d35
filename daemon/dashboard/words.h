// What the dashboard calls things, in both languages: results, findings, warnings, sources.
//
// Pure. A word that the tables do not know stands for itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/states.h"
#include "daemon/pages/language.h"

namespace reconciled::dashboard {

[[nodiscard]] std::string_view result_name(core::Result result, Language language);
// The style sheet's class: how a result looks.
[[nodiscard]] std::string_view result_class(core::Result result);

// Of a finding's kind or a warning's, by its word: what it is called, and what to do about it.
struct Advice {
  std::string_view title;
  std::string_view action;
};
[[nodiscard]] Advice finding_advice(std::string_view kind, Language language);
// Of a difference between the books; in English the report says what to do.
[[nodiscard]] Advice difference_advice(std::string_view kind, Language language);
[[nodiscard]] Advice warning_advice(std::string_view kind, Language language);

[[nodiscard]] std::string_view ui_state_name(core::UiState state, Language language);
[[nodiscard]] std::string_view authority_name(core::Authority authority, Language language);
[[nodiscard]] std::string_view message_name(core::NotificationType type, Language language);
[[nodiscard]] std::string_view message_state_name(core::NotificationState state, Language language);
// "card", "PaymentMethodCard": what was paid with; a word of PortOne's that is unknown stays.
[[nodiscard]] std::string_view method_name(std::string_view method, Language language);

}  // namespace reconciled::dashboard
