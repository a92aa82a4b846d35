#include "daemon/core/messages/stored_text.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::array<std::string_view, 4> kTokenNames{"paymentToken", "billingIssueToken",
                                                      "payment_token", "billing_issue_token"};
constexpr std::string_view kRemoved = "\"[removed]\"";

bool names_token(std::string_view name) {
  return std::find(kTokenNames.begin(), kTokenNames.end(), name) != kTokenNames.end();
}

bool mentions_token(std::string_view text) {
  return std::any_of(kTokenNames.begin(), kTokenNames.end(), [text](std::string_view name) {
    return text.find(name) != std::string_view::npos;
  });
}

// Walks JSON text that is known to be valid, without recursion.
class JsonText {
 public:
  explicit JsonText(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char here() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t position() const { return at_; }
  void step() { ++at_; }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  // The string token here, quotes included.
  std::string_view take_string() {
    const std::size_t begin = at_++;
    while (!at_end() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
    at_ = std::min(at_ + 1, text_.size());
    return text_.substr(begin, at_ - begin);
  }

  void skip_value() {
    int depth = 0;
    do {
      switch (here()) {
        case '"':
          take_string();
          break;
        case '{':
        case '[':
          ++depth;
          step();
          break;
        case '}':
        case ']':
          --depth;
          step();
          break;
        default:
          skip_plain(depth);
      }
    } while (depth > 0 && !at_end());
  }

 private:
  // A number or literal; inside a container also what separates its members.
  void skip_plain(int depth) {
    const std::string_view stops = depth > 0 ? "\"{}[]" : ",}] \t\r\n";
    at_ = std::min(text_.find_first_of(stops, at_), text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The name that a key's token spells, escapes undone: `"payment\u0054oken"` is no way around.
std::string decode_key(std::string_view token) {
  if (token.find('\\') == std::string_view::npos) {
    return std::string(token.substr(1, token.size() - 2));
  }
  const auto key = nlohmann::json::parse(token, nullptr, false);
  return key.is_string() ? key.get<std::string>() : std::string{};
}

}  // namespace

std::string cut_json_tokens(std::string_view body) {
  // Each name holds "oken" unless it is escaped, so most bodies are done here.
  if (body.find("oken") == std::string_view::npos && body.find('\\') == std::string_view::npos) {
    return std::string(body);
  }
  std::string kept;
  std::size_t copied = 0;
  JsonText json{body};
  while (!json.at_end()) {
    if (json.here() != '"') {
      json.step();
      continue;
    }
    const std::string_view token = json.take_string();
    json.skip_blanks();
    if (json.here() != ':' || !names_token(decode_key(token))) continue;
    json.step();
    json.skip_blanks();
    kept += body.substr(copied, json.position() - copied);
    kept += kRemoved;
    json.skip_value();
    copied = json.position();
  }
  kept += body.substr(copied);
  return kept;
}

std::string cut_form_tokens(std::string_view text) {
  std::string kept;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty() || mentions_token(percent_decode(pair, true))) continue;
    if (!kept.empty()) kept += '&';
    kept += pair;
  }
  // The replacement character takes three bytes for one.
  return is_valid_utf8(kept) ? kept : clean_text(kept, kept.size() * 3);
}

std::string join_fields(std::initializer_list<std::string_view> fields) {
  std::string joined;
  for (const std::string_view field : fields) {
    joined += std::to_string(field.size());
    joined += ':';
    joined += field;
  }
  return joined;
}

}  // namespace reconciled::core
