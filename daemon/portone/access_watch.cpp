#include "daemon/portone/access_watch.h"

namespace reconciled::portone {
namespace {

constexpr std::chrono::minutes kMinute{1};

std::size_t index_of(core::Api api) { return api == core::Api::kV1 ? 0 : 1; }

std::string table_of(core::Api api) { return "portone." + std::string(core::to_word(api)); }

}  // namespace

void AccessWatch::answered(core::Api api) {
  {
    const std::lock_guard lock(mutex_);
    silences_.at(index_of(api)) = {};
  }
  warnings_.lower(WarningKind::kPortoneUnreachable, core::to_word(api));
  warnings_.lower(WarningKind::kPortoneUnauthorized, core::to_word(api));
}

void AccessWatch::unanswered(core::Api api, const std::string& detail, SteadyTime now) {
  {
    const std::lock_guard lock(mutex_);
    Silence& silence = silences_.at(index_of(api));
    if (silence.calls++ == 0) silence.since = now;
    if (silence.calls < kCalls || now - silence.since < kPatience) return;
  }
  warnings_.raise(WarningKind::kPortoneUnreachable, core::to_word(api),
                  "PortOne gives no usable answer (" + detail + "). Check " + table_of(api) +
                      ".base_url, DNS, the firewall and a proxy in between (HTTPS_PROXY).");
}

void AccessWatch::note(core::Api api, const core::AnswerError& error, const std::string& detail) {
  switch (error.fault) {
    case core::AnswerFault::kUnauthorized:
    case core::AnswerFault::kForbidden:
      refused(api, detail);
      break;
    case core::AnswerFault::kNotFound:
      answered(api);
      break;
    case core::AnswerFault::kRefused:
      if (error.is_foreign) unanswered(api, detail);
      break;
    case core::AnswerFault::kMalformed:
    case core::AnswerFault::kRateLimited:
    case core::AnswerFault::kUnavailable:
      if (error.is_about_payment) {
        answered(api);
      } else {
        unanswered(api, detail);
      }
      break;
  }
}

void AccessWatch::told_time(core::Api api, std::string_view date, core::Time ours, SteadyTime now) {
  const std::optional<core::Time> theirs = core::parse_http_date(date);
  if (!theirs) return;
  std::chrono::milliseconds ahead = *theirs - ours;
  const std::chrono::seconds off = std::chrono::duration_cast<std::chrono::seconds>(ahead);
  const bool is_off = std::chrono::abs(off) > kMinute;
  if (!is_off) ahead = std::chrono::milliseconds(0);
  {
    const std::lock_guard lock(mutex_);
    ahead_.at(static_cast<std::size_t>(api)) = ahead;
    if (!is_off) agreed_ = Agreed{ours, now};
  }
  if (is_off) {
    const bool behind = off > std::chrono::seconds(0);
    warnings_.raise(WarningKind::kClock, core::to_word(api),
                    "This machine's clock is " + std::to_string(std::abs(off.count())) +
                        " s " + (behind ? "behind" : "ahead of") +
                        " PortOne's. Set it (NTP): from 5 minutes on webhooks are refused.");
  } else {
    warnings_.lower(WarningKind::kClock, core::to_word(api));
  }
}

std::optional<std::chrono::milliseconds> AccessWatch::set_since_agreed(core::Time ours,
                                                                       SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!agreed_) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>((ours - agreed_->ours) -
                                                               (now - agreed_->at));
}

std::chrono::milliseconds AccessWatch::ahead(core::Api api) {
  const std::lock_guard lock(mutex_);
  return ahead_.at(static_cast<std::size_t>(api));
}

void AccessWatch::refused(core::Api api, const std::string& detail) {
  const bool v1 = api == core::Api::kV1;
  warnings_.raise(WarningKind::kPortoneUnauthorized, core::to_word(api),
                  "PortOne refuses us (" + detail + "). Check " + table_of(api) +
                      (v1 ? ".imp_key, imp_secret and tier" : ".api_secret and store_id") +
                      ", and that base_url is PortOne's.");
}

}  // namespace reconciled::portone
