#include "daemon/alert/heartbeat.h"

#include <algorithm>
#include <array>

#include "daemon/runtime/log.h"

namespace reconciled::alert {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 10s;
constexpr std::size_t kMostBytes = 64 * 1024;
constexpr const char* kBeatKey = "heartbeat_ms";
constexpr std::array<std::string_view, 7> kStopping{"portone_unauthorized",
                                                    "portone_unreachable",
                                                    "sweep_failing",
                                                    "database",
                                                    "disk_low",
                                                    "inbox_lag",
                                                    "file_damaged"};

}  // namespace

void Heartbeat::set_url(const std::string& url) {
  if (url == url_) return;
  url_ = url;
  upstream_.reset();
  next_.reset();
  if (url.empty()) return;
  const std::size_t path = std::min(url.find_first_of("/?", url.find("://") + 3), url.size());
  target_ = url.substr(path);
  if (!target_.starts_with('/')) target_ = "/" + target_;
  http::ClientOptions options;
  options.base_url = url.substr(0, path);
  options.connect_timeout = kDeadline;
  options.read_timeout = kDeadline;
  options.total_deadline = kDeadline;
  options.max_response_bytes = kMostBytes;
  upstream_ = std::make_shared<const http::Upstream>(std::move(options));
}

bool Heartbeat::is_well() const {
  const std::vector<Warning> standing = uses_.warnings.standing();
  const bool is_warned = std::any_of(standing.begin(), standing.end(), [](const Warning& warning) {
    return std::find(kStopping.begin(), kStopping.end(), to_word(warning.kind)) != kStopping.end();
  });
  return !is_warned && uses_.faults().empty();
}

void Heartbeat::run_once(core::Time paced) {
  if (!is_on()) return;
  if (!is_well()) {
    next_.reset();
    return;
  }
  if (!next_) next_ = paced + every_;
  if (paced < *next_) return;
  next_ = paced + every_;
  beat(paced);
}

void Heartbeat::beat(core::Time paced) {
  if (is_writing_) return;
  is_writing_ = true;
  uses_.writer.put(kBeatKey, std::to_string(core::to_ms(paced)), [this](const auto& outcome) {
    uses_.loop.post([this, is_written = outcome.ok()] {
      is_writing_ = false;
      if (is_written && is_well()) ask();
    });
  });
}

void Heartbeat::ask() {
  if (!is_on()) return;
  uses_.loop.send(upstream_, {.method = "GET", .target = target_},
                  [this](const http::ClientResult& result) { heard(result); });
}

void Heartbeat::heard(const http::ClientResult& result) {
  const bool is_good = result.ok() && result.value().status / 100 == 2;
  if (is_good == is_heard_) return;
  is_heard_ = is_good;
  if (is_good) {
    log_info("the heartbeat is heard again");
    return;
  }
  const std::string outcome =
      result.ok() ? std::to_string(result.value().status)
                  : std::string(to_word(result.error().fault)) + ": " + result.error().detail;
  log_warn("the heartbeat is not heard", {{"key", "alert.heartbeat_url"}, {"outcome", outcome}});
}

}  // namespace reconciled::alert
