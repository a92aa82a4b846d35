// The shop's backend as a test has it: takes messages, checks their signatures, and behaves as told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/http.h"

namespace httplib {
class Server;
}

namespace reconciled::e2e {

struct Message {
  std::string id;  // webhook-id
  Json body;
  int answered = 0;  // the status; 0: it hung up without one

  [[nodiscard]] std::string type() const { return body.at("type"); }
  [[nodiscard]] std::string payment_id() const { return body.at("data").at("payment_id"); }
  [[nodiscard]] std::int64_t version() const { return body.at("data").at("version"); }
};

class ShopBackend {
 public:
  static constexpr const char* kSecret = "whsec_c2VjcmV0LW9mLXRoZS1zaG9wcy1iYWNrZW5k";

  ShopBackend();  // takes everything
  ~ShopBackend();
  ShopBackend(const ShopBackend&) = delete;
  ShopBackend& operator=(const ShopBackend&) = delete;

  [[nodiscard]] std::string url() const;
  // The lines of [notify].
  [[nodiscard]] std::string lines() const;

  // What it answers from now on: a status, asked for each message; it may take its time.
  void answer_with(std::function<int(const Message&)> answer);
  void answer_with(int status);
  // With each 503 it asks for a pause of so many seconds.
  void retry_after(const std::string& seconds);
  // Stops listening, as if it had died; listens again at the same port.
  void die();
  void live();

  // All that came with a good signature, in the order of their coming.
  [[nodiscard]] std::vector<Message> messages() const;
  [[nodiscard]] std::vector<Message> taken() const;  // those that were answered 2xx
  [[nodiscard]] int forged() const;                  // those without
  // `type` of each taken message of the payment but findings'.
  [[nodiscard]] std::vector<std::string> types_taken(const std::string& payment_id) const;
  void wait_for_taken(std::size_t count) const;

 private:
  void take(const std::string& body, const std::map<std::string, std::string>& headers, int& status);

  mutable std::mutex mutex_;
  std::function<int(const Message&)> answer_;
  std::vector<Message> messages_;
  int forged_ = 0;
  std::string retry_after_;
  std::uint16_t port_ = 0;
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

}  // namespace reconciled::e2e
