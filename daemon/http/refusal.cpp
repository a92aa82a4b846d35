#include "daemon/http/refusal.h"

#include "daemon/http/date.h"

namespace reconciled::http {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

}  // namespace

std::string refusal_text(int status, std::string_view reason, bool bodiless) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + ' ';
  text += reason_phrase(status);
  text += "\r\n";
  text += date_line();
  text += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
  text += std::to_string(reason.size() + 1);
  if (status == 503) text += "\r\nRetry-After: 1";
  text += "\r\nConnection: close\r\n\r\n";
  if (!bodiless) {
    text += reason;
    text += '\n';
  }
  return text;
}

void announce_close(std::string& rendered) {
  constexpr std::string_view kKeep = "\r\nConnection: keep-alive\r\n";
  const auto at = rendered.find(kKeep);
  if (at >= rendered.find("\r\n\r\n")) return;
  rendered.replace(at, kKeep.size(), "\r\nConnection: close\r\n");
}

}  // namespace reconciled::http
