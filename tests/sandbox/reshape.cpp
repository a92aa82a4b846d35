#include "tests/sandbox/reshape.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/words/text.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

void set_pair(core::FormPairs& pairs, const std::string& name, const std::string& value) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  if (found == pairs.end()) {
    pairs.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

// What a placeholder stands for, without a text's quotes.
std::string bytes_of(const std::string& placeholder) {
  std::string text = fill_raw("\"" + placeholder + "\"");
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

using RawMember = std::optional<std::pair<std::string, std::string>>;

std::string reshaped_form(const std::string& body, const Json& merge, const RawMember& raw) {
  core::FormPairs pairs = core::parse_form(body);
  for (const auto& [name, value] : merge.items()) {
    if (value.is_null()) {
      std::erase_if(pairs, [&, key = name](const auto& pair) { return pair.first == key; });
    } else {
      set_pair(pairs, name, value.is_string() ? value.get<std::string>() : dump(value));
    }
  }
  if (raw) set_pair(pairs, raw->first, bytes_of(raw->second));
  std::string text;
  for (const auto& [name, value] : pairs) {
    text +=
        (text.empty() ? "" : "&") + core::percent_encode(name) + "=" + core::percent_encode(value);
  }
  return text;
}

std::string reshaped_json(const std::string& body, const Json& merge, const RawMember& raw) {
  Json object = Json::parse(body, nullptr, false);
  if (!object.is_object()) throw BadMember{"body"};
  object.merge_patch(merge);
  if (raw) put_raw(object, raw->first, raw->second);
  return fill_raw(dump(object));
}

}  // namespace

void reshape(Message& message, const Json& wanted) {
  const std::string patch = patch_of(wanted, "merge");
  const RawMember raw = read_raw(wanted);
  if (!patch.empty() || raw) {
    const Json merge = patch.empty() ? Json::object() : Json::parse(patch);
    const bool form = message.content_type.find("form") != std::string::npos;
    message.body =
        form ? reshaped_form(message.body, merge, raw) : reshaped_json(message.body, merge, raw);
  }
  message.content_type = text_of(wanted, "content_type").value_or(message.content_type);
}

}  // namespace reconciled::sandbox
