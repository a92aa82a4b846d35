// `reconciled status`: what stands now, for who is woken at night. Warnings first.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/terminal.h"
#include "daemon/runtime/clock.h"

namespace reconciled::commands {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr int kLabel = 16;

void line(const std::string& label, const std::string& text) {
  std::string shown = label;
  for (const std::string& part : wrap(plain(text), kColumns - kLabel - 1)) {
    std::printf("%-*s %s\n", kLabel, shown.c_str(), part.c_str());
    shown.clear();
  }
}

// A member's value as text; `otherwise` where it is not there. Daemons of another version are
// asked, too.
std::string text_at(const Json& json, const char* name, const std::string& otherwise = "-") {
  if (!json.is_object() || !json.contains(name)) return otherwise;
  const Json& value = json[name];
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return otherwise;
}

Json at(const Json& json, const char* name) {
  return json.is_object() && json.contains(name) ? json[name] : Json();
}

// `12:00:01 (3 min ago)`.
std::string ago(const LocalTime& local, const std::string& rfc3339, core::Time now) {
  const auto time = core::parse_rfc3339(rfc3339);
  if (!time) return "none yet";
  return local.text(rfc3339) + " (" + rough_duration(now - core::to_time(*time)) + " ago)";
}

// `paid 3, failed 1`: what is not 0.
std::string counts(const Json& json) {
  std::string text;
  if (!json.is_object()) return "none";
  for (const auto& [name, count] : json.items()) {
    if (!count.is_number_integer() || count == 0) continue;
    text += (text.empty() ? "" : ", ") + name + " " + count.dump();
  }
  return text.empty() ? "none" : text;
}

// One line a warning; how many.
std::size_t print_warnings(const Json& stats, const Json& reasons, const LocalTime& local) {
  std::size_t number = 0;
  for (const Json& reason : reasons) {
    if (!reason.is_string()) continue;
    line("NOT READY", reason.get<std::string>());
    ++number;
  }
  for (const Json& warning : at(stats, "warnings")) {
    const std::string about = text_at(warning, "about", "");
    line("WARNING", text_at(warning, "kind") + (about.empty() ? "" : " (" + about + ")") +
                        ", since " + local.text(text_at(warning, "since")) + ": " +
                        text_at(warning, "detail"));
    ++number;
  }
  return number;
}

void print_apis(const Json& stats, const LocalTime& local, core::Time now) {
  const Json apis = at(stats, "apis");
  if (!apis.is_object()) return;
  for (const auto& [api, seen] : apis.items()) {
    line("PortOne " + api, "last webhook " + ago(local, text_at(seen, "last_webhook_at", ""), now) +
                               ", last sweep " +
                               ago(local, text_at(seen, "last_sweep_at", ""), now));
  }
}

void print_stats(const Json& stats, const LocalTime& local, core::Time now) {
  const Json inbox = at(stats, "inbox");
  const Json oldest = at(inbox, "oldest_ms");
  std::string waiting = text_at(inbox, "depth", "0") + " stored and not yet decided";
  if (oldest.is_number_integer() && oldest > 0) {
    waiting +=
        ", the oldest for " + rough_duration(std::chrono::milliseconds(oldest.get<std::int64_t>()));
  }
  line("inbox", waiting);
  const Json lookups = at(stats, "lookups");
  line("look-ups", text_at(lookups, "planned") + " planned, " + text_at(lookups, "waiting") +
                       " due now, " + text_at(lookups, "failing") + " tried in vain");
  const Json messages = at(stats, "notifications");
  const std::string failing = text_at(messages, "failing_since");
  line("messages", text_at(messages, "waiting") + " to your backend wait, " +
                       text_at(messages, "parked") + " given up" +
                       (text_at(messages, "paused") == "true" ? ", PAUSED" : "") +
                       (failing == "-" ? "" : ", failing since " + ago(local, failing, now)));
  line("write queue", text_at(stats, "write_queue"));
  print_apis(stats, local, now);
  line("payments", counts(at(stats, "payments")));
  line("open findings", counts(at(stats, "open_findings")));
}

// Nothing is wrong with the whole.
void print_calm(const Json& stats, const std::string& time) {
  std::int64_t open = 0;
  const Json findings = at(stats, "open_findings");
  if (findings.is_object()) {
    for (const auto& [kind, count] : findings.items()) {
      if (count.is_number_integer()) open += count.get<std::int64_t>();
    }
  }
  if (open == 0) {
    line("all is well", "no warning, at " + time);
  } else {
    line("no warning", "at " + time + ", and " + std::to_string(open) +
                           (open == 1 ? " finding is open" : " findings are open") +
                           ": `reconciled findings` tells which, and what to do");
  }
}

}  // namespace

int status(const core::Config& config, bool json) {
  AdminClient client(config.admin, 5s);
  const auto answer = client.send("GET", "/stats");
  if (!answer.ok() || answer.value().status != 200) {
    const std::string why = answer.ok() ? words_of(answer.value()) : answer.error();
    std::fprintf(stderr, "reconciled: %s\n", why.c_str());
    return kFailed;
  }
  const Json stats = Json::parse(answer.value().body, nullptr, false);
  const auto ready = client.send("GET", "/readyz");
  Json reasons = Json::array();
  if (ready.ok() && ready.value().status != 200) {
    reasons = at(Json::parse(ready.value().body, nullptr, false), "reasons");
    if (!reasons.is_array() || reasons.empty()) reasons = {words_of(ready.value())};
  }
  const Json warnings = at(stats, "warnings");
  if (json) {
    std::fputs(answer.value().body.c_str(), stdout);
    return reasons.empty() && warnings.empty() ? kDone : kFailed;
  }
  const LocalTime local(config.timezone);
  const core::Time now = SystemClock{}.now();
  const std::size_t wrong = print_warnings(stats, reasons, local);
  if (wrong == 0) print_calm(stats, local.text(now) + " " + local.zone());
  print_stats(stats, local, now);
  return wrong == 0 ? kDone : kFailed;
}

}  // namespace reconciled::commands
