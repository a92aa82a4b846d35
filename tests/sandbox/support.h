// What the sandbox's tests share: a running sandbox, a client, and a receiver of webhooks.
//
// Everything runs over real loopback sockets. cpp-httplib stays in support.cpp.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/messages/signature.h"
#include "tests/sandbox/sandbox.h"

namespace reconciled::sandbox_tests {

using Json = nlohmann::json;

struct Answer {
  int status = 0;  // 0: the connection broke or timed out
  std::string text;
  Json body;  // null where the text is no JSON
  std::string retry_after;
  std::string location;
  std::string date;
};

struct Headers {
  std::string authorization;
  std::string content_type = "application/json";
  std::string tier;
};

// Receives webhooks; `answer` chooses the status of each from the number that came before.
class Receiver {
 public:
  struct Received {
    std::string body;
    std::string content_type;
    std::string id;
    std::string timestamp;
    std::string signature;
    [[nodiscard]] Json json() const { return Json::parse(body, nullptr, false); }
  };

  explicit Receiver(std::function<int(std::size_t)> answer = {});
  ~Receiver();
  [[nodiscard]] std::string url() const;
  // The first `count` webhooks; fails the test if they do not come within ten seconds.
  std::vector<Received> wait_for(std::size_t count);
  [[nodiscard]] std::size_t count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A sandbox on a free port with a client for it.
class Rig {
 public:
  explicit Rig(const std::vector<std::string>& webhook_urls = {},
               sandbox::Options options = sandbox::Options{});

  Answer call(const std::string& method, const std::string& target, const std::string& body = "",
              const Headers& headers = {}, int timeout_ms = 10'000) const;
  // The control API; fails the test unless it answers 2xx.
  Json control(const std::string& method, const std::string& target, const Json& body = Json());
  // A new attempt; the attempt's description as the control API gives it.
  Json make(const Json& members);
  Json move(const Json& attempt, const Json& members);
  // REST with a valid credential.
  Answer v1(const std::string& method, const std::string& target, const std::string& body = "");
  Answer v2(const std::string& method, const std::string& target, const std::string& body = "");
  // Waits until no webhook is under way.
  void settle();
  void stop() { sandbox_.stop(); }
  [[nodiscard]] std::string base_url() const { return sandbox_.base_url(); }

 private:
  sandbox::Sandbox sandbox_;
};

// The verdict on a webhook under these secrets, now.
[[nodiscard]] core::SignatureVerdict verify(const Receiver::Received& received,
                                            const std::vector<std::string>& secrets);

}  // namespace reconciled::sandbox_tests
