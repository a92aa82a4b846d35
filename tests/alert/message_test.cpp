// What messages say, in both languages.
#include "daemon/alert/message.h"

#include <cstdlib>
#include <ctime>

#include "daemon/alert/words.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/text.h"
#include "daemon/runtime/time_zone.h"
#include "daemon/runtime/warnings.h"
#include "tests/alert/digests.h"

using namespace reconciled::test;
using reconciled::core::AlertLanguage;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Context context(AlertLanguage language) {
  reconciled::set_time_zone("Asia/Seoul");
  return {.language = language, .shop = "꽃집", .is_test_channel = false, .dashboard_url = ""};
}

const core::Time kNight = core::from_ms(1'795'716'720'000);  // 2026-11-27 03:12 in Seoul

Telling trouble() {
  return {
      {Change::kEnds, kDisk, {.since = kNight - 90min, .detail = "Only 3 MiB are free"}, kNight},
      {Change::kBegins,
       kUnreachable,
       {.since = kNight, .detail = "PortOne gives no usable answer (timeout: no byte in time)."}},
      {Change::kBegins,
       kAmounts,
       {.since = kNight, .count = 5, .payment_ids = {"ord-1", "주문-2", "x"}, .newest = 5}}};
}

}  // namespace

TEST_CASE("message: what is wrong comes first, then what is over, and where to look") {
  const Message korean = compose(trouble(), context(AlertLanguage::kKorean), kNight);
  CHECK(korean.title == "[꽃집] 포트원 응답 없음 (v2) 외 1건 (해결 1건)");
  CHECK(korean.is_bad);
  const std::string text = body_of(korean, 4'000);
  CAPTURE(text);
  CHECK(has(text, "포트원 응답 없음 (v2) · 11-27 03:12 KST부터"));
  CHECK(has(text, "상세(영문): PortOne gives no usable answer"));
  CHECK(has(text, "결제 금액 불일치, 미해결 5건"));
  CHECK(has(text, "주문: ord-1, 주문-2, x 외 2건"));
  CHECK(has(text, "해결: 디스크 공간 부족 · 11-27 01:42 KST 시작, 90분 지속"));
  CHECK(text.find("포트원 응답 없음") < text.find("해결: "));
  CHECK(has(text, "reconciled status"));

  const Message english = compose(trouble(), context(AlertLanguage::kEnglish), kNight);
  CHECK(english.title == "[꽃집] PortOne does not answer (v2) and 1 more (1 over)");
  const std::string said = body_of(english, 4'000);
  CAPTURE(said);
  CHECK(has(said, "PortOne does not answer (v2) · since 11-27 03:12 KST"));
  CHECK(has(said, "paid amount differs from the order: 5 open"));
  CHECK(has(said, "Orders: ord-1, 주문-2, x and 2 more"));
  CHECK(has(said, "Over: the disk is almost full · began 11-27 01:42 KST, lasted 90 min"));
}

TEST_CASE("message: with a dashboard it links there; a test says that nothing is wrong") {
  Context linked = context(AlertLanguage::kKorean);
  linked.dashboard_url = "https://ops.example/";
  linked.is_test_channel = true;
  const Message message = compose({trouble().front()}, linked, kNight);
  CHECK(message.title == "[꽃집, 테스트] 해결: 디스크 공간 부족");
  CHECK_FALSE(message.is_bad);
  CHECK(has(body_of(message, 4'000), "자세히 보기: https://ops.example/"));
  CHECK(has(body_of(test_message(linked, kNight), 4'000), "아무 문제도 없습니다"));
}

TEST_CASE("message: every warning and finding has words in both languages") {
  for (std::size_t i = 0; i < reconciled::kWarningKinds; ++i) {
    const auto word = to_word(static_cast<reconciled::WarningKind>(i));
    CAPTURE(word);
    const Words* const words = words_of(Topic::Sort::kWarning, word);
    REQUIRE(words != nullptr);
    CHECK_FALSE(words->advice.korean.empty());
  }
  for (std::size_t i = 0; i < core::kFindingKinds; ++i) {
    const auto word = core::to_word(static_cast<core::FindingKind>(i));
    CAPTURE(word);
    const Words* const words = words_of(Topic::Sort::kFinding, word);
    REQUIRE(words != nullptr);
    for (const Said& said : {words->title, words->advice}) {
      CHECK_FALSE(said.korean.empty());
      CHECK_FALSE(said.english.empty());
    }
  }
  // One of a later version is told by its own word.
  const Telling unknown{{Change::kBegins,
                         {Topic::Sort::kWarning, "brand_new", ""},
                         {.since = kNight, .detail = "D"}}};
  CHECK(
      has(body_of(compose(unknown, context(AlertLanguage::kKorean), kNight), 4'000), "brand_new"));
}

TEST_CASE("message: an id makes no link and no command of any service") {
  CHECK(shown_id("ord-2026.11.26_1") == "ord-2026.11.26_1");
  CHECK(shown_id("주문-1") == "주문-1");
  CHECK(shown_id("https://evil.example/x") == "https%3A%2F%2Fevil%2Eexample%2Fx");
  CHECK(shown_id("<!channel> [a](b) @all *x*") ==
        "%3C%21channel%3E%20%5Ba%5D%28b%29%20%40all%20%2Ax%2A");
  CHECK(shown_id("a\u202e\nb") == "a%20b\u2026");
  CHECK(shown_id(std::string(1'000, 'x')).size() < 80);
}

TEST_CASE("message: a long one is cut at a character, and still says where to look") {
  Telling many;
  for (int i = 0; i < 100; ++i) many.push_back(trouble()[1]);
  const std::string text = body_of(compose(many, context(AlertLanguage::kKorean), kNight), 3'000);
  CHECK(text.size() <= 3'000);
  CHECK(has(text, "reconciled status"));
  for (std::size_t most = 10; most < 40; ++most) {
    CHECK(core::clean_text(clipped("가나다라마바사아자차카타파하", most), 100).find("\uFFFD") ==
          std::string::npos);
  }
}
