// A message's fields, whether it came as JSON or as a form.
//
// Private to core: the classifier of webhooks reads messages through it. Null and empty text count
// as absent (dossier §2.1: test calls come with empty ids). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {

struct MessageField {
  bool named = false;     // the key stands there
  bool unusable = false;  // with a value that cannot be what it should be
  std::string text;
  bool damaged = false;  // the text was not all readable

  // Text that is no id and was not merely garbled on its way.
  [[nodiscard]] bool is_no_id() const {
    return unusable ||
           (!text.empty() && !damaged && is_valid_utf8(text) && !is_valid_id_text(text));
  }
  // The id that stands here, or nothing: also where it came in a broken encoding.
  template <class Id>
  [[nodiscard]] std::optional<Id> as() const {
    return damaged ? std::nullopt : Id::make(text);
  }
};

// Of a document or of pairs that must outlive it.
class MessageFields {
 public:
  // `is_repaired`: U+FFFD stands where the message was damaged.
  MessageFields(const nlohmann::json& object, bool is_repaired)
      : object_(&object), is_repaired_(is_repaired) {}
  explicit MessageFields(const FormPairs& pairs) : pairs_(&pairs) {}

  // A number where text belongs is unusable.
  [[nodiscard]] MessageField text(std::string_view name) const;
  // An id that is a JSON number is its digits (interface §4). A shop that counts its orders has
  // such; a fraction or an exponent has more than one spelling and is none.
  [[nodiscard]] MessageField id(std::string_view name) const;
  [[nodiscard]] MessageField number_or_text(std::string_view name) const;
  // Everything under `name` as one text that equal messages share: canonical JSON, or the pairs
  // `name` and `name[…]` in order of their names.
  [[nodiscard]] std::string canonical(std::string_view name) const;

 private:
  const nlohmann::json* object_ = nullptr;
  const FormPairs* pairs_ = nullptr;
  bool is_repaired_ = false;
};

}  // namespace reconciled::core
