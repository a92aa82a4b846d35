// Sending mail: libcurl's SMTP, beside the HTTP client and under the same rules (total deadline
// with name resolution, TLS 1.2, the certificate's SAN, no waiting).
//
// Belongs to one thread, which calls `run_once` while a mail is under way.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/words/outcome.h"

namespace reconciled::http {

struct Mail {
  std::string url;   // smtp(s)://host[:port]
  std::string user;  // empty: no login
  std::string password;
  std::string from;  // plain addresses
  std::vector<std::string> to;
  std::string text;  // RFC 5322 with its header; lines end with CR LF
  std::chrono::milliseconds deadline{30'000};
};

class MailClient {
 public:
  // Nothing: the server took it. Else why not, one line for people without a secret in it.
  using Done = std::function<void(const std::string& fault)>;

  MailClient();
  ~MailClient();  // what is under way is let go, without a word
  MailClient(const MailClient&) = delete;
  MailClient& operator=(const MailClient&) = delete;

  // smtp:// goes over TLS (STARTTLS) or not at all, but to this machine itself.
  void send(Mail mail, Done done);
  // Moves bytes and tells who is done; never waits.
  void run_once();
  [[nodiscard]] bool is_busy() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::http
