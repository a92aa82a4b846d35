// The parameters with which a buyer's browser comes back, of which names stand several times.
//
// Private to core: the reading of redirects uses it. The shop's own address may hold the names that
// PortOne appends, a second `?` where its query began, or an array (`merchant_uid[]`). So the last
// value of a name counts that can be what the name asks for (interface §5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {

// PortOne puts this where an id belongs while a manual approval is still to be given.
inline constexpr std::string_view kNeedsConfirmation = "NEEDS_CONFIRMATION";

// Whether a value says nothing: empty, or the word null or undefined in any case, which a script
// wrote that had nothing to say.
[[nodiscard]] bool says_nothing(std::string_view value);

class ReturnParameters {
 public:
  // The pairs of the query, then those of the form.
  ReturnParameters(std::string_view query, std::string_view form);

  [[nodiscard]] bool has(std::string_view name) const;
  // The last value that says something; empty where none does.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool says(std::string_view name) const { return !text(name).empty(); }
  // The last value that is true, false, 1 or 0, in any case.
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
  // The last value that can be an id: no sentinel, no stringified nothing (dossier §1.1: imp_uid is
  // null when the request failed before a window opened).
  template <class Id>
  [[nodiscard]] std::optional<Id> id(std::string_view name) const {
    return Id::make(id_text(name));
  }

 private:
  [[nodiscard]] std::string_view id_text(std::string_view name) const;
  // The last value of `name` that `fits`; empty where none does.
  template <class Fits>
  [[nodiscard]] std::string_view last(std::string_view name, Fits fits) const;

  FormPairs pairs_;
};

}  // namespace reconciled::core
