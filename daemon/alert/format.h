// A message in the form that each service takes, and what its answer means.
//
// Pure. Slack: incoming webhooks (docs.slack.dev). JANDI: incoming webhooks (support.jandi.com).
// Telegram: Bot API, sendMessage (core.telegram.org). ntfy: publishing as JSON (docs.ntfy.sh).
// Mail: RFC 5322, RFC 2047. JSON: README, "Being told".
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "daemon/alert/message.h"
#include "daemon/http/client.h"
#include "daemon/http/client_mail.h"

namespace reconciled::alert {

// For every format but mail.
[[nodiscard]] http::ClientRequest request_for(const core::AlertUrl& url, const Message& message);
// `id`: what tells this mail from any other.
[[nodiscard]] http::Mail mail_for(const core::AlertUrl& url, const Message& message,
                                  const std::string& id);

struct Verdict {
  bool is_taken = false;
  std::string outcome;                                     // one line, for people, without secrets
  std::optional<std::chrono::milliseconds> retry_after{};  // an hour at most
  std::string answer{};  // what the service itself says, cleaned; never for a log
};
[[nodiscard]] Verdict judge(const core::AlertUrl& url, const http::ClientResult& result);

}  // namespace reconciled::alert
