// Where people are told what is wrong: one entry of `alert.urls` taken apart (interface §3).
//
// Pure. A URL is a secret as a whole (whoever has it can write to the shop's people), so a fault
// never repeats any of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/outcome.h"

namespace reconciled::core {

enum class AlertFormat { kSlack, kJandi, kTelegram, kNtfy, kJson, kMail };
[[nodiscard]] std::string_view to_word(AlertFormat format);

// How a mail goes out.
struct MailRoute {
  bool tls_at_once = false;  // smtps; else STARTTLS, but for this machine itself
  std::string user;          // empty: no login
  std::string password;
  std::string from;             // plain addresses
  std::vector<std::string> to;  // one at least
  friend bool operator==(const MailRoute&, const MailRoute&) = default;
};

struct AlertUrl {
  AlertFormat format = AlertFormat::kJson;
  std::string base_url;   // http(s) or smtp(s)://host[:port]
  std::string host;       // for people: no secret stands in it
  std::string target;     // path and query; empty for mail
  std::string recipient;  // Telegram's chat, ntfy's topic
  std::string thread;     // Telegram's topic within the chat; may be empty
  MailRoute mail;
  friend bool operator==(const AlertUrl&, const AlertUrl&) = default;

  // For logs and people: "slack hooks.slack.com".
  [[nodiscard]] std::string label() const;
};

// The URL, or what is wrong with it in a sentence.
[[nodiscard]] Outcome<AlertUrl, std::string> parse_alert_url(std::string_view text);

enum class AlertLanguage { kKorean, kEnglish };

// The table [alert].
struct AlertConfig {
  std::vector<AlertUrl> urls;
  std::optional<AlertLanguage> language;  // else Korean where the time zone is Seoul's
  std::string dashboard_url;              // what messages link to; may be empty
  std::string heartbeat_url;              // asked every minute while all is well; may be empty
};

}  // namespace reconciled::core
