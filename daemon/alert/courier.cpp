#include "daemon/alert/courier.h"

#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "daemon/core/messages/signature.h"

namespace reconciled::alert {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnect = 5s;
constexpr auto kDeadline = 15s;
constexpr std::size_t kMostBytes = 64 * 1024;  // of an answer

std::string random_id() {
  std::array<unsigned char, 12> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no randomness to be had");
  }
  return core::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

void Courier::send(const core::AlertUrl& url, const Message& message, Done done) {
  if (url.format == core::AlertFormat::kMail) {
    mail_.send(mail_for(url, message, random_id()),
               [done = std::move(done)](const std::string& fault) {
                 done({fault.empty(), fault.empty() ? "taken" : fault});
               });
    return;
  }
  http::ClientOptions options;
  options.base_url = url.base_url;
  options.connect_timeout = kConnect;
  options.read_timeout = kDeadline;
  options.total_deadline = kDeadline;
  options.max_response_bytes = kMostBytes;
  loop_.send(std::make_shared<const http::Upstream>(std::move(options)), request_for(url, message),
             [url, done = std::move(done)](const http::ClientResult& result) {
               done(judge(url, result));
             });
}

}  // namespace reconciled::alert
