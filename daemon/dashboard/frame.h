// The frame that all pages of the dashboard stand in, and the small things that they share: how a
// time, a sum, an id and a payment's row are shown.
//
// No script at all; one constant style, allowed by its hash.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/html.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/time.h"
#include "daemon/http/exchange.h"
#include "daemon/pages/language.h"
#include "storage/records.h"

namespace reconciled::dashboard {

// Who looks, and when.
struct View {
  Language language = Language::kKorean;
  core::Time now{};
  std::string form_token;   // goes into every form
  std::string target;       // of this page, for the switch of languages
  std::string search;       // what stands in the search field
  bool has_session = false;  // there is somebody to sign out
  std::string shop;          // its name; may be empty

  [[nodiscard]] std::string_view say(const Said& words) const { return words.in(language); }
};

// A page: `add_body` adds what stands in `main`.
struct Page {
  std::string_view title;
  bool with_navigation = true;
};
[[nodiscard]] http::Response page(int status, const View& view, const Page& about,
                                  const std::function<void(core::Html&)>& add_body);
// A page that says one thing.
[[nodiscard]] http::Response notice(int status, const View& view, std::string_view title,
                                    std::string_view text);
// Whether an address from outside leads to a page of ours, and nowhere else.
[[nodiscard]] bool is_ours(std::string_view target);
// To another page of ours: 303.
[[nodiscard]] http::Response go_to(const std::string& target);

// A text from outside: cleaned, without direction marks, cut to `most` bytes with an ellipsis.
[[nodiscard]] std::string plain(std::string_view text, std::size_t most = 300);
// "11-26 20:25:44", of the configured zone; another year is named.
[[nodiscard]] std::string clock_text(core::Time time, core::Time now);
// "3분 전", "in 5 min".
[[nodiscard]] std::string ago_text(core::Time time, core::Time now, Language language);
// "33,000원"; a dash for nothing.
[[nodiscard]] std::string money_text(std::optional<std::int64_t> minor,
                                     const std::optional<core::Currency>& currency,
                                     Language language);
[[nodiscard]] std::string count_text(std::uint64_t number);  // "1,234,567"
[[nodiscard]] std::string duration_text(std::uint64_t milliseconds, Language language);

// Where a payment's page is.
[[nodiscard]] std::string address_of(const core::PaymentId& id);

void add_time(core::Html& html, const View& view, core::Time time);
void add_result(core::Html& html, const View& view, core::Result result);
void add_payment_list(core::Html& html, const View& view,
                      const std::vector<storage::PaymentView>& payments);
void add_finding(core::Html& html, const View& view, const storage::FindingView& finding,
                 bool with_payment);
// A form of one button.
void add_button(core::Html& html, const View& view, const std::string& action,
                std::string_view label);
void add_form_token(core::Html& html, const View& view);

}  // namespace reconciled::dashboard
