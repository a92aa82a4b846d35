#include "daemon/commands/relay.h"

#include <algorithm>
#include <ctime>
#include <set>
#include <stdexcept>

#include "daemon/commands/terminal.h"
#include "daemon/core/messages/signature.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kFirstPause = 500ms;
constexpr auto kLongestPause = 4'000ms;
constexpr std::size_t kIdColumns = 40;
constexpr std::size_t kSaidColumns = 32;

// What stands before the path: the client adds nothing of its own to it then.
std::string origin_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) throw std::invalid_argument("not an http(s) URL: " + url);
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string target_of(const std::string& url) {
  std::string target = url.substr(origin_of(url).size());
  target.erase(std::min(target.find('#'), target.size()));
  if (target.empty() || target.front() != '/') target.insert(0, "/");
  return target;
}

http::ClientOptions options_for(const std::string& url) {
  return {.base_url = origin_of(url),
          .connect_timeout = Relay::kDeadline,
          .read_timeout = Relay::kDeadline,
          .total_deadline = Relay::kDeadline,
          .max_response_bytes = Relay::kMaxAnswerBytes};
}

std::string in_ms(Relay::Steady::duration time) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(time).count()) + " ms";
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, width_of(text)), ' ');
}

}  // namespace

Relay::Relay(http::ClientLoop& loop, const std::string& url, const std::string& secret, Say say)
    : loop_(loop),
      upstream_(std::make_shared<http::Upstream>(options_for(url))),
      target_(target_of(url)),
      key_(core::decode_webhook_secret(secret).value()),
      say_(std::move(say)) {}

bool Relay::take(core::RecordedWebhook webhook) {
  const std::size_t size = webhook.body.size();
  if (waiting_.size() >= kMaxWaiting || waiting_bytes_ + size > kMaxWaitingBytes) return false;
  waiting_bytes_ += size;
  waiting_.push_back(std::make_shared<Waiting>(Waiting{std::move(webhook)}));
  return true;
}

void Relay::run(Steady::time_point now) {
  if (is_calling_ || (is_away_ && now < back_at_)) return;
  const Item item = next(now);
  if (!item) return;
  is_calling_ = true;
  loop_.send(upstream_, request_for(item->webhook), [this, item, now](http::ClientResult result) {
    is_calling_ = false;
    ended(item, now, result);
  });
}

// The first that may go. One that waits for its next try holds back what came later of its payment.
Relay::Item Relay::next(Steady::time_point now) const {
  std::set<std::string_view> held;
  for (const Item& item : waiting_) {
    const bool is_first = held.insert(item->webhook.payment_id).second;
    if (is_first && item->next_at <= now) return item;
  }
  return nullptr;
}

// Standard Webhooks, with the time of this try, so that a late one still verifies.
http::ClientRequest Relay::request_for(const core::RecordedWebhook& webhook) const {
  http::ClientRequest request{.method = "POST",
                              .target = target_,
                              .body = webhook.body,
                              .content_type = webhook.content_type};
  if (webhook.api == core::Api::kV2) {
    const std::string timestamp = std::to_string(std::time(nullptr));
    request.headers.emplace_back("webhook-id", webhook.id);
    request.headers.emplace_back("webhook-timestamp", timestamp);
    request.headers.emplace_back("webhook-signature",
                                 core::sign_webhook(key_, webhook.id, timestamp, webhook.body));
  }
  return request;
}

void Relay::ended(const Item& item, Steady::time_point began, const http::ClientResult& result) {
  if (loop_.is_aborted()) return;
  if (!result.ok()) {
    const http::ClientError& error = result.error();
    const std::string why = clip(plain(error.detail), 60);
    if (error.fault == http::ClientFault::kConnect || error.fault == http::ClientFault::kTls) {
      is_away(why);
      return;
    }
    is_back();
    try_again(item, error.fault == http::ClientFault::kTimeout ? "no answer within 10 s"
                                                               : "no usable answer (" + why + ")");
    return;
  }
  is_back();
  const int status = result.value().status;
  if (status / 100 != 2) {
    try_again(item, "answered " + std::to_string(status));
    return;
  }
  ++delivered_;
  tell(item->webhook, "answered " + std::to_string(status) + " in " + in_ms(Steady::now() - began) +
                          (item->tries > 0 ? ", try " + std::to_string(item->tries + 1) : ""));
  leave(item);
}

void Relay::is_away(const std::string& why) {
  pause_ = is_away_ ? std::min<milliseconds>(pause_ * 2, kLongestPause) : kFirstPause;
  back_at_ = Steady::now() + pause_;
  if (is_away_) return;
  is_away_ = true;
  const std::string waiting = std::to_string(waiting_.size()) +
                              (waiting_.size() == 1 ? " webhook waits" : " webhooks wait");
  say_(upstream_->options().base_url + " is not reached: " + waiting + " until it is (" + why +
       ")");
}

void Relay::is_back() {
  if (is_away_) say_(upstream_->options().base_url + " is reached again");
  is_away_ = false;
}

void Relay::try_again(const Item& item, const std::string& why) {
  ++item->tries;
  if (item->tries >= kTries) {
    tell(item->webhook, why + ", given up after " + std::to_string(kTries) + " tries");
    leave(item);
    return;
  }
  const auto pause = 1s * (1 << (item->tries - 1));
  item->next_at = Steady::now() + pause;
  tell(item->webhook, why + ", again in " + std::to_string(pause.count()) + " s (try " +
                          std::to_string(item->tries) + " of " + std::to_string(kTries) + ")");
}

void Relay::leave(const Item& item) {
  waiting_bytes_ -= item->webhook.body.size();
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), item));
}

void Relay::tell(const core::RecordedWebhook& webhook, const std::string& words) const {
  say_(padded(clip(plain(webhook.said), kSaidColumns), 16) + "  " +
       padded(clip(plain(webhook.payment_id), kIdColumns), 12) + "  " + words +
       (webhook.is_made && webhook.api == core::Api::kV2 ? " (made: PortOne recorded none)" : ""));
}

}  // namespace reconciled::commands
