// `reconciled alert test`: a message to each URL of [alert], and what each answered. By itself, as
// `check --online`: what stands in the file is tried, whether the daemon runs or not.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/alerter.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/terminal.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 40s;  // a mail has 30 s

struct Tried {
  std::string place;
  core::AlertUrl url;
  std::optional<alert::Verdict> verdict{};
};

void try_all(std::vector<Tried>& all, const alert::Message& message) {
  http::ClientLoop loop;
  alert::Courier courier(loop);
  for (Tried& one : all) {
    courier.send(one.url, message,
                 [&one](const alert::Verdict& verdict) { one.verdict = verdict; });
  }
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  const auto is_open = [](const Tried& one) { return !one.verdict; };
  while (std::any_of(all.begin(), all.end(), is_open) &&
         std::chrono::steady_clock::now() < give_up) {
    courier.run_once();
    loop.run_once(20ms);
  }
}

bool tell(const Tried& one) {
  const bool is_taken = one.verdict && one.verdict->is_taken;
  std::string line = one.place + " (" + one.url.label() + "): ";
  if (!one.verdict) {
    line += "NOT TAKEN, no answer in time";
  } else {
    line += is_taken ? "taken" : "NOT TAKEN, " + one.verdict->outcome;
    const std::string answer = plain(one.verdict->answer);
    if (!answer.empty()) line += (is_taken ? "; it answers: " : "; it says: ") + answer;
  }
  for (const std::string& part : wrap(plain(line), kColumns)) {
    std::fprintf(is_taken ? stdout : stderr, "%s\n", part.c_str());
  }
  return is_taken;
}

}  // namespace

int test_alerts(const core::Config& config) {
  set_time_zone(config.timezone);
  std::vector<Tried> all;
  for (std::size_t i = 0; i < config.alert.urls.size(); ++i) {
    all.push_back({"alert.urls[" + std::to_string(i) + "]", config.alert.urls[i]});
  }
  if (all.empty()) {
    std::fputs("reconciled: nobody is told: alert.urls is empty\n", stderr);
    return kFailed;
  }
  try_all(all, alert::test_message(alert::context_of(config), SystemClock{}.now()));
  bool is_good = true;
  for (const Tried& one : all) is_good = tell(one) && is_good;
  return is_good ? kDone : kFailed;
}

}  // namespace reconciled::commands
