#include "daemon/dashboard/words.h"

#include <doctest/doctest.h>

#include "daemon/core/books/compare.h"
#include "daemon/dashboard/frame.h"
#include "daemon/runtime/warnings.h"

using namespace reconciled;

TEST_CASE("words: every finding, warning and result has a name in both languages") {
  for (const Language language : {Language::kKorean, Language::kEnglish}) {
    for (std::size_t i = 0; i < core::kFindingKinds; ++i) {
      const std::string_view word = core::to_word(static_cast<core::FindingKind>(i));
      CAPTURE(word);
      CHECK(dashboard::finding_advice(word, language).title != word);
      CHECK_FALSE(dashboard::finding_advice(word, language).action.empty());
    }
    for (std::size_t i = 0; i < kWarningKinds; ++i) {
      const std::string_view word = to_word(static_cast<WarningKind>(i));
      CAPTURE(word);
      CHECK(dashboard::warning_advice(word, language).title != word);
    }
    for (std::size_t i = 0; i < core::kDifferenceKinds; ++i) {
      const std::string_view word = core::to_word(static_cast<core::DifferenceKind>(i));
      CAPTURE(word);
      CHECK(dashboard::difference_advice(word, language).title != word);
      CHECK(dashboard::difference_advice(word, Language::kKorean).action != "");
    }
  }
  CHECK(dashboard::finding_advice("of_tomorrow", Language::kKorean).title == "of_tomorrow");
}

TEST_CASE("frame: texts from outside are cut, and lose what turns their direction") {
  CHECK(dashboard::plain("a\xE2\x80\xAE" "b") == "ab");
  CHECK(dashboard::plain(std::string(10'000, 'x'), 10) == "xxxxxxxxxx…");
  CHECK(dashboard::plain("\xFF\x01", 10) == "\xEF\xBF\xBD ");
  CHECK(dashboard::count_text(0) == "0");
  CHECK(dashboard::count_text(999) == "999");
  CHECK(dashboard::count_text(1'234'567) == "1,234,567");
}
