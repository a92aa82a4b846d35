// `reconciled backfill`: has the running daemon walk PortOne's lists, and shows how far it is.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/json.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kPatience = 15s;
constexpr auto kPause = 300ms;
constexpr auto kBetweenLines = 60s;  // where nobody's terminal is
constexpr auto kAwayPatience = 120s;
constexpr int kBarWidth = 30;

volatile std::sig_atomic_t wants_end = 0;

std::int64_t number_at(const json& state, const char* name) {
  return core::integer_member(state, name).value_or(0);
}

std::string text_at(const json& state, const char* name) {
  return plain(core::text_member(state, name).value_or(""));
}

std::string rows(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

class Progress {
 public:
  Progress() : is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

  void show(const json& state) {
    const std::int64_t percent = std::clamp<std::int64_t>(number_at(state, "percent"), 0, 100);
    const std::string trouble = text_at(state, "trouble");
    std::string words = rows(number_at(state, "listed")) + " read, " +
                        std::to_string(number_at(state, "found")) + " with news" +
                        (trouble.empty() ? "" : "; " + trouble);
    const auto now = std::chrono::steady_clock::now();
    if (is_terminal_) {
      const auto done = static_cast<std::size_t>(percent * kBarWidth / 100);
      const std::string bar =
          std::string(done, '#') + std::string(static_cast<std::size_t>(kBarWidth) - done, '.');
      std::printf("\r\033[K[%s] %3lld %%  %s", bar.c_str(), static_cast<long long>(percent),
                  clip(words, kColumns - kBarWidth - 12).c_str());
      is_open_ = true;
    } else if (trouble != trouble_ || percent >= last_ + 10 || now >= next_line_) {
      std::printf("%lld %%, %s\n", static_cast<long long>(percent), words.c_str());
      last_ = percent - percent % 10;
      next_line_ = now + kBetweenLines;
      trouble_ = trouble;
    }
    std::fflush(stdout);
  }
  // What follows stands on a line of its own.
  void close() {
    if (std::exchange(is_open_, false)) std::printf("\n");
    std::fflush(stdout);
  }

 private:
  const bool is_terminal_;
  bool is_open_ = false;
  std::int64_t last_ = 0;
  std::string trouble_;
  std::chrono::steady_clock::time_point next_line_ = std::chrono::steady_clock::now() + 2s;
};

void print_odd_rows(const json& state) {
  const std::int64_t count = number_at(state, "unreadable");
  if (count == 0) return;
  std::printf("%s could not be read and were left out; look at them in PortOne's console:\n",
              rows(count).c_str());
  const json* const named = core::member(state, "unreadable_rows");
  if (named == nullptr || !named->is_array()) return;
  for (const json& one : *named) {
    if (one.is_string()) std::printf("  %s\n", plain(one.get<std::string>()).c_str());
  }
}

int say_end(const json& state) {
  const std::string days = text_at(state, "from") + " to " + text_at(state, "to");
  const std::string words = text_at(state, "state");
  if (words == "done") {
    std::printf("%s: %s of PortOne's lists read; PortOne is asked about %lld that told something new\n",
                days.c_str(), rows(number_at(state, "listed")).c_str(),
                static_cast<long long>(number_at(state, "found")));
    print_odd_rows(state);
    return kDone;
  }
  std::printf("%s: stopped at %lld %%; the same command goes on there\n", days.c_str(),
              static_cast<long long>(number_at(state, "percent")));
  return kFailed;
}

int refuse(const http::ClientResponse& refusal) {
  std::fprintf(stderr, "reconciled: %s\n", words_of(refusal).c_str());
  return refusal.status == 400 ? kUsage : kFailed;
}

// Until it is done or stopped. A daemon that restarts goes on by itself, and is waited for.
int follow(AdminClient& client, Progress& progress) {
  auto last_answer = std::chrono::steady_clock::now();
  for (;;) {
    const bool is_to_end = wants_end != 0;
    const auto answer = client.send(is_to_end ? "DELETE" : "GET", "/backfill", is_to_end ? "{}" : "");
    if (!answer.ok()) {
      const bool is_gone = std::chrono::steady_clock::now() - last_answer > kAwayPatience;
      if (is_gone || is_to_end) {
        progress.close();
        std::fprintf(stderr, "reconciled: %s\nIt goes on where it was when the daemon is back.\n",
                     answer.error().c_str());
        return kFailed;
      }
      std::this_thread::sleep_for(1s);
      continue;
    }
    last_answer = std::chrono::steady_clock::now();
    // Ctrl-C came when it had just ended.
    const bool is_over = is_to_end && answer.value().status == 404;
    if (is_over) wants_end = 0;
    if (is_over) continue;
    const auto state = core::parse_json(answer.value().body);
    if (answer.value().status != 200 || !state.ok()) {
      progress.close();
      return refuse(answer.value());
    }
    if (text_at(state.value(), "state") != "running") {
      progress.close();
      return say_end(state.value());
    }
    progress.show(state.value());
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

int backfill(const core::Config& config, const BackfillOptions& options) {
  AdminClient client(config.admin, kPatience);
  const auto begun = client.send(
      "POST", "/backfill",
      core::write_json({{"from", options.from}, {"to", options.to}, {"notify", options.notify}}));
  if (!begun.ok()) {
    std::fprintf(stderr, "reconciled: %s\n", begun.error().c_str());
    return kFailed;
  }
  if (begun.value().status != 202) return refuse(begun.value());
  struct sigaction end {};
  end.sa_handler = [](int) { wants_end = 1; };
  ::sigaction(SIGINT, &end, nullptr);
  Progress progress;
  return follow(client, progress);
}

}  // namespace reconciled::commands
