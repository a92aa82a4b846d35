#include "daemon/pages/page_answer.h"

#include "daemon/core/messages/signature.h"

namespace reconciled {

std::string allowed_by_hash(core::Markup text) {
  // Of 32 bytes: base64 with one sign of padding, which the url's alphabet leaves out (CSP 3 §6.7.2.2
  // takes either alphabet).
  return "'sha256-" + core::to_base64url(core::sha256(text.text())) + "='";
}

http::Response page_answer(int status, std::string html, const std::string& policy) {
  http::Response response{
      .status = status, .content_type = "text/html; charset=utf-8", .body = std::move(html)};
  response.headers = {{"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"X-Frame-Options", "DENY"},
                      {"Content-Security-Policy", policy}};
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace reconciled
