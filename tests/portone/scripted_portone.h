// A PortOne of the test's own on loopback: answers each request as the script says, badly if told.
//
// Every connection has a thread, so that one that hangs holds up nobody. What was asked is kept.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/core/words/text.h"
#include "tests/support/raw_socket.h"

namespace reconciled::test {

struct Reply {
  enum class Manner { kAnswer, kHang, kHangInBody, kTrickle, kCut };
  int status = 200;
  std::string body;
  std::string headers;  // whole lines
  Manner manner = Manner::kAnswer;
};

class ScriptedPortone {
 public:
  // `target` is decoded: "/payments?imp_uid[]=imp_1&…".
  using Script = std::function<Reply(const std::string& method, const std::string& target)>;

  explicit ScriptedPortone(Script script)
      : script_(std::move(script)), listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listening_.fd(), generic, size) != 0 || listen(listening_.fd(), 64) != 0 ||
        getsockname(listening_.fd(), generic, &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedPortone() {
    stopping_ = true;
    shutdown(listening_.fd(), SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedPortone(const ScriptedPortone&) = delete;
  ScriptedPortone& operator=(const ScriptedPortone&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  // Each with its method and its body: "POST /payments/prepare amount=1".
  [[nodiscard]] std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  // How many requests had `part` in their target.
  [[nodiscard]] int count(const std::string& part) const {
    int found = 0;
    for (const std::string& target : asked()) {
      if (target.find(part) != std::string::npos) ++found;
    }
    return found;
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      threads_.emplace_back([this, fd] {
        RawSocket client(fd);
        try {
          while (!stopping_) serve(client);
        } catch (const std::runtime_error&) {
          return;  // the client went away
        }
      });
    }
  }

  void serve(RawSocket& client) {
    std::string request;
    while (request.empty()) {
      pollfd wait{client.fd(), POLLIN, 0};
      if (stopping_) return;
      if (poll(&wait, 1, 20) > 0) request = client.read_response();
    }
    const std::size_t blank = request.find(' ');
    const std::size_t end = request.find(' ', blank + 1);
    const std::string method = request.substr(0, blank);
    const std::string target =
        core::percent_decode(request.substr(blank + 1, end - blank - 1), false);
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(target);
      told_.push_back(method + " " + target + " " + request.substr(request.find("\r\n\r\n") + 4));
    }
    const Reply reply = script_(method, target);
    const std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Told\r\n" +
                             reply.headers +
                             "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
    switch (reply.manner) {
      case Reply::Manner::kAnswer:
        client.send(head + reply.body);
        break;
      case Reply::Manner::kHang:
        hang(client);
        break;
      case Reply::Manner::kHangInBody:
        client.send(head + reply.body.substr(0, reply.body.size() / 2));
        hang(client);
        break;
      case Reply::Manner::kTrickle:
        for (const char c : head + reply.body) {
          client.send({&c, 1});
          poll(nullptr, 0, 20);
          if (stopping_) return;
        }
        break;
      case Reply::Manner::kCut:
        client.send(head + reply.body.substr(0, reply.body.size() / 2));
        client.close();
        throw std::runtime_error("cut");
    }
  }

  void hang(RawSocket& client) {
    while (!stopping_) {
      pollfd wait{client.fd(), POLLIN, 0};
      if (poll(&wait, 1, 20) > 0) throw std::runtime_error("the client went away");
    }
  }

  Script script_;
  RawSocket listening_;
  std::string url_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::string> told_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace reconciled::test
