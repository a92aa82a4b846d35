#include "daemon/core/config/alert_url.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "daemon/core/config/config_values.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using Parsed = Outcome<AlertUrl, std::string>;

constexpr std::size_t kMostRecipients = 20;

struct Prefix {
  std::string_view text;
  AlertFormat format;
};
constexpr std::array<Prefix, 5> kAlertPrefixes{{{"slack+", AlertFormat::kSlack},
                                                {"jandi+", AlertFormat::kJandi},
                                                {"telegram+", AlertFormat::kTelegram},
                                                {"ntfy+", AlertFormat::kNtfy},
                                                {"json+", AlertFormat::kJson}}};

// The parts of a query, decoded; a `+` stands for itself, as addresses have it.
std::vector<std::pair<std::string, std::string>> parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> all;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    all.emplace_back(std::string(one.substr(0, equals)),
                     percent_decode(one.substr(std::min(equals + 1, one.size())), false));
  }
  return all;
}

// A plain address; what SMTP or a header line could misread is refused.
bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f &&
                  std::string_view("<>(),;:\\\"[]").find(c) == std::string_view::npos;
         });
}

// Host names a person may see; brackets and port stay as they are.
std::string host_of(std::string_view base_url) {
  const std::size_t begin = base_url.find("://") + 3;
  return std::string(base_url.substr(begin));
}

std::optional<std::string> read_telegram(AlertUrl& url) {
  const std::size_t mark = std::min(url.target.find('?'), url.target.size());
  for (auto& [name, value] :
       parameters(std::string_view(url.target).substr(std::min(mark + 1, url.target.size())))) {
    if (name == "chat_id") {
      url.recipient = std::move(value);
    } else if (name == "message_thread_id") {
      url.thread = std::move(value);
    } else {
      return "takes chat_id and message_thread_id behind the ?, and nothing else";
    }
  }
  url.target.resize(mark);
  while (url.target.ends_with('/')) url.target.pop_back();
  if (!url.target.starts_with("/bot") || url.target.size() < 6) {
    return "must be telegram+https://api.telegram.org/botTOKEN?chat_id=CHAT";
  }
  if (!url.target.ends_with("/sendMessage")) url.target += "/sendMessage";
  if (url.recipient.empty() || !is_valid_utf8(url.recipient)) {
    return "needs chat_id=CHAT behind a ?: the number of the chat, or @channel";
  }
  const bool is_number = std::all_of(url.thread.begin(), url.thread.end(), is_digit);
  if (!is_number || url.thread.size() > 18) return "needs a whole number as message_thread_id";
  return std::nullopt;
}

// ntfy takes JSON at its root, with the topic in it.
std::optional<std::string> read_ntfy(AlertUrl& url) {
  const std::size_t mark = std::min(url.target.find('?'), url.target.size());
  const std::string query = url.target.substr(mark);
  std::string path = url.target.substr(0, mark);
  while (path.ends_with('/')) path.pop_back();
  const std::string topic = path.substr(std::min<std::size_t>(1, path.size()));
  const bool is_topic =
      !topic.empty() && topic.size() <= 64 && std::all_of(topic.begin(), topic.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_';
      });
  if (!is_topic) return "must be ntfy+https://HOST/TOPIC, the topic of letters, digits, - and _";
  url.recipient = topic;
  url.target = "/" + query;
  return std::nullopt;
}

Parsed parse_http(AlertFormat format, std::string_view text) {
  static const std::string kForm =
      "must be FORMAT+https://host[:port]/path, as the service gives it";
  if (fault_of_notify_url(text)) return kForm;
  const std::size_t scheme = text.find("://") + 3;
  const std::size_t end = std::min(text.find_first_of("/?", scheme), text.size());
  AlertUrl url{.format = format, .base_url = std::string(text.substr(0, end))};
  if (auto wrong = fault_of_base_url(url.base_url)) return std::move(*wrong);
  url.host = host_of(url.base_url);
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target = "/" + url.target;
  std::optional<std::string> wrong;
  if (format == AlertFormat::kTelegram) wrong = read_telegram(url);
  if (format == AlertFormat::kNtfy) wrong = read_ntfy(url);
  const bool needs_path = format == AlertFormat::kSlack || format == AlertFormat::kJandi;
  if (needs_path && url.target.size() < 2) wrong = kForm;
  if (wrong) return std::move(*wrong);
  return url;
}

std::optional<std::string> read_login(std::string_view login, MailRoute& mail) {
  const std::size_t colon = std::min(login.find(':'), login.size());
  mail.user = percent_decode(login.substr(0, colon), false);
  mail.password = percent_decode(login.substr(std::min(colon + 1, login.size())), false);
  const bool is_text = !mail.user.empty() && !mail.password.empty() &&
                       !fault_of_secret(mail.user, false) && !fault_of_secret(mail.password, false);
  if (is_text) return std::nullopt;
  return "needs USER:PASSWORD before the @, each percent-encoded where it holds : / ? # @ %";
}

Parsed parse_mail(std::string_view text, bool tls_at_once) {
  AlertUrl url{.format = AlertFormat::kMail, .mail = {.tls_at_once = tls_at_once}};
  std::string_view rest = text.substr(tls_at_once ? 8 : 7);
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  const std::string_view query = rest.substr(std::min(mark + 1, rest.size()));
  std::string_view authority = rest.substr(0, mark);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (auto wrong = read_login(authority.substr(0, at), url.mail)) return std::move(*wrong);
    authority.remove_prefix(at + 1);
  }
  // Host and port are read as those of a URL of ours.
  const bool has_path = authority.find('/') != std::string_view::npos;
  if (has_path || fault_of_base_url("https://" + std::string(authority))) {
    return std::string("must be smtp://[USER:PASSWORD@]host[:port]?from=ADDRESS&to=ADDRESS");
  }
  url.base_url = (tls_at_once ? "smtps://" : "smtp://") + std::string(authority);
  url.host = std::string(authority);
  for (auto& [name, value] : parameters(query)) {
    if (name != "from" && name != "to") {
      return std::string("takes from=ADDRESS and to=ADDRESS behind the ?, and nothing else");
    }
    if (!is_address(value)) {
      return "needs a plain mail address as `" + name + "`, as shop@example.com";
    }
    if (name == "from") {
      url.mail.from = std::move(value);
    } else {
      url.mail.to.push_back(std::move(value));
    }
  }
  if (url.mail.from.empty()) return std::string("needs from=ADDRESS behind the ?");
  if (url.mail.to.empty() || url.mail.to.size() > kMostRecipients) {
    return std::string("needs to=ADDRESS behind the ?, once to twenty times");
  }
  return url;
}

}  // namespace

std::string_view to_word(AlertFormat format) {
  switch (format) {
    case AlertFormat::kSlack:
      return "slack";
    case AlertFormat::kJandi:
      return "jandi";
    case AlertFormat::kTelegram:
      return "telegram";
    case AlertFormat::kNtfy:
      return "ntfy";
    case AlertFormat::kJson:
      return "json";
    case AlertFormat::kMail:
      return "mail";
  }
  return "json";
}

std::string AlertUrl::label() const { return std::string(to_word(format)) + " " + host; }

Parsed parse_alert_url(std::string_view text) {
  if (text.starts_with("smtp://")) return parse_mail(text, false);
  if (text.starts_with("smtps://")) return parse_mail(text, true);
  for (const Prefix& prefix : kAlertPrefixes) {
    if (text.starts_with(prefix.text))
      return parse_http(prefix.format, text.substr(prefix.text.size()));
  }
  return std::string(
      "must begin with its format: slack+https://, jandi+https://, telegram+https://, "
      "ntfy+https://, json+https://, smtp:// or smtps://");
}

}  // namespace reconciled::core
