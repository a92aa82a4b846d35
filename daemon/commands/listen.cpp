// `reconciled listen`: the webhooks of the test channel, out of PortOne's own lists, at a URL of
// the developer's, until Ctrl-C. No tunnel, no daemon, no file.
//
// One thread: a loop that asks each API every two seconds and delivers what is new.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <deque>
#include <set>
#include <stdexcept>

#include "daemon/commands/commands.h"
#include "daemon/commands/known_webhooks.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/relay.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/config/config_values.h"
#include "daemon/core/messages/signature.h"
#include "daemon/portone/test_channel.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Steady = Relay::Steady;

// How soon Ctrl-C is seen.
constexpr milliseconds kTurn = 100ms;
constexpr milliseconds kPollEvery = 2s;
constexpr milliseconds kLongestPause = 30s;
constexpr milliseconds kMaxSince = 24h * 30;
// PortOne lists payments by their last change. Of those that changed so long ago at least, webhooks
// that come later are seen.
constexpr milliseconds kShortestWindow = 1h;
// PortOne's clock may be behind ours: what appears with a time before the start is new all the
// same.
constexpr milliseconds kClockSlack = 5min;
constexpr std::size_t kMaxTold = 1'000;

std::atomic<bool> has_ended{false};

std::string make_secret() {
  std::array<char, 32> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    throw std::runtime_error("no randomness to be had");
  }
  std::string text = core::to_base64url({bytes.data(), bytes.size()});
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return "whsec_" + text + "=";
}

std::string name_of(core::Api api) { return api == core::Api::kV1 ? "PortOne V1" : "PortOne V2"; }

class Listener {
 public:
  Listener(const core::Config& config, const std::string& to, milliseconds since)
      : local_(config.timezone),
        window_(std::max(since, kShortestWindow)),
        begin_(std::chrono::floor<std::chrono::seconds>(clock_.now() - since)),
        secret_(make_secret()),
        channel_(config, loop_, clock_),
        relay_(loop_, to, secret_, [this](const std::string& line) { say(line); }),
        known_(window_ + kClockSlack) {
    if (config.v1) polls_.push_back({core::Api::kV1, config.v1->base_url});
    if (config.v2) polls_.push_back({core::Api::kV2, config.v2->base_url});
  }

  void introduce(const std::string& to) const;
  int run();

 private:
  struct Poll {
    core::Api api;
    std::string base_url;
    bool is_asking = false;
    bool is_first = true;  // nothing was read yet
    bool is_silent = false;
    Steady::time_point next_at{};
    milliseconds pause = kPollEvery;  // behind the next failure
  };
  using Reading = portone::Asked<portone::WebhookReading>;

  void say(const std::string& line) const;
  void say_once(const std::string& line);
  void ask(Poll& poll);
  void take(Poll& poll, core::Time from, Reading reading);
  void fail(Poll& poll, const portone::LookupFault& fault);
  void take_webhooks(core::Time from, bool is_first, portone::WebhookReading& reading);

  SystemClock clock_;
  LocalTime local_;
  const milliseconds window_;
  const core::Time begin_;
  const std::string secret_;
  http::ClientLoop loop_;
  portone::TestChannel channel_;
  Relay relay_;
  KnownWebhooks known_;
  std::deque<Poll> polls_;  // tasks hold on to them
  std::set<std::string> told_;
  int status_ = kDone;
};

void Listener::say(const std::string& line) const {
  const std::string time = local_.text(clock_.wall()).substr(11);
  std::printf("%s  %s\n", time.c_str(), clip(line, kColumns - 10).c_str());
  // Whoever closes our output is done.
  if (std::fflush(stdout) != 0) has_ended = true;
}

void Listener::say_once(const std::string& line) {
  if (told_.size() < kMaxTold && told_.insert(line).second) say(line);
}

void Listener::introduce(const std::string& to) const {
  for (const Poll& poll : polls_) {
    std::printf("Webhooks of %s's test channel, from its own record (%s)\n",
                name_of(poll.api).c_str(), plain(poll.base_url).c_str());
  }
  std::printf("go to %s: those since %s, and what comes. Ctrl-C ends.\n", plain(to).c_str(),
              local_.text(begin_).c_str());
  if (polls_.back().api == core::Api::kV2) {
    std::printf("V2 signs with this webhook secret, made for this run:\n\n  %s\n\n",
                secret_.c_str());
  }
  if (std::fflush(stdout) != 0) has_ended = true;
}

void Listener::ask(Poll& poll) {
  poll.is_asking = true;
  const core::Time from = std::max(begin_ - kClockSlack, clock_.now() - window_);
  portone::start(channel_.read(poll.api, from), [this, &poll, from](Reading reading) {
    poll.is_asking = false;
    if (!loop_.is_aborted()) take(poll, from, std::move(reading));
  });
}

void Listener::take(Poll& poll, core::Time from, Reading reading) {
  if (!reading.ok()) {
    fail(poll, reading.error());
  } else {
    if (poll.is_silent) say(name_of(poll.api) + " answers again");
    poll.is_silent = false;
    poll.pause = kPollEvery;
    take_webhooks(from, poll.is_first, reading.value());
    poll.is_first = false;
    poll.next_at = Steady::now() + kPollEvery;
  }
}

void Listener::fail(Poll& poll, const portone::LookupFault& fault) {
  const std::string why = clip(plain(fault.detail), 60);
  if (poll.is_first && fault.outcome == LookupOutcome::kUnauthorized) {
    std::fprintf(stderr,
                 "reconciled: %s refuses what the configuration says (%s): `reconciled check "
                 "--online` tells more\n",
                 name_of(poll.api).c_str(), why.c_str());
    status_ = kFailed;
    has_ended = true;
    return;
  }
  if (!poll.is_silent) say(name_of(poll.api) + " gives no answer (" + why + "): asked again");
  poll.is_silent = true;
  poll.next_at = Steady::now() + std::max(poll.pause, fault.retry_after.value_or(0ms));
  poll.pause = std::min(poll.pause * 2, kLongestPause);
}

void Listener::take_webhooks(core::Time from, bool is_first, portone::WebhookReading& reading) {
  const Steady::time_point now = Steady::now();
  const core::Time oldest = is_first ? begin_ : from;
  for (const core::UnreadableRow& row : reading.unreadable) {
    say_once("left out: " + plain(row.id) + ", " + plain(row.reason));
  }
  if (reading.is_cut) say_once("more payments than are looked at: try a shorter --since");
  for (core::RecordedWebhook& webhook : reading.webhooks) {
    const bool is_old = core::to_time(webhook.at) < oldest;
    if (is_old && is_first) known_.add(webhook, now);
    if (is_old || !known_.is_due(webhook, now)) continue;
    // The rest is listed again.
    if (!relay_.take(webhook)) break;
    known_.add(webhook, now);
  }
  known_.forget(now);
}

int Listener::run() {
  while (!has_ended) {
    const Steady::time_point now = Steady::now();
    for (Poll& poll : polls_) {
      if (!poll.is_asking && now >= poll.next_at) ask(poll);
    }
    relay_.run(now);
    loop_.run_once(kTurn);
  }
  // Ends what is under way: nothing of it may outlive what it belongs to.
  loop_.abort();
  const auto is_asking = [](const Poll& poll) { return poll.is_asking; };
  while (std::any_of(polls_.begin(), polls_.end(), is_asking)) loop_.run_once(kTurn);
  std::printf("%llu delivered, %zu not yet\n", static_cast<unsigned long long>(relay_.delivered()),
              relay_.waiting());
  return status_;
}

}  // namespace

int listen(const core::Config& config, const ListenOptions& options) {
  const auto since = core::parse_duration(options.since);
  if (!since || *since > kMaxSince) {
    std::fprintf(stderr, "reconciled: --since wants a duration as 30m or 2h, 720h at most\n");
    return kUsage;
  }
  if (config.channel == core::Channel::kLive) {
    std::fprintf(
        stderr,
        "reconciled: portone.channel is \"live\": listen delivers the webhooks of the test "
        "channel alone, so that nobody ships for real what a developer tries; set it to "
        "\"test\" in a configuration of your own\n");
    return kFailed;
  }
  std::optional<Listener> listener;
  try {
    listener.emplace(config, options.to, *since);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "reconciled: --to wants http(s)://host[:port]/path: %s\n",
                 plain(error.what()).c_str());
    return kUsage;
  }
  // Behind the client, which ignores SIGPIPE. Not restarted: a write to a pipe that nobody reads
  // ends, too.
  struct sigaction end {};
  end.sa_handler = [](int) { has_ended = true; };
  ::sigaction(SIGINT, &end, nullptr);
  ::sigaction(SIGTERM, &end, nullptr);
  listener->introduce(options.to);
  return listener->run();
}

}  // namespace reconciled::commands
