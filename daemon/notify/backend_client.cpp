#include "daemon/notify/backend_client.h"

#include <charconv>
#include <stdexcept>

#include "daemon/core/messages/signature.h"

namespace reconciled::notify {
namespace {

using namespace std::chrono_literals;

// A backend that takes longer for a message does its work before it answers.
constexpr auto kDeadline = 15s;
constexpr auto kConnect = 5s;
constexpr std::size_t kMostBytes = 256 * 1024;  // of an answer, which nobody reads
constexpr std::chrono::seconds kLongestPause = 1h;

std::size_t path_of(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) throw std::invalid_argument("notify.url is no http(s) URL");
  return std::min(url.find_first_of("/?", scheme + 3), url.size());
}

std::string decoded(const std::string& secret) {
  const auto key = core::decode_webhook_secret(secret);
  if (!key) throw std::invalid_argument("notify.secret is no webhook secret");
  return *key;
}

// Seconds; an HTTP date is rare, and as good as nothing.
std::optional<std::chrono::milliseconds> pause_of(const std::string& retry_after) {
  std::int64_t seconds = 0;
  const char* const end = retry_after.data() + retry_after.size();
  const auto [at, fault] = std::from_chars(retry_after.data(), end, seconds);
  if (fault != std::errc{} || at != end || seconds < 0) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), kLongestPause);
}

bool is_too_much(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string words_of(int status) {
  const std::string number = std::to_string(status);
  if (status / 100 == 3) return number + ", a redirect, which is not followed";
  switch (status) {
    case 401:
    case 403:
      return number + ": it refuses the message, its secret may be another";
    case 404:
      return number + ": notify.url leads to no handler";
    case 410:
      return number + ": it wants no more messages at notify.url";
    default:
      return number;
  }
}

}  // namespace

Verdict judge(const http::ClientResult& result) {
  if (!result.ok()) {
    // It took the message; what it says beside that does not matter.
    if (result.error().status / 100 == 2) {
      return {Verdict::Kind::kTaken, words_of(result.error().status), {}};
    }
    return {Verdict::Kind::kBusy,
            std::string(to_word(result.error().fault)) + ": " + result.error().detail, {}};
  }
  const http::ClientResponse& response = result.value();
  Verdict verdict{Verdict::Kind::kRefused, words_of(response.status), {}};
  if (response.status / 100 == 2) {
    verdict.kind = Verdict::Kind::kTaken;
  } else if (response.status == 410) {
    verdict.kind = Verdict::Kind::kGone;
  } else if (is_too_much(response.status)) {
    verdict.kind = Verdict::Kind::kBusy;
    verdict.retry_after = pause_of(response.retry_after);
  }
  return verdict;
}

BackendClient::BackendClient(const std::string& url, const std::string& secret,
                             std::string instance)
    : key_(decoded(secret)), instance_(std::move(instance)) {
  const std::size_t path = path_of(url);
  target_ = url.substr(path);
  if (!target_.starts_with('/')) target_ = "/" + target_;
  http::ClientOptions options;
  options.base_url = url.substr(0, path);
  options.connect_timeout = kConnect;
  options.read_timeout = kDeadline;
  options.total_deadline = kDeadline;
  options.max_response_bytes = kMostBytes;
  upstream_ = std::make_shared<const http::Upstream>(std::move(options));
}

http::ClientRequest BackendClient::request(const storage::DueNotification& message,
                                           core::Time now) const {
  // With its time: where an older copy of the database was put back, numbers are given out again.
  const std::string id = "msg_" + instance_ + "_" + std::to_string(message.id) + "_" +
                         std::to_string(core::to_ms(message.created_at));
  const std::string at = std::to_string(core::to_ms(now) / 1'000);
  http::ClientRequest request;
  request.method = "POST";
  request.target = target_;
  request.headers = {{"webhook-id", id},
                     {"webhook-timestamp", at},
                     {"webhook-signature", core::sign_webhook(key_, id, at, message.body)},
                     {"user-agent", "reconciled"}};
  request.body = message.body;
  request.content_type = "application/json";
  return request;
}

}  // namespace reconciled::notify
