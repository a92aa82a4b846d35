#include "tests/e2e/shop_backend.h"

#include <httplib.h>

#include <algorithm>
#include <chrono>

#include "daemon/core/messages/signature.h"
#include "tests/e2e/child_process.h"

namespace reconciled::e2e {
namespace {

constexpr const char* kPath = "/hooks/reconciled";

core::Time now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

ShopBackend::ShopBackend() : answer_([](const Message&) { return 200; }) { live(); }

ShopBackend::~ShopBackend() { die(); }

std::string ShopBackend::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + kPath + "?shop=1";
}

std::string ShopBackend::lines() const {
  return "url = \"" + url() + "\"\nsecret = \"" + kSecret + "\"";
}

void ShopBackend::answer_with(std::function<int(const Message&)> answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void ShopBackend::answer_with(int status) {
  answer_with([status](const Message&) { return status; });
}

void ShopBackend::retry_after(const std::string& seconds) {
  const std::lock_guard lock(mutex_);
  retry_after_ = seconds;
}

void ShopBackend::die() {
  if (!server_) return;
  server_->stop();
  thread_.join();
  server_.reset();
}

void ShopBackend::live() {
  die();
  server_ = std::make_unique<httplib::Server>();
  server_->new_task_queue = [] { return new httplib::ThreadPool(64); };
  server_->set_tcp_nodelay(true);
  server_->set_keep_alive_max_count(1'000'000);
  server_->Post(kPath, [this](const httplib::Request& request, httplib::Response& response) {
    take(request.body, {{"id", request.get_header_value("webhook-id")},
                        {"timestamp", request.get_header_value("webhook-timestamp")},
                        {"signature", request.get_header_value("webhook-signature")}},
         response.status);
    const std::lock_guard lock(mutex_);
    if (response.status == 503 && !retry_after_.empty()) {
      response.set_header("Retry-After", retry_after_);
    }
  });
  if (port_ == 0) {
    port_ = static_cast<std::uint16_t>(server_->bind_to_any_port("127.0.0.1"));
  } else if (!server_->bind_to_port("127.0.0.1", port_)) {
    throw std::runtime_error("the shop's port is taken");
  }
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void ShopBackend::take(const std::string& body, const std::map<std::string, std::string>& headers,
                       int& status) {
  const core::SignatureVerifier verifier({kSecret});
  const auto verdict = verifier.verify(
      {headers.at("id"), headers.at("timestamp"), headers.at("signature")}, body, now());
  std::function<int(const Message&)> answer;
  Message message{headers.at("id"), Json::parse(body, nullptr, false)};
  {
    const std::lock_guard lock(mutex_);
    if (verdict != core::SignatureVerdict::kValid || message.body.is_discarded()) {
      ++forged_;
      status = 401;
      return;
    }
    answer = answer_;
  }
  message.answered = status = answer(message);
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

std::vector<Message> ShopBackend::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

std::vector<Message> ShopBackend::taken() const {
  std::vector<Message> all = messages();
  std::erase_if(all, [](const Message& message) { return message.answered / 100 != 2; });
  return all;
}

int ShopBackend::forged() const {
  const std::lock_guard lock(mutex_);
  return forged_;
}

std::vector<std::string> ShopBackend::types_taken(const std::string& payment_id) const {
  std::vector<std::string> types;
  for (const Message& message : taken()) {
    if (message.payment_id() == payment_id && message.type() != "payment.finding") {
      types.push_back(message.type());
    }
  }
  return types;
}

void ShopBackend::wait_for_taken(std::size_t count) const {
  wait_until("the shop took " + std::to_string(count) + " messages",
             [&] { return taken().size() >= count; });
}

}  // namespace reconciled::e2e
