#include "daemon/alert/format.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::alert {
namespace {

using Json = nlohmann::json;
using Change = Item::Change;

// Each well below what the service takes.
constexpr std::size_t kSlackBytes = 3'500;
constexpr std::size_t kTelegramBytes = 3'800;
constexpr std::size_t kNtfyBytes = 3'500;
constexpr std::size_t kMostParts = 20;
constexpr std::size_t kTitleBytes = 200;
constexpr std::size_t kAnswerBytes = 300;
constexpr std::chrono::seconds kLongestPause = std::chrono::hours(1);

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// Slack reads `<!channel>` and `<url|text>`.
std::string for_slack(std::string text) {
  return replaced(replaced(replaced(std::move(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

// JANDI reads `[text](url)`.
std::string for_jandi(std::string text) { return replaced(std::move(text), "](", "] ("); }

Json slack(const Message& message) {
  return {
      {"text", "*" + for_slack(message.title) + "*\n" + for_slack(body_of(message, kSlackBytes))}};
}

Json jandi(const Message& message) {
  std::string head = for_jandi(message.title);
  head +=
      message.url.empty() ? "\n" + message.link : "\n[" + message.link + "](" + message.url + ")";
  Json parts = Json::array();
  for (const Part& part : message.parts) {
    if (parts.size() == kMostParts) break;
    std::string lines;
    for (const std::string& line : part.lines) lines += (lines.empty() ? "" : "\n") + line;
    parts.push_back({{"title", for_jandi(part.heading)}, {"description", for_jandi(lines)}});
  }
  return {{"body", head},
          {"connectColor", message.is_bad ? "#E01E5A" : "#2EB67D"},
          {"connectInfo", std::move(parts)}};
}

Json telegram(const core::AlertUrl& url, const Message& message) {
  Json json{
      {"chat_id", url.recipient},
      {"text", clipped(message.title, kTitleBytes) + "\n\n" + body_of(message, kTelegramBytes)},
      {"link_preview_options", {{"is_disabled", true}}}};
  if (!url.thread.empty()) json["message_thread_id"] = std::stoll(url.thread);
  return json;
}

Json ntfy(const core::AlertUrl& url, const Message& message) {
  Json json{{"topic", url.recipient},
            {"title", clipped(message.title, kTitleBytes)},
            {"message", body_of(message, kNtfyBytes)},
            {"priority", message.is_bad ? 4 : 3},
            {"tags", {message.is_bad ? "rotating_light" : "white_check_mark"}}};
  if (!message.url.empty()) json["click"] = message.url;
  return json;
}

std::string_view word_of(Change change) {
  switch (change) {
    case Change::kBegins:
      return "begins";
    case Change::kMore:
      return "more";
    case Change::kEnds:
      return "ends";
    case Change::kIsPast:
      return "past";
    case Change::kIsUnsteady:
      return "unsteady";
  }
  return "begins";
}

Json json_of(const Item& item) {
  const bool is_finding = item.topic.sort == Topic::Sort::kFinding;
  const bool is_over = item.change != Change::kBegins && item.change != Change::kMore;
  Json json{{"change", word_of(item.change)},
            {"sort", is_finding ? "finding" : "warning"},
            {"kind", item.topic.name},
            {"since", core::to_rfc3339(item.standing.since)},
            {"until", is_over ? Json(core::to_rfc3339(item.ended_at)) : Json()}};
  if (is_finding) {
    json["open"] = item.change == Change::kEnds ? 0 : item.standing.count;
    json["payment_ids"] = item.standing.payment_ids;
  } else {
    json["about"] = item.topic.about;
    json["detail"] = item.standing.detail;
  }
  return json;
}

Json json(const Message& message) {
  Json changes = Json::array();
  for (const Item& item : message.telling) changes.push_back(json_of(item));
  return {{"type", message.is_test ? "test" : "alert"},
          {"at", core::to_rfc3339(message.at)},
          {"title", message.title},
          {"text", body_of(message, 16 * kSlackBytes)},
          {"url", message.url.empty() ? Json() : Json(message.url)},
          {"changes", std::move(changes)}};
}

Json body_for(const core::AlertUrl& url, const Message& message) {
  switch (url.format) {
    case core::AlertFormat::kSlack:
      return slack(message);
    case core::AlertFormat::kJandi:
      return jandi(message);
    case core::AlertFormat::kTelegram:
      return telegram(url, message);
    case core::AlertFormat::kNtfy:
      return ntfy(url, message);
    case core::AlertFormat::kJson:
    case core::AlertFormat::kMail:
      return json(message);
  }
  return json(message);
}

std::optional<std::chrono::milliseconds> pause_of(const http::ClientResponse& response) {
  std::int64_t seconds = 0;
  const std::string& text = response.retry_after;
  const char* const end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, seconds);
  if (text.empty() || fault != std::errc{} || at != end) {
    // Telegram says it in the answer.
    const auto answer = core::parse_json(response.body);
    const Json* const parameters =
        answer.ok() ? core::member(answer.value(), "parameters") : nullptr;
    const auto told =
        parameters == nullptr ? std::nullopt : core::integer_member(*parameters, "retry_after");
    if (!told) return std::nullopt;
    seconds = *told;
  }
  if (seconds < 0) return std::nullopt;
  return std::min<std::chrono::seconds>(
      std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400)), kLongestPause);
}

std::string words_of_status(core::AlertFormat format, int status) {
  std::string number = std::to_string(status);
  if (status / 100 == 3) return number + ", a redirect, which is not followed";
  if (status == 429) return number + ", too many messages";
  if (status / 100 == 5) return number + ", it is in trouble itself";
  if (format == core::AlertFormat::kTelegram && status == 400) {
    return number + ": chat_id names no chat that the bot is in";
  }
  if (status == 401 || status == 403)
    return number + ": it refuses us, the URL may have been revoked";
  if (status == 404 || status == 410) return number + ": nobody is at this URL any more";
  return number;
}

}  // namespace

http::ClientRequest request_for(const core::AlertUrl& url, const Message& message) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = url.target;
  request.content_type = "application/json";
  if (url.format == core::AlertFormat::kJandi) {
    request.headers.emplace_back("Accept", "application/vnd.tosslab.jandi-v2+json");
  }
  request.body = core::write_json(body_for(url, message));
  return request;
}

Verdict judge(const core::AlertUrl& url, const http::ClientResult& result) {
  if (!result.ok()) {
    return {false, std::string(to_word(result.error().fault)) + ": " + result.error().detail};
  }
  const http::ClientResponse& response = result.value();
  const std::string answer = core::clean_text(response.body, kAnswerBytes);
  if (response.status / 100 == 2) return {true, std::to_string(response.status), {}, answer};
  return {false, words_of_status(url.format, response.status), pause_of(response), answer};
}

}  // namespace reconciled::alert
