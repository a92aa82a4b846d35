#include "daemon/core/words/json.h"

#include <limits>
#include <list>
#include <nlohmann/json.hpp>
#include <vector>

#include "daemon/core/words/json_repair.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

// Builds the document from nlohmann's event parser, which keeps its own stack on the heap: the
// depth of the input costs no recursion, here or there.
class Builder : public nlohmann::json_sax<json> {
 public:
  enum class Manner { kStrict, kTolerant };
  explicit Builder(Manner manner) : manner_(manner) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override { return put(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return put(number_text(std::to_string(value)));
    }
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(double /*rounded*/, const std::string& text) override {
    return put(number_text(text));
  }
  bool string(std::string& value) override {
    // Only we may write this mark: a string that carries it would pass for a number.
    if (value.starts_with(kNumberTextPrefix)) value.front() = ' ';
    return put(std::move(value));
  }
  bool binary(json::binary_t& /*value*/) override { return fail(JsonFault::kSyntax, "binary"); }

  bool start_object(std::size_t /*size*/) override { return open(json::object()); }
  bool key(std::string& name) override {
    if (skipped_ > 0) return true;
    const bool is_twice = open_.back()->contains(name);
    json& slot = (*open_.back())[name];
    if (is_twice) {
      if (manner_ == Manner::kStrict) return fail(JsonFault::kDuplicateKey, "a key stands twice");
      slot = json::object();  // which of the two holds nobody can tell
      slot_ = &scraps_.emplace_back();
      return true;
    }
    slot_ = &slot;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& /*error*/) override {
    return fail(JsonFault::kSyntax, "no valid JSON at byte " + std::to_string(position));
  }

  [[nodiscard]] json& document() { return document_; }
  [[nodiscard]] const JsonError& error() const { return error_; }

 private:
  static std::string number_text(const std::string& text) {
    return std::string(kNumberTextPrefix) + text;
  }

  // Where the next value belongs: the document itself, a new element, or the last key's slot.
  json& place() {
    if (open_.empty()) return document_;
    if (open_.back()->is_array()) {
      open_.back()->push_back(nullptr);
      return open_.back()->back();
    }
    return *slot_;
  }
  bool put(json value) {
    if (skipped_ == 0) place() = std::move(value);
    return true;
  }
  bool open(json container) {
    if (skipped_ > 0) {
      ++skipped_;
      return true;
    }
    if (open_.size() == static_cast<std::size_t>(kMaxJsonDepth)) {
      if (manner_ == Manner::kStrict) {
        return fail(JsonFault::kTooDeep, "nested deeper than " + std::to_string(kMaxJsonDepth));
      }
      place() = json::object();
      skipped_ = 1;
      return true;
    }
    json& where = place();
    where = std::move(container);
    open_.push_back(&where);
    return true;
  }
  bool close() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      open_.pop_back();
    }
    return true;
  }
  bool fail(JsonFault fault, std::string detail) {
    error_ = JsonError{fault, std::move(detail)};
    return false;
  }

  Manner manner_;
  json document_;
  std::list<json> scraps_;   // second values of a name: read, and forgotten
  std::size_t skipped_ = 0;  // how deep we are in what is too deep
  std::vector<json*> open_;  // ancestors of the place; their addresses hold while they are open
  json* slot_ = nullptr;
  JsonError error_{JsonFault::kSyntax, "no valid JSON"};
};

bool is_number_text(const std::string& text) { return text.starts_with(kNumberTextPrefix); }

void write_text(const std::string& text, std::string& out) {
  out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// Recursion is bounded: parse_json lets no document deeper than kMaxJsonDepth pass.
void write_value(const json& value, std::string& out) {
  if (value.is_object()) {
    char separator = '{';
    for (const auto& [key, child] : value.items()) {
      out += separator;
      write_text(key, out);
      out += ':';
      write_value(child, out);
      separator = ',';
    }
    out += separator == '{' ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const json& child : value) {
      out += separator;
      write_value(child, out);
      separator = ',';
    }
    out += separator == '[' ? "[]" : "]";
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (is_number_text(text)) {
      out += std::string_view(text).substr(kNumberTextPrefix.size());
    } else {
      write_text(text, out);
    }
  } else {
    out += value.dump();
  }
}

JsonError nul_byte() { return {JsonFault::kSyntax, "a NUL byte"}; }

Outcome<json, JsonError> build(std::string_view text, Builder::Manner manner) {
  Builder builder{manner};
  if (!json::sax_parse(text.begin(), text.end(), &builder)) return builder.error();
  return std::move(builder.document());
}

}  // namespace

Outcome<json, JsonError> parse_json(std::string_view text) {
  // The library takes a NUL for the end of the input and would let anything follow it.
  if (text.find('\0') != std::string_view::npos) return nul_byte();
  return build(text, Builder::Manner::kStrict);
}

Outcome<json, JsonError> parse_json_tolerantly(std::string_view text, bool& is_repaired) {
  is_repaired = text.find('\0') != std::string_view::npos;
  if (!is_repaired) {
    auto document = build(text, Builder::Manner::kTolerant);
    if (document) return document;
    is_repaired = true;
  }
  const std::string repaired = repair_json(text);
  if (repaired.find('\0') != std::string::npos) return nul_byte();
  return build(repaired, Builder::Manner::kTolerant);
}

const json* member(const json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return nullptr;
  return &*found;
}

std::optional<std::string> text_member(const json& object, std::string_view key) {
  const json* const value = member(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& text = value->get_ref<const std::string&>();
  if (is_number_text(text)) return std::nullopt;
  return text;
}

std::optional<std::string> number_member(const json& object, std::string_view key) {
  const json* const value = member(object, key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer()) return std::to_string(value->get<std::int64_t>());
  if (!value->is_string()) return std::nullopt;
  const auto& text = value->get_ref<const std::string&>();
  if (!is_number_text(text)) return std::nullopt;
  return text.substr(kNumberTextPrefix.size());
}

std::optional<std::int64_t> integer_member(const json& object, std::string_view key) {
  const json* const value = member(object, key);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

std::optional<bool> bool_member(const json& object, std::string_view key) {
  const json* const value = member(object, key);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::string write_json(const json& document) {
  std::string out;
  write_value(document, out);
  return out;
}

}  // namespace reconciled::core
