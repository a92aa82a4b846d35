// A message as a mail (RFC 5322): its subject may be Korean (RFC 2047), its text is UTF-8 in
// base64.
#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include "daemon/alert/format.h"

namespace reconciled::alert {
namespace {

constexpr std::size_t kLineCharacters = 76;
// Of a word of a subject, before base64: with its frame it stays below 75 characters.
constexpr std::size_t kWordBytes = 42;
constexpr std::size_t kSubjectBytes = 240;
constexpr std::size_t kTextBytes = 64 * 1024;

std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t at = i + k;
      group = group << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool is_there = i + k <= bytes.size();
      text += is_there ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

// Words that are whole characters, a line each.
std::string encoded_subject(std::string_view text) {
  std::string subject;
  while (!text.empty()) {
    std::size_t end = std::min(kWordBytes, text.size());
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      --end;
    }
    subject +=
        (subject.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + to_base64(text.substr(0, end)) + "?=");
    text.remove_prefix(end);
  }
  return subject;
}

std::string date_of(core::Time time) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(core::to_ms(time) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> rest{};
  std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S +0000", &parts);
  return std::string(kDays.at(static_cast<std::size_t>(parts.tm_wday))) + ", " +
         std::to_string(parts.tm_mday) + " " + kMonths.at(static_cast<std::size_t>(parts.tm_mon)) +
         " " + rest.data();
}

}  // namespace

http::Mail mail_for(const core::AlertUrl& url, const Message& message, const std::string& id) {
  const core::MailRoute& route = url.mail;
  const std::string domain = route.from.substr(route.from.find('@') + 1);
  std::string text =
      "Date: " + date_of(message.at) + "\r\nFrom: reconciled <" + route.from + ">\r\nTo: ";
  for (const std::string& address : route.to) {
    text += (&address == route.to.data() ? "" : ",\r\n ") + address;
  }
  text += "\r\nMessage-ID: <" + id + "@" + domain +
          ">\r\nSubject: " + encoded_subject(clipped(message.title, kSubjectBytes)) +
          "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  const std::string body = to_base64(body_of(message, kTextBytes) + "\n");
  for (std::size_t at = 0; at < body.size(); at += kLineCharacters) {
    text += body.substr(at, kLineCharacters) + "\r\n";
  }
  return {.url = url.base_url,
          .user = route.user,
          .password = route.password,
          .from = route.from,
          .to = route.to,
          .text = std::move(text)};
}

}  // namespace reconciled::alert
