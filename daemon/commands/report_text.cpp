#include "daemon/commands/report_text.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

constexpr std::string_view kLeftOut = "\u2026";
constexpr std::size_t kMostDigits = 6;
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxTextBytes = 400;

// Keys of the log whose values are words or numbers of ours.
constexpr std::array<std::string_view, 34> kWordKeys{
    "level",     "kind",       "about",         "api",       "status",
    "from",      "to",         "key",           "authority", "deliverable",
    "listener",  "address",    "tls",           "event",     "method",
    "migration", "taken_over", "needs_restart", "limit",     "fd",
    "listed",    "news",       "changes",       "units",     "connections_a_listener",
    "count",     "tries",      "number",        "seconds",   "by_ms",
    "dropped",   "question",   "time",          "in_flight"};
constexpr std::array<std::string_view, 6> kTextKeys{"error",   "detail", "reason",
                                                    "outcome", "fault",  "what"};
constexpr std::array<std::string_view, 6> kIdKeys{"payment_id",   "attempt_id", "imp_uid",
                                                  "merchant_uid", "subject",    "id"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_many_digits(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) {
    if (core::is_digit(c)) ++digits;
    if (digits > kMostDigits) return true;
    // What people write between the digits of one number.
    const bool goes_on =
        core::is_digit(c) || c == '-' || c == '.' || c == ' ' || c == '(' || c == ')' || c == '+';
    if (!goes_on) digits = 0;
  }
  return false;
}

bool is_word(std::string_view text) {
  return text.size() <= kMaxWordBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || core::is_digit(c) ||
                  std::string_view("_.:/[]-").find(c) != std::string_view::npos;
         });
}

// Long, of letters and digits: a key or a token.
bool is_like_a_secret(std::string_view text) {
  const auto digits = std::count_if(text.begin(), text.end(), core::is_digit);
  const auto letters = std::count_if(text.begin(), text.end(), is_letter);
  return text.starts_with("whsec_") || (text.size() >= 16 && digits >= 3 && letters >= 3);
}

// A time is many digits, and nobody's.
bool is_time(std::string_view text) {
  while (!text.empty() && std::string_view(":.,)").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return core::parse_rfc3339(text).has_value();
}

std::string shown_word(std::string word) {
  const std::size_t scheme = word.find("://");
  if (scheme != std::string::npos) {
    const std::size_t end = word.find_first_of("/?#", scheme + 3);
    if (end != std::string::npos) word = word.substr(0, end) + "/" + std::string(kLeftOut);
  }
  const bool is_left_out =
      word.find('@') != std::string::npos || has_many_digits(word) || is_like_a_secret(word);
  return is_left_out ? std::string(kLeftOut) : word;
}

// Numbers that are written in parts, too.
std::string without_long_numbers(const std::string& text) {
  if (!has_many_digits(text)) return text;
  std::string without;
  for (const char c : text) {
    if (!core::is_digit(c)) {
      without += c;
    } else if (!without.ends_with('#')) {
      without += '#';
    }
  }
  return without;
}

std::string shown_value(std::string_view key, const std::string& value) {
  if (holds(kIdKeys, key)) return mark_of(value);
  if (holds(kTextKeys, key)) return "\"" + without_people(value) + "\"";
  const bool is_shown =
      holds(kWordKeys, key) && is_word(value) && (!has_many_digits(value) || is_time(value));
  return is_shown ? value : std::string(kLeftOut);
}

// Words of ours are small letters; PortOne alone has a name.
bool is_our_message(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const bool is_portone = word.starts_with("PortOne");
    const bool is_small = std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') ||
             std::string_view(",;:'()-").find(c) != std::string_view::npos;
    });
    if (!is_portone && !is_small) return false;
    at = end + 1;
  }
  return !text.empty();
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// ` key=value key="quoted value"` from `at` on; the text before the first is the message.
std::size_t begin_of_fields(std::string_view line) {
  for (std::size_t at = 0; (at = line.find(' ', at)) != std::string_view::npos; ++at) {
    const std::size_t equals = line.find('=', at);
    if (equals == std::string_view::npos) return line.size();
    const std::string_view key = line.substr(at + 1, equals - at - 1);
    const bool is_key = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    });
    if (is_key) return at;
  }
  return line.size();
}

Fields fields_of(std::string_view text) {
  Fields fields;
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    std::string key(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::string value;
    if (text.starts_with('"')) {
      std::size_t end = 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
      end = std::min(end, text.size());
      value = text.substr(1, end - 1);
      text.remove_prefix(std::min(end + 1, text.size()));
    } else {
      const std::size_t end = std::min(text.find(' '), text.size());
      value = text.substr(0, end);
      text.remove_prefix(end);
    }
    fields.emplace_back(std::move(key), std::move(value));
  }
  return fields;
}

std::string shown(std::string_view message, const Fields& fields) {
  std::string text = is_our_message(message)
                         ? std::string(message)
                         : "(" + std::to_string(message.size()) + " bytes of another form)";
  for (const auto& [key, value] : fields) {
    const bool is_known = holds(kWordKeys, key) || holds(kTextKeys, key) || holds(kIdKeys, key);
    text += is_known ? " " + key + "=" + shown_value(key, value) : " " + std::string(kLeftOut);
  }
  return text;
}

std::string shown_json_line(const nlohmann::json& line) {
  Fields fields;
  std::string message;
  for (const auto& [key, value] : line.items()) {
    if (key == "message" && value.is_string()) {
      message = value.get<std::string>();
    } else {
      fields.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return shown(message, fields);
}

}  // namespace

std::string mark_of(std::string_view id) {
  return "#" + core::to_hex(core::sha256(id)).substr(0, 8);
}

std::string without_people(std::string_view text) {
  std::string shown;
  std::string run;  // what stands between two times
  std::string word;
  const auto end_run = [&] { shown += without_long_numbers(std::exchange(run, {})); };
  const auto end_word = [&] {
    if (is_time(word)) {
      end_run();
      shown += std::exchange(word, {});
    } else {
      run += shown_word(std::exchange(word, {}));
    }
  };
  for (const char c : core::clean_text(text, kMaxTextBytes)) {
    const bool is_in_url = word.find("://") != std::string::npos;
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (!word.ends_with(kLeftOut)) word += kLeftOut;
    } else if (std::string_view(" ,;\"'").find(c) != std::string_view::npos ||
               (c == '=' && !is_in_url)) {
      end_word();
      run += c;
    } else {
      word += c;
    }
  }
  end_word();
  end_run();
  return shown;
}

std::string shown_log_line(std::string_view line) {
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (line.starts_with('{')) {
    const auto json = core::parse_json(line);
    if (json.ok() && json.value().is_object()) return shown_json_line(json.value());
  }
  const std::size_t fields = begin_of_fields(line);
  return shown(line.substr(0, fields), fields_of(line.substr(fields)));
}

}  // namespace reconciled::commands
