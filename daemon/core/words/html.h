// HTML that escapes by default: whatever is text or an attribute's value cannot become markup.
//
// Pages are built with it, element by element; only markup that is written in our own sources goes
// in as it is, which the compiler sees to. Pure.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled::core {

// Markup, style or script of our own: a literal.
class Markup {
 public:
  template <std::size_t size>
  consteval Markup(const char (&literal)[size]) : text_(literal, size - 1) {}  // NOLINT: meant so
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

class Html {
 public:
  struct Attribute {
    Markup name;
    // Nothing: the attribute is left out. An address (`href`, `src`, `action`) of another scheme than
    // http, https, tel and mailto is left out, too: `javascript:` would run.
    std::optional<std::string_view> value;
  };
  using Attributes = std::initializer_list<Attribute>;

  Html& open(Markup tag, Attributes attributes = {});
  Html& close();  // what was opened last
  Html& text(std::string_view text);
  Html& element(Markup tag, std::string_view text, Attributes attributes = {});
  Html& empty(Markup tag, Attributes attributes = {});  // meta, br, input: without an end
  Html& own(Markup markup);

  // The document; all that was opened must be closed.
  [[nodiscard]] std::string finish() &&;

 private:
  void begin(Markup tag, Attributes attributes);

  std::string html_;
  std::vector<std::string_view> open_;
};

// `<`, `>`, `&`, `"` and `'` as entities.
[[nodiscard]] std::string html_escape(std::string_view text);

}  // namespace reconciled::core
