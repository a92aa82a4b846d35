#include "daemon/portone/test_channel.h"

#include <algorithm>
#include <iterator>

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

// PortOne's clock may be this far from ours before it is told apart (AccessWatch).
constexpr auto kClockSlack = 2min;
constexpr auto kPatience = 20s;
constexpr int kMostAtOnce = 2;

http::ClientOptions options_for(const std::string& base_url) {
  return {.base_url = base_url, .read_timeout = kPatience, .total_deadline = kPatience};
}

}  // namespace

TestChannel::TestChannel(const core::Config& config, http::ClientLoop& loop, const Clock& clock)
    : clock_(clock),
      metrics_(""),
      warnings_(clock, metrics_),
      watch_(warnings_),
      v1_limit_(kMostAtOnce),
      v2_limit_(kMostAtOnce) {
  if (config.v1) {
    v1_calls_.emplace(core::Api::kV1, options_for(config.v1->base_url), loop, watch_, v1_limit_,
                      clock_);
    v1_.emplace(*config.v1, *v1_calls_, watch_, true);
  }
  if (config.v2) {
    v2_calls_.emplace(core::Api::kV2, options_for(config.v2->base_url), loop, watch_, v2_limit_,
                      clock_);
    v2_.emplace(*config.v2, *v2_calls_, false);
  }
}

Task<Asked<core::WebhookPage>> TestChannel::page(core::Api api, core::Time from, core::Time until,
                                                 int number) {
  if (api == core::Api::kV1) co_return co_await v1_->webhooks(from, until, number);
  co_return co_await v2_->webhooks(from, until, number);
}

Task<Asked<WebhookReading>> TestChannel::read(core::Api api, core::Time since) {
  const std::chrono::milliseconds ahead = watch_.ahead(api);
  const core::Time from = since + ahead - kClockSlack;
  const core::Time until = clock_.now() + ahead;
  const std::size_t page_size =
      api == core::Api::kV1 ? V1Client::kWebhookPageSize : V2Client::kWebhookPageSize;
  WebhookReading reading;
  reading.is_cut = true;
  std::size_t bytes = 0;
  for (int number = 0; number < kMaxPages; ++number) {
    if (bytes > kMaxBytes || reading.webhooks.size() > kMaxWebhooks) break;
    Asked<core::WebhookPage> listed = co_await page(api, from, until, number);
    if (!listed.ok()) co_return listed.error();
    core::WebhookPage& read = listed.value();
    const auto is_told_by_v1 = [&](const core::RecordedWebhook& webhook) {
      return api == core::Api::kV2 && webhook.api == core::Api::kV1 && v1_;
    };
    std::erase_if(read.webhooks, is_told_by_v1);
    for (const core::RecordedWebhook& webhook : read.webhooks) bytes += webhook.body.size();
    reading.webhooks.insert(reading.webhooks.begin(),
                            std::make_move_iterator(read.webhooks.begin()),
                            std::make_move_iterator(read.webhooks.end()));
    std::move(read.unreadable.begin(), read.unreadable.end(),
              std::back_inserter(reading.unreadable));
    if (read.rows < page_size || read.has_next == false) {
      reading.is_cut = false;
      break;
    }
  }
  std::stable_sort(reading.webhooks.begin(), reading.webhooks.end(),
                   [](const auto& left, const auto& right) { return left.at < right.at; });
  co_return reading;
}

}  // namespace reconciled::portone
