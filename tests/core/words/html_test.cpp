#include "daemon/core/words/html.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

namespace {

const std::string kHostile = "\"><script>alert('1')</script>&";
const std::string kHarmless =
    "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;";

}  // namespace

TEST_CASE("html: text and values cannot become markup") {
  CHECK(html_escape(kHostile) == kHarmless);
  Html html;
  html.element("p", kHostile, {{"title", kHostile}});
  CHECK(std::move(html).finish() ==
        "<p title=\"" + kHarmless + "\">" + kHarmless + "</p>");
}

TEST_CASE("html: elements close in the order in which they were opened") {
  Html html;
  html.open("main").open("p", {{"class", "note"}}).text("a").empty("br").text("b").close().close();
  CHECK(std::move(html).finish() == "<main><p class=\"note\">a<br>b</p></main>");
}

TEST_CASE("html: markup of our own goes in as it is") {
  Html html;
  html.own("<!doctype html>").open("style").own("a>b{}").close();
  CHECK(std::move(html).finish() == "<!doctype html><style>a>b{}</style>");
}

TEST_CASE("html: an attribute without a value is left out") {
  Html html;
  html.empty("meta", {{"name", "a"}, {"content", std::nullopt}});
  CHECK(std::move(html).finish() == "<meta name=\"a\">");
}

TEST_CASE("html: an address that would run or lead astray is left out") {
  const auto link = [](std::string_view address) {
    Html html;
    html.element("a", "x", {{"href", address}});
    return std::move(html).finish();
  };
  for (const char* good : {"https://shop.example/a?b=c:d", "HTTP://x", "tel:+8215881234",
                           "mailto:help@shop.example", "/a:b", "?a:b", "#a", "a"}) {
    CAPTURE(std::string(good));
    CHECK(link(good) == "<a href=\"" + std::string(good) + "\">x</a>");
  }
  for (const char* bad : {"javascript:alert(1)", "JaVaScRiPt:x", "java\tscript:x", " javascript:x",
                          "\x01javascript:x", "data:text/html,x", "vbscript:x", ":x", "sms:1"}) {
    CAPTURE(std::string(bad));
    CHECK(link(bad) == "<a>x</a>");
  }
}
