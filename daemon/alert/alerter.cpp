#include "daemon/alert/alerter.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "daemon/runtime/log.h"

namespace reconciled::alert {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* kToldKey = "alert_told";
constexpr milliseconds kIdle = 1s;
constexpr milliseconds kMailIdle = 20ms;
constexpr milliseconds kReadFindingsEvery = 5s;
// Reading many open findings takes its time, and at most a hundredth of all.
constexpr int kReadingShare = 100;
constexpr std::int64_t kPaymentsNamed = 3;
constexpr std::array<int, 6> kBackOff{1, 3, 6, 12, 30, 60};  // times the first
// When a URL that takes nothing is itself worth a warning.
constexpr int kFailuresToWarn = 3;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "reconciled";
  return name.data();
}

std::string place_of(std::size_t index) { return "alert.urls[" + std::to_string(index) + "]"; }

}  // namespace

Context context_of(const core::Config& config) {
  const bool is_seoul = config.timezone == "Asia/Seoul";
  return {.language = config.alert.language.value_or(is_seoul ? core::AlertLanguage::kKorean
                                                              : core::AlertLanguage::kEnglish),
          .shop = config.redirect.shop_name.empty() ? host_name() : config.redirect.shop_name,
          .is_test_channel = config.channel == core::Channel::kTest,
          .dashboard_url = config.alert.dashboard_url};
}

struct Alerter::Recipient {
  core::AlertUrl url;
  std::string place;  // in the configuration
  std::string key;
  Digest digest;
  bool is_sending = false;
  int failures = 0;  // in a row
  core::Time retry_at{};

  [[nodiscard]] Topic own_trouble() const {
    return {Topic::Sort::kWarning, std::string(to_word(WarningKind::kAlertFailing)), place};
  }
};

Alerter::Alerter(Uses uses, const Timing& timing)
    : uses_(std::move(uses)),
      timing_(timing),
      started_(uses_.clock.paced()),
      courier_(loop_),
      heartbeat_({loop_, uses_.writer, uses_.warnings, uses_.faults}, timing.beat) {}

Alerter::~Alerter() { stop(); }

void Alerter::prepare() {
  saved_ = uses_.writer.keep(kToldKey, "{}");
  kept_ = digests_from(saved_);
  take(uses_.config);
}

void Alerter::start() {
  thread_ = std::thread([this] { run(); });
}

void Alerter::stop() {
  loop_.abort();
  if (thread_.joinable()) thread_.join();
}

void Alerter::reload(const core::Config& config) {
  loop_.post([this, config] { take(config); });
}

// Those of the old URLs that stay go on as they are.
void Alerter::take(const core::Config& config) {
  context_ = context_of(config);
  heartbeat_.set_url(config.alert.heartbeat_url);
  std::vector<RecipientPtr> old = std::move(recipients_);
  recipients_.clear();
  for (const RecipientPtr& one : old) {
    uses_.warnings.lower(WarningKind::kAlertFailing, one->place);
    kept_[one->key] = kept(one->digest);
  }
  KeptDigests staying;
  for (std::size_t i = 0; i < config.alert.urls.size(); ++i) {
    const core::AlertUrl& url = config.alert.urls[i];
    const std::string key = key_of(url);
    const auto is_same = [&](const RecipientPtr& one) { return one->url == url; };
    const auto found = std::find_if(old.begin(), old.end(), is_same);
    if (found != old.end()) {
      (*found)->place = place_of(i);
      recipients_.push_back(*found);
      old.erase(found);
    } else {
      recipients_.push_back(std::make_shared<Recipient>(
          Recipient{.url = url, .place = place_of(i), .key = key, .digest = {timing_, started_}}));
      const auto known = kept_.find(key);
      if (known != kept_.end()) {
        recipients_.back()->digest.restore(known->second.entries, known->second.last_told);
      }
    }
  }
  // What a URL that is gone was told is of no use to anybody.
  for (const RecipientPtr& one : recipients_) {
    const auto known = kept_.find(one->key);
    if (known != kept_.end()) staying.insert(*known);
  }
  kept_ = std::move(staying);
  findings_at_ = {};
}

void Alerter::run() {
  pthread_setname_np(pthread_self(), "alerter");
  const milliseconds idle = std::clamp<milliseconds>(timing_.gather / 4, kMailIdle, kIdle);
  while (!loop_.is_aborted()) {
    look();
    heartbeat_.run_once(uses_.clock.paced());
    courier_.run_once();
    loop_.run_once(courier_.is_busy() ? kMailIdle : idle);
    rounds_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Alerter::look() {
  if (recipients_.empty()) return;
  const Instant at = now();
  try {
    read_findings(at.paced);
  } catch (const std::exception& error) {
    // The warnings tell people of it.
    log_error("findings cannot be read for alerts", {{"error", error.what()}});
    uses_.writer.reading_failed(error);
    reader_.reset();
    findings_at_ = at.paced + kReadFindingsEvery;
  }
  const State warnings = warnings_now();
  for (const RecipientPtr& one : recipients_) {
    State others = warnings;
    others.erase(one->own_trouble());
    one->digest.observe(others, findings_ ? &*findings_ : nullptr, at);
  }
  send_due(at);
  save();
}

State Alerter::warnings_now() const {
  State state;
  for (Warning& warning : uses_.warnings.standing()) {
    state[{Topic::Sort::kWarning, std::string(to_word(warning.kind)), std::move(warning.about)}] = {
        .since = warning.since, .detail = std::move(warning.detail)};
  }
  return state;
}

void Alerter::read_findings(core::Time paced) {
  if (findings_ && paced < findings_at_) return;
  const auto began = std::chrono::steady_clock::now();
  if (!reader_) reader_.emplace(uses_.store);
  State state;
  for (const auto& open : reader_->open_kinds(kPaymentsNamed)) {
    Standing& standing = state[{Topic::Sort::kFinding, std::string(core::to_word(open.kind)), {}}];
    standing = {.since = open.since, .count = open.count, .newest = open.newest};
    for (const core::PaymentId& id : open.payments) standing.payment_ids.push_back(id.str());
  }
  findings_ = std::move(state);
  const auto took =
      std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - began) * kReadingShare;
  findings_at_ = paced + std::max<milliseconds>(std::min(kReadFindingsEvery, timing_.gather), took);
}

void Alerter::send_due(const Instant& at) {
  for (const RecipientPtr& one : recipients_) {
    if (one->is_sending) continue;
    const Telling telling = one->digest.due(at.paced);
    if (telling.empty() || at.paced < one->retry_at) continue;
    send(one, telling, at);
  }
}

void Alerter::send(const RecipientPtr& recipient, const Telling& telling, const Instant& at) {
  recipient->is_sending = true;
  recipient->digest.tried(telling);
  courier_.send(
      recipient->url, compose(telling, context_, at.wall),
      [this, recipient, telling](const Verdict& verdict) { ended(recipient, telling, verdict); });
}

void Alerter::ended(const RecipientPtr& recipient, const Telling& telling, const Verdict& verdict) {
  Recipient& one = *recipient;
  one.is_sending = false;
  const core::Time paced = uses_.clock.paced();
  if (!verdict.is_taken) {
    failed(one, verdict, paced);
    return;
  }
  one.failures = 0;
  one.retry_at = {};
  one.digest.told(telling, paced);
  uses_.warnings.lower(WarningKind::kAlertFailing, one.place);
  log_info("people were told",
           {{"key", one.place}, {"to", one.url.label()}, {"changes", telling.size()}});
}

void Alerter::failed(Recipient& one, const Verdict& verdict, core::Time paced) {
  const auto step =
      std::min<std::size_t>(static_cast<std::size_t>(one.failures), kBackOff.size() - 1);
  one.retry_at = paced + verdict.retry_after.value_or(timing_.retry * kBackOff.at(step));
  if (one.failures++ == 0) {
    log_warn("an alert was not taken",
             {{"key", one.place}, {"to", one.url.label()}, {"outcome", verdict.outcome}});
  }
  if (one.failures < kFailuresToWarn) return;
  uses_.warnings.raise(WarningKind::kAlertFailing, one.place,
                       one.url.label() + " does not take messages to people (" + verdict.outcome +
                           "). They are tried again; `reconciled alert test` tells more.");
}

void Alerter::save() {
  if (is_saving_) return;
  KeptDigests all;
  for (const RecipientPtr& one : recipients_) all[one->key] = kept(one->digest);
  std::string text = to_text(all);
  if (text == saved_) return;
  is_saving_ = true;
  uses_.writer.put(kToldKey, text, [this, text](const auto& outcome) {
    loop_.post([this, text, is_written = outcome.ok()] {
      is_saving_ = false;
      if (is_written) saved_ = text;
    });
  });
}

}  // namespace reconciled::alert
