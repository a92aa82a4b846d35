// The form that each service takes, and what its answer means.
#include "daemon/alert/format.h"

#include <nlohmann/json.hpp>

#include "daemon/core/messages/signature.h"
#include "daemon/runtime/time_zone.h"
#include "tests/alert/digests.h"

using namespace reconciled::test;
using namespace reconciled;
using Json = nlohmann::json;

namespace {

core::AlertUrl url(const std::string& text) {
  const auto parsed = core::parse_alert_url(text);
  if (!parsed.ok()) MESSAGE(parsed.error());
  REQUIRE(parsed.ok());
  return parsed.value();
}

Message message(bool with_link = true) {
  set_time_zone("Asia/Seoul");
  const Context context{.shop = "꽃집", .dashboard_url = with_link ? "https://ops.example/" : ""};
  return compose({{Change::kBegins, kUnreachable, {.since = at(0ms), .detail = "<&> [x](y)"}},
                  {Change::kEnds, kAmounts, {.since = at(0ms), .newest = 3}, at(1h)}},
                 context, at(1h));
}

Json body(const core::AlertUrl& to) { return Json::parse(request_for(to, message()).body); }

http::ClientResult answer(int status, std::string text = "", std::string retry_after = "") {
  return http::ClientResponse{
      .status = status, .body = std::move(text), .retry_after = std::move(retry_after)};
}

std::string decoded(std::string_view base64) {
  std::string url_safe;
  for (const char c : base64) {
    if (c == '+')
      url_safe += '-';
    else if (c == '/')
      url_safe += '_';
    else if (c != '=' && c != '\r' && c != '\n')
      url_safe += c;
  }
  return core::from_base64url(url_safe).value_or("(no base64)");
}

}  // namespace

TEST_CASE("format: Slack takes text, and reads no command out of it") {
  const auto to = url("slack+https://hooks.slack.com/services/T0/B0/x");
  CHECK(request_for(to, message()).target == "/services/T0/B0/x");
  const Json json = body(to);
  CHECK(json.size() == 1);
  const std::string text = json.at("text");
  CHECK(text.starts_with("*[꽃집] 포트원 응답 없음 (v2)"));
  CHECK(text.find("&lt;&amp;&gt;") != std::string::npos);
  CHECK(text.find("https://ops.example/") != std::string::npos);
}

TEST_CASE("format: JANDI takes a body, a colour and parts, and wants its own Accept") {
  const auto to = url("jandi+https://wh.jandi.com/connect-api/webhook/1/x");
  const auto request = request_for(to, message());
  CHECK(request.headers == http::Headers{{"Accept", "application/vnd.tosslab.jandi-v2+json"}});
  const Json json = Json::parse(request.body);
  CHECK(json.at("body").get<std::string>().ends_with("[자세히 보기](https://ops.example/)"));
  CHECK(json.at("connectColor") == "#E01E5A");
  REQUIRE(json.at("connectInfo").size() == 2);
  CHECK(json.at("connectInfo").at(0).at("description").get<std::string>().find("[x] (y)") !=
        std::string::npos);
}

TEST_CASE("format: Telegram is told the chat, and parses nothing") {
  const auto to =
      url("telegram+https://api.telegram.org/bot12:AB-c?chat_id=-100123&message_thread_id=7");
  CHECK(request_for(to, message()).target == "/bot12:AB-c/sendMessage");
  const Json json = body(to);
  CHECK(json.at("chat_id") == "-100123");
  CHECK(json.at("message_thread_id") == 7);
  CHECK_FALSE(json.contains("parse_mode"));
  CHECK(json.at("text").get<std::string>().find("<&> [x](y)") != std::string::npos);
}

TEST_CASE("format: ntfy gets the topic in JSON at its root, so that a Korean title is one") {
  const auto to = url("ntfy+https://ntfy.sh/my-topic?auth=QmFzaWM");
  CHECK(request_for(to, message()).target == "/?auth=QmFzaWM");
  const Json json = body(to);
  CHECK(json.at("topic") == "my-topic");
  CHECK(json.at("title").get<std::string>().starts_with("[꽃집]"));
  CHECK(json.at("priority") == 4);
  CHECK(json.at("click") == "https://ops.example/");
}

TEST_CASE("format: JSON is what README says") {
  const Json json = body(url("json+https://ops.example/hook?a=1"));
  CHECK(json.at("type") == "alert");
  CHECK(json.at("url") == "https://ops.example/");
  const Json& begins = json.at("changes").at(0);
  CHECK(begins == Json{{"change", "begins"},
                       {"sort", "warning"},
                       {"kind", "portone_unreachable"},
                       {"about", "v2"},
                       {"detail", "<&> [x](y)"},
                       {"since", core::to_rfc3339(at(0ms))},
                       {"until", nullptr}});
  const Json& ends = json.at("changes").at(1);
  CHECK(ends.at("open") == 0);
  CHECK(ends.at("until") == core::to_rfc3339(at(1h)));
}

TEST_CASE("format: a mail is RFC 5322 with its Korean subject in RFC 2047's words") {
  const auto to =
      url("smtps://user:p%40ss@mail.example:465/?from=shop@example.com&to=a@b.kr&to=c%2Bd@e.kr");
  const http::Mail mail = mail_for(to, message(), "id1");
  CHECK(mail.password == "p@ss");
  CHECK(mail.to == std::vector<std::string>{"a@b.kr", "c+d@e.kr"});
  const std::size_t blank = mail.text.find("\r\n\r\n");
  REQUIRE(blank != std::string::npos);
  const std::string head = mail.text.substr(0, blank + 2);
  CHECK(head.find("From: reconciled <shop@example.com>\r\n") != std::string::npos);
  CHECK(head.find("Message-ID: <id1@example.com>\r\n") != std::string::npos);
  std::string subject;
  for (std::size_t begin = 0; begin < mail.text.size();) {
    const std::size_t end = mail.text.find("\r\n", begin);
    REQUIRE(end != std::string::npos);
    const std::string line = mail.text.substr(begin, end - begin);
    CHECK(line.size() <= 78);
    for (const char c : line) CHECK((c >= 0x20 && c < 0x7f));
    const std::size_t word = line.find("=?UTF-8?B?");
    if (word != std::string::npos)
      subject += decoded(line.substr(word + 10, line.size() - word - 12));
    begin = end + 2;
  }
  CHECK(subject == message().title);
  CHECK(decoded(mail.text.substr(blank + 4)) == body_of(message(), 64 * 1024) + "\n");
}

TEST_CASE("format: what services answer, and when to try again") {
  const auto slack = url("slack+https://hooks.slack.com/services/T0/B0/x");
  const auto telegram = url("telegram+https://api.telegram.org/bot1:x?chat_id=1");
  CHECK(judge(slack, answer(200, "ok")).is_taken);
  CHECK(judge(slack, answer(204)).is_taken);
  for (const int status : {301, 400, 403, 404, 410, 429, 500}) {
    CHECK_FALSE(judge(slack, answer(status)).is_taken);
  }
  CHECK(judge(slack, answer(429, "", "30")).retry_after == 30s);
  CHECK(judge(slack, answer(429, "", "999999")).retry_after == 1h);
  CHECK_FALSE(judge(slack, answer(429, "", "soon")).retry_after);
  CHECK(
      judge(telegram, answer(429, R"({"ok":false,"parameters":{"retry_after":7}})")).retry_after ==
      7s);
  // What the service says is for who tests it, never for the log.
  CHECK(judge(slack, answer(403, "invalid_token")).outcome.find("invalid_token") ==
        std::string::npos);
  CHECK(judge(slack, answer(403, "invalid_token")).answer == "invalid_token");
}
