// Hostile peers at the real daemon: whatever they send, they are told what they should be, an
// honest webhook on another connection is acknowledged as fast as ever, memory stays small, and
// nothing of theirs is stored as an event unless it is one.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "tests/e2e/hostile_client.h"
#include "tests/e2e/hostile_probes.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr double kHonestMs = kSanitized ? 2'000 : 100;
// One call may meet a busy machine; a daemon that is held up is slow every time.
constexpr int kHonestTries = 100;
// Plain builds only.
constexpr double kResidentMb = 48;
constexpr double kResidentManyMb = 80;     // with kMany connections
constexpr double kResidentBodiesMb = 112;  // with kManyBodies: 32 MB of them, at most twice
constexpr std::size_t kMany = 10'000;
constexpr std::size_t kManyBodies = 1'000;
constexpr std::size_t kDescriptorsKept = 500;  // of the limit, for all else
constexpr std::chrono::milliseconds kHeadDeadline{10'000};
constexpr std::chrono::milliseconds kBodyDeadline{20'000};
constexpr std::chrono::milliseconds kSlack{10'000};

double milliseconds_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

std::string all_of(const std::vector<int>& statuses) {
  std::string words;
  for (const int status : statuses) words += (words.empty() ? "" : " ") + std::to_string(status);
  return words.empty() ? "closed" : words;
}

std::string short_of(const std::vector<int>& statuses) {
  return statuses.size() > 4 ? std::to_string(statuses.size()) + " answers" : all_of(statuses);
}

// The daemon, its honest client, and the table of what was seen.
class Siege {
 public:
  Siege() : rig_(quiet()) {
    rig_.daemon.register_order("honest");
    attempt_ = rig_.portone.make(
        {{"payment_id", "honest"}, {"version", "v2"}, {"status", "paid"}, {"webhook", false}});
  }

  [[nodiscard]] Rig& rig() { return rig_; }
  [[nodiscard]] const Endpoint& at(Door door) const {
    if (door == Door::kWebhook) return rig_.daemon.webhook();
    return door == Door::kRedirect ? rig_.daemon.redirect() : rig_.daemon.admin();
  }

  void run(const Probe& probe) {
    CAPTURE(probe.name);
    const int before = foreign_events();
    const std::string heard = talk(at(probe.door), probe.bytes, probe.finishes);
    const auto statuses = statuses_of(heard);
    CHECK(all_of(statuses) == all_of(probe.statuses));
    CHECK(heard.find("\r\nX-Injected") == std::string::npos);
    CHECK(heard.find("EXCEPTION_WHAT") == std::string::npos);
    CHECK(foreign_events() - before == probe.stored);
    if (!probe.sql.empty()) CHECK(rig_.daemon.sqlite(probe.sql) == probe.row);
    note(probe.name, short_of(statuses));
  }

  // The honest client and the daemon's memory, now.
  void note(const std::string& name, const std::string& answer, double most_mb = kResidentMb) {
    const double honest_ms = ask_honestly();
    const double mb = rig_.daemon.resident_mb();
    CHECK(honest_ms <= kHonestMs);
    if (!kSanitized) CHECK(mb <= most_mb);
    std::ostringstream line;
    line << std::left << std::setw(44) << name << std::setw(13) << answer << std::right
         << std::fixed << std::setprecision(1) << std::setw(8) << honest_ms << std::setw(8) << mb;
    lines_.push_back(line.str());
  }

  [[nodiscard]] std::size_t connections() const { return connections_at(rig_.daemon.webhook()); }

  [[nodiscard]] int foreign_events() {
    return std::stoi(
        rig_.daemon.sqlite("SELECT count(*) FROM event WHERE payment_id IS NOT 'honest'"));
  }

  void print() const {
    std::cout << std::left << std::setw(44) << "probe" << std::setw(13) << "answer"
              << "honest ms  RSS MB\n";
    for (const auto& line : lines_) std::cout << line << '\n';
  }

 private:
  static Settings quiet() {
    Settings settings;
    settings.log_level = "info";
    return settings;
  }

  // How long an acknowledgement took, the best of some tries.
  double ask_honestly() {
    double best = 1e9;
    for (int i = 0; i < kHonestTries && best > kHonestMs; ++i) {
      const Call webhook = paid_webhook(attempt_, {"msg_honest_" + std::to_string(++honest_)});
      const auto began = Clock::now();
      rig_.acknowledged(webhook);
      best = std::min(best, milliseconds_since(began));
    }
    return best;
  }

  Rig rig_;
  Json attempt_;
  int honest_ = 0;
  std::vector<std::string> lines_;
};

// A peer that only a deadline of the edge gets rid of.
struct SlowProbe {
  std::string name;
  std::function<std::string()> run;  // what it heard
  std::vector<int> statuses;
  std::chrono::milliseconds deadline;
};

struct SlowEnd {
  std::vector<int> statuses;
  double took_ms = 0;
};

std::vector<SlowProbe> slow_probes(const Endpoint& webhook) {
  const auto dripping = [webhook](const std::string& first, const std::string& drops) {
    return [=] { return drip(webhook, first, drops); };
  };
  const std::string head = "POST /webhooks/portone HTTP/1.1\r\nHost: a\r\n";
  const std::string get = "GET /webhooks/portone HTTP/1.1\r\nHost: a\r\n\r\n";
  return {
      {"slow head", dripping("", head + "X-Slow: " + times(500, "a")), {408}, kHeadDeadline},
      {"slow head behind a request", dripping(get, head), {405, 408}, kHeadDeadline},
      {"half a head, then nothing", dripping(head, ""), {408}, kHeadDeadline},
      {"idle", dripping("", ""), {}, kHeadDeadline},
      {"slow body", dripping(head + "Content-Length: 60000\r\n\r\n", "{"), {408}, kBodyDeadline},
      {"slow chunks",
       dripping(head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n{\r\n"),
       {408},
       kBodyDeadline},
      {"half a body, then nothing",
       dripping(head + "Content-Length: 60000\r\n\r\n" + times(59'999, " "), ""),
       {408},
       kBodyDeadline},
      {"answers left unread",
       [webhook, get]() -> std::string {
         send_unread(webhook, times(500, get));
         return {};
       },
       {},
       kBodyDeadline},
  };
}

// Opens so many, sends each one of these beginnings, and leaves them open for a while.
void hold(Siege& siege, const std::string& name, std::size_t count,
          const std::vector<std::string>& beginnings, double most_mb) {
  CAPTURE(name);
  const int before = siege.foreign_events();
  std::vector<reconciled::test::RawSocket> sockets;
  sockets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    sockets.push_back(connect_from(kStranger, siege.at(Door::kWebhook)));
    sockets.back().send_if_open(beginnings[i % beginnings.size()]);
  }
  const std::string label = std::to_string(count) + " " + name;
  siege.note(label, "open", most_mb);
  for (auto& socket : sockets) socket.reset();
  // The slow ones are still there.
  wait_until("they are forgotten", [&] { return siege.connections() < 20; });
  siege.note(label + ", reset", "gone", most_mb);
  CHECK(siege.foreign_events() == before);
}

void hold_many(Siege& siege, std::size_t limit) {
  const std::string head = "POST /webhooks/portone HTTP/1.1\r\nHost: a\r\n";
  const std::string sized = head + "Content-Length: 60000\r\n\r\n";
  const std::size_t most = limit - std::min(limit, kDescriptorsKept);
  hold(siege, "connections", std::min(kMany, most), {"", head, sized + times(1'000, " ")},
       kResidentManyMb);
  hold(siege, "unfinished bodies", std::min(kManyBodies, most), {sized + times(59'999, " ")},
       kResidentBodiesMb);
}

}  // namespace

TEST_CASE("hostile: no peer costs an honest one its answer, or the daemon its memory") {
  const std::size_t limit = raise_descriptor_limit();
  Siege siege;
  siege.note("none", "");

  const auto slow = slow_probes(siege.at(Door::kWebhook));
  std::vector<std::future<SlowEnd>> ends;
  for (const auto& probe : slow) {
    ends.push_back(std::async(std::launch::async, [run = probe.run] {
      const auto began = Clock::now();
      const std::string heard = run();
      return SlowEnd{statuses_of(heard), milliseconds_since(began)};
    }));
  }

  for (const auto& make : {framing_probes, line_probes, head_probes, size_probes, chunk_probes,
                           json_probes, body_probes, identity_probes, sequence_probes}) {
    for (const Probe& probe : make()) siege.run(probe);
  }
  hold_many(siege, limit);

  const int before = siege.foreign_events();
  for (std::size_t i = 0; i < slow.size(); ++i) {
    CAPTURE(slow[i].name);
    const SlowEnd end = ends[i].get();
    CHECK(all_of(end.statuses) == all_of(slow[i].statuses));
    CHECK(end.took_ms >= static_cast<double>(slow[i].deadline.count()));
    CHECK(end.took_ms <= static_cast<double>((slow[i].deadline + kSlack).count()));
    siege.note(slow[i].name + ", " + std::to_string(static_cast<int>(end.took_ms)) + " ms",
               short_of(end.statuses), kResidentBodiesMb);
  }
  CHECK(siege.foreign_events() == before);

  CHECK(
      siege.rig()
          .daemon
          .wait_for("honest", [](const Json& payment) { return payment.at("deliverable") == true; })
          .at("authority") == "webhook");
  CHECK(siege.rig().daemon.process().is_running());
  siege.print();
  wait_until("no connection is left", [&] { return siege.connections() == 0; });
}
