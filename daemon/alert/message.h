// A message to people, in their language, before it takes the form of one service.
//
// Pure but for the process's time zone. It names payments by their ids and nobody by name; what
// comes from outside (ids) is shown so that no service makes a link or a command of it.
#pragma once

#include <string>
#include <vector>

#include "daemon/alert/digest.h"
#include "daemon/core/config/alert_url.h"

namespace reconciled::alert {

struct Context {
  core::AlertLanguage language = core::AlertLanguage::kKorean;
  std::string shop;  // whose daemon it is: the shop's name, or the machine's
  bool is_test_channel = false;
  std::string dashboard_url;  // may be empty
};

struct Part {
  bool is_over = false;
  std::string heading;
  std::vector<std::string> lines;
};
struct Message {
  core::Time at{};
  bool is_bad = false;   // something begins
  bool is_test = false;  // somebody tries whether messages arrive
  std::string title;
  std::vector<Part> parts;
  std::string url;   // of the dashboard; may be empty
  std::string link;  // what is written beside it, or where to look without one
  Telling telling;
};

[[nodiscard]] Message compose(Telling telling, const Context& context, core::Time at);
[[nodiscard]] Message test_message(const Context& context, core::Time at);

// All but the title, at most that many bytes long.
[[nodiscard]] std::string body_of(const Message& message, std::size_t most_bytes);
// `text` cut at a character, with a mark where something is missing.
[[nodiscard]] std::string clipped(const std::string& text, std::size_t most_bytes);
// An id as it may stand in a message: letters, digits and Hangul as they are, the rest escaped.
[[nodiscard]] std::string shown_id(const std::string& id);

}  // namespace reconciled::alert
