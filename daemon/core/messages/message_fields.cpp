#include "daemon/core/messages/message_fields.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"

namespace reconciled::core {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

MessageField MessageFields::text(std::string_view name) const {
  if (pairs_ != nullptr) {
    const auto value = form_value(*pairs_, name);
    return {value.has_value(), false, value.value_or(""), false};
  }
  if (!object_->is_object() || !object_->contains(name)) return {};
  const auto value = text_member(*object_, name);
  const bool damaged = is_repaired_ && value && value->find(kReplacementCharacter) != value->npos;
  return {true, !value && member(*object_, name) != nullptr, value.value_or(""), damaged};
}

MessageField MessageFields::id(std::string_view name) const {
  MessageField field = text(name);
  if (!field.unusable) return field;
  const auto number = number_member(*object_, name);
  const bool is_id = number && is_digits(*number);
  return {true, !is_id, is_id ? *number : std::string{}, false};
}

MessageField MessageFields::number_or_text(std::string_view name) const {
  MessageField field = text(name);
  if (!field.unusable) return field;
  const auto number = number_member(*object_, name);
  return {true, !number, number.value_or(""), false};
}

std::string MessageFields::canonical(std::string_view name) const {
  if (pairs_ == nullptr) {
    const nlohmann::json* const value = member(*object_, name);
    return value == nullptr ? std::string{} : write_json(*value);
  }
  FormPairs below;
  std::copy_if(pairs_->begin(), pairs_->end(), std::back_inserter(below), [name](const auto& p) {
    return p.first == name || p.first.starts_with(std::string(name) + "[");
  });
  std::sort(below.begin(), below.end());
  std::string text;
  for (const auto& [key, value] : below) text += join_fields({key, value});
  return text;
}

}  // namespace reconciled::core
