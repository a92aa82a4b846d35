// The table [alert]: who is told what is wrong.
#include <array>
#include <utility>

#include "daemon/core/config/config_reader.h"
#include "daemon/core/config/config_values.h"

namespace reconciled::core {
namespace {

constexpr std::size_t kMostUrls = 8;

// A reload may read no credential (kUnreadCredential): what stands in its place is no fault, and is
// not taken over either.
bool is_unread(const ConfigEntry& entry, const std::string& text, const Secrets& secrets) {
  const auto origin = secrets.origins.find(entry.key);
  return text == kUnreadCredential && origin != secrets.origins.end() &&
         origin->second == SecretOrigin::kCredential;
}

void read_urls(Section& section, AlertConfig& alert, Secrets& secrets, ConfigFaults& faults) {
  const auto entries = section.texts("urls");
  if (!entries || !secrets.needs("alert.urls")) return;
  if (entries->size() > kMostUrls) {
    section.fault("urls", "must list eight at most");
    return;
  }
  for (const ConfigEntry& entry : *entries) {
    if (entry.text.empty()) {
      faults.push_back({entry.key, "must not be empty"});
      continue;
    }
    const auto text = section.resolve(entry, SecretKind::kToken, secrets);
    if (!text || is_unread(entry, *text, secrets)) continue;
    auto url = parse_alert_url(*text);
    if (url.ok()) {
      alert.urls.push_back(std::move(url.value()));
    } else {
      faults.push_back({entry.key, url.error()});
    }
  }
}

// `text` is a URL that people or machines may be sent to.
bool is_url(std::string_view text) { return !fault_of_notify_url(text); }

}  // namespace

void read_alert(Section& section, AlertConfig& alert, Secrets& secrets, ConfigFaults& faults) {
  read_urls(section, alert, secrets, faults);
  static constexpr std::array<std::pair<std::string_view, AlertLanguage>, 2> kLanguages{
      {{"ko", AlertLanguage::kKorean}, {"en", AlertLanguage::kEnglish}}};
  AlertLanguage language = AlertLanguage::kKorean;
  const auto named = section.text("language");
  if (named && !named->empty()) {
    section.choose("language", kLanguages, language);
    alert.language = language;
  }
  alert.dashboard_url = section.text("dashboard_url").value_or("");
  if (!alert.dashboard_url.empty() && !is_url(alert.dashboard_url)) {
    section.fault("dashboard_url", "must be an http(s) URL that people can open, or empty");
  }
  alert.heartbeat_url = section.secret("heartbeat_url", SecretKind::kToken, secrets);
  const ConfigEntry heartbeat{section.key_of("heartbeat_url"), {}};
  if (is_unread(heartbeat, alert.heartbeat_url, secrets)) {
    alert.heartbeat_url.clear();
  } else if (!alert.heartbeat_url.empty() && !is_url(alert.heartbeat_url)) {
    section.fault("heartbeat_url", "must be an http(s) URL, as the monitoring service gives it");
  }
  section.finish();
}

}  // namespace reconciled::core
