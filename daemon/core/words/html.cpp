#include "daemon/core/words/html.h"

#include <algorithm>
#include <array>

#include "daemon/core/words/check.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::array<std::string_view, 4> kHarmlessSchemes{"http", "https", "tel", "mailto"};

bool is_address(std::string_view attribute) {
  return attribute == "href" || attribute == "src" || attribute == "action";
}

// Of this place, or of a scheme that runs nothing. Browsers skip blanks and control characters before a scheme and
// within it: an address with any of them is none of ours.
bool is_safe_address(std::string_view address) {
  const bool is_plain = std::none_of(address.begin(), address.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
  });
  if (!is_plain) return false;
  const auto colon = address.find(':');
  const auto path = address.find_first_of("/?#");
  if (colon == std::string_view::npos || path < colon) return true;
  const std::string_view scheme = address.substr(0, colon);
  return std::any_of(kHarmlessSchemes.begin(), kHarmlessSchemes.end(),
                     [&](std::string_view known) { return equal_ignoring_case(scheme, known); });
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void Html::begin(Markup tag, Attributes attributes) {
  html_ += '<';
  html_ += tag.text();
  for (const Attribute& attribute : attributes) {
    const std::string_view name = attribute.name.text();
    if (!attribute.value || (is_address(name) && !is_safe_address(*attribute.value))) continue;
    html_ += ' ';
    html_ += name;
    html_ += "=\"" + html_escape(*attribute.value) + '"';
  }
  html_ += '>';
}

Html& Html::open(Markup tag, Attributes attributes) {
  begin(tag, attributes);
  open_.push_back(tag.text());
  return *this;
}

Html& Html::close() {
  check(!open_.empty(), "what is closed was opened");
  html_ += "</";
  html_ += open_.back();
  html_ += '>';
  open_.pop_back();
  return *this;
}

Html& Html::text(std::string_view text) {
  html_ += html_escape(text);
  return *this;
}

Html& Html::element(Markup tag, std::string_view text, Attributes attributes) {
  return open(tag, attributes).text(text).close();
}

Html& Html::empty(Markup tag, Attributes attributes) {
  begin(tag, attributes);
  return *this;
}

Html& Html::own(Markup markup) {
  html_ += markup.text();
  return *this;
}

std::string Html::finish() && {
  check(open_.empty(), "all that was opened is closed");
  return std::move(html_);
}

}  // namespace reconciled::core
