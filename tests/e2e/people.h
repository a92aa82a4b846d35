// Where people read what they are told, as a test has it: an HTTP server that takes every format
// and behaves as told, and a mail server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/http.h"
#include "tests/support/listening_socket.h"

namespace httplib {
class Server;
}

namespace reconciled::e2e {

struct Told {
  std::string method;
  std::string target;
  std::string accept;
  std::string body;
  int answered = 0;

  [[nodiscard]] Json json() const { return Json::parse(body); }
};

class People {
 public:
  People();  // takes everything
  ~People();
  People(const People&) = delete;
  People& operator=(const People&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // What it answers from now on, asked for each message; it may take its time. 429 carries a
  // Retry-After of a second.
  void answer_with(std::function<int(const Told&)> answer);
  // All that came to a target that begins so, and of these what was answered 2xx.
  [[nodiscard]] std::vector<Told> heard(const std::string& target = "/") const;
  [[nodiscard]] std::vector<Told> taken(const std::string& target = "/") const;
  void wait_for_taken(const std::string& target, std::size_t count) const;

 private:
  mutable std::mutex mutex_;
  std::function<int(const Told&)> answer_;
  std::vector<Told> heard_;
  int port_ = 0;
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

// A mail server that takes one mail a connection.
class MailBox {
 public:
  struct Letter {
    std::string from;
    std::vector<std::string> to;
    std::string text;
  };
  MailBox();
  ~MailBox();
  MailBox(const MailBox&) = delete;
  MailBox& operator=(const MailBox&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listening_.port(); }
  [[nodiscard]] std::vector<Letter> letters() const;
  // Refuses every recipient from now on.
  void refuse(bool refuses) { refuses_ = refuses; }

 private:
  void run();
  void take_one(test::RawSocket& client);

  test::ListeningSocket listening_;
  std::atomic<bool> refuses_{false};
  mutable std::mutex mutex_;
  std::vector<Letter> letters_;
  std::thread thread_;
};

// The text of base64 with line ends in it.
[[nodiscard]] std::string from_base64(const std::string& text);

}  // namespace reconciled::e2e
