#include "tests/sandbox/support.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <chrono>
#include <thread>

namespace reconciled::sandbox_tests {

using namespace std::chrono_literals;

struct Receiver::Impl {
  httplib::Server server;
  std::function<int(std::size_t)> answer;
  int port = 0;
  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Received> received;
  std::thread thread;
};

Receiver::Receiver(std::function<int(std::size_t)> answer) : impl_(std::make_unique<Impl>()) {
  impl_->answer = std::move(answer);
  impl_->server.set_tcp_nodelay(true);
  impl_->server.Post("/hook", [this](const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(impl_->mutex);
    response.status = impl_->answer ? impl_->answer(impl_->received.size()) : 200;
    impl_->received.push_back({request.body, request.get_header_value("Content-Type"),
                               request.get_header_value("webhook-id"),
                               request.get_header_value("webhook-timestamp"),
                               request.get_header_value("webhook-signature")});
    impl_->arrived.notify_all();
  });
  impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
  while (!impl_->server.is_running()) std::this_thread::yield();
}

Receiver::~Receiver() {
  impl_->server.stop();
  impl_->thread.join();
}

std::string Receiver::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->port) + "/hook";
}

std::vector<Receiver::Received> Receiver::wait_for(std::size_t count) {
  std::unique_lock lock(impl_->mutex);
  const bool came =
      impl_->arrived.wait_for(lock, 10s, [&] { return impl_->received.size() >= count; });
  REQUIRE_MESSAGE(came, "only " << impl_->received.size() << " webhooks of " << count);
  return impl_->received;
}

std::size_t Receiver::count() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->received.size();
}

namespace {

sandbox::Options with_targets(sandbox::Options options, const std::vector<std::string>& urls) {
  options.webhook_urls = urls;
  return options;
}

}  // namespace

Rig::Rig(const std::vector<std::string>& webhook_urls, sandbox::Options options)
    : sandbox_(with_targets(std::move(options), webhook_urls)) {
  sandbox_.start();
}

Answer Rig::call(const std::string& method, const std::string& target, const std::string& body,
                 const Headers& headers, int timeout_ms) const {
  httplib::Client client(sandbox_.base_url());
  client.set_url_encode(false);
  client.set_read_timeout(std::chrono::milliseconds(timeout_ms));
  httplib::Request request;
  request.method = method;
  request.path = target;
  if (!headers.authorization.empty()) request.set_header("Authorization", headers.authorization);
  if (!headers.tier.empty()) request.set_header("Tier", headers.tier);
  if (!body.empty()) {
    request.body = body;
    request.set_header("Content-Type", headers.content_type);
  }
  const httplib::Result result = client.send(request);
  Answer answer;
  if (!result) return answer;
  answer.status = result->status;
  answer.text = result->body;
  answer.body = Json::parse(result->body, nullptr, false);
  if (answer.body.is_discarded()) answer.body = Json();
  answer.retry_after = result->get_header_value("Retry-After");
  answer.location = result->get_header_value("Location");
  answer.date = result->get_header_value("Date");
  return answer;
}

Json Rig::control(const std::string& method, const std::string& target, const Json& body) {
  const Answer answer =
      call(method, "/sandbox" + target, body.is_null() ? std::string() : body.dump());
  REQUIRE_MESSAGE(answer.status / 100 == 2, method << " " << target << ": " << answer.text);
  return answer.body;
}

Json Rig::make(const Json& members) { return control("POST", "/payments", members); }

Json Rig::move(const Json& attempt, const Json& members) {
  return control("POST", "/payments/" + attempt["attempt_id"].get<std::string>() + "/status",
                 members);
}

Answer Rig::v1(const std::string& method, const std::string& target, const std::string& body) {
  const Answer token =
      call("POST", "/users/getToken", R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})");
  REQUIRE(token.status == 200);
  Headers headers;
  headers.authorization = "Bearer " + token.body["response"]["access_token"].get<std::string>();
  return call(method, target, body, headers);
}

Answer Rig::v2(const std::string& method, const std::string& target, const std::string& body) {
  Headers headers;
  headers.authorization = "PortOne sandbox_api_secret";
  return call(method, target, body, headers);
}

void Rig::settle() {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (control("GET", "/webhooks")["pending"] != 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(2ms);
  }
}

core::SignatureVerdict verify(const Receiver::Received& received,
                              const std::vector<std::string>& secrets) {
  const core::SignatureVerifier verifier(secrets);
  core::SignatureHeaders headers;
  if (!received.id.empty()) headers.id = received.id;
  if (!received.timestamp.empty()) headers.timestamp = received.timestamp;
  if (!received.signature.empty()) headers.signature = received.signature;
  return verifier.verify(
      headers, received.body,
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

}  // namespace reconciled::sandbox_tests
