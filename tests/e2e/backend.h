// A shop's backend that takes webhooks at a port, or does not: it answers what the test says.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"
#include "tests/support/listening_socket.h"

namespace reconciled::e2e {

// `answer` gives the bytes for the webhook with that number, from 0 on; none:
// it says nothing until the client leaves.
class Backend {
 public:
  struct Got {
    Answer request;  // its head and body
    [[nodiscard]] Json json() const { return Json::parse(request.body); }
    [[nodiscard]] std::string payment() const {
      const Json body = json();
      return body.contains("data") ? body.at("data").at("paymentId") : body.at("merchant_uid");
    }
  };
  using Reply = std::function<std::string(std::size_t number, const Got& got)>;

  explicit Backend(Reply answer = {}, std::uint16_t port = 0)
      : answer_(std::move(answer)), socket_(64, port), thread_([this] { serve(); }) {}
  ~Backend() {
    shutdown(socket_.fd(), SHUT_RDWR);
    thread_.join();
    for (const test::RawSocket& client : clients_) shutdown(client.fd(), SHUT_RDWR);
    for (std::thread& one : talks_) one.join();
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // The answer that comes byte by byte and never ends.
  inline static const std::string kTrickle{"trickle"};

  [[nodiscard]] std::uint16_t port() const { return socket_.port(); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port()) + "/webhooks/portone?shop=1";
  }
  [[nodiscard]] std::vector<Got> got() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }
  std::vector<Got> wait_for(std::size_t count) const {
    wait_until(
        std::to_string(count) + " webhooks", [&] { return got().size() >= count; },
        std::chrono::seconds(40));
    return got();
  }

 private:
  void serve() {
    for (;;) {
      test::RawSocket client = socket_.accept_one();
      if (client.fd() < 0) return;
      test::RawSocket& kept = clients_.emplace_back(std::move(client));
      talks_.emplace_back([this, &kept] { talk(kept); });
    }
  }
  void talk(test::RawSocket& client) {
    try {
      for (;;) {
        const std::string bytes = client.read_response(false, std::chrono::seconds(60));
        const std::size_t end = bytes.find("\r\n\r\n") + 4;
        const Got got{{.head = bytes.substr(0, end), .body = bytes.substr(end)}};
        std::size_t number = 0;
        {
          const std::lock_guard lock(mutex_);
          number = got_.size();
          got_.push_back(got);
        }
        const std::string answer =
            answer_ ? answer_(number, got) : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if (answer.empty()) {
          static_cast<void>(client.sees_end(std::chrono::seconds(60)));
          return;
        }
        if (answer == kTrickle) trickle(client);
        client.send(answer);
      }
    } catch (const std::runtime_error&) {
      return;  // the client has left
    }
  }

  static void trickle(test::RawSocket& client) {
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (;;) {
      client.send("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  const Reply answer_;
  test::ListeningSocket socket_;
  mutable std::mutex mutex_;
  std::vector<Got> got_;
  std::deque<test::RawSocket> clients_;  // and `talks_`: of the thread that serves, then of the end
  std::vector<std::thread> talks_;
  std::thread thread_;
};

inline std::string status_line(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n";
}

}  // namespace reconciled::e2e
