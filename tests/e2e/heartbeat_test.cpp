// The heartbeat that a monitor elsewhere listens to, from a daemon whose minutes are seconds.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/e2e/people.h"
#include "tests/e2e/rig.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

Settings beating(const People& people) {
  Settings settings;
  settings.alert_lines = "heartbeat_url = \"" + people.url() + "/beat\"";
  settings.sweep_every = "1s";
  return settings;
}

Command hurried() { return {{ALTERED_DAEMON_BINARY, "--hurry"}}; }

}  // namespace

TEST_CASE(
    "heartbeat: asked while all is well, silent while PortOne is away, whatever the monitor does") {
  People people;
  people.answer_with([](const Told&) {
    std::this_thread::sleep_for(300ms);
    return 500;
  });
  Rig rig(beating(people), {}, hurried());
  wait_until("it beats", [&] { return people.heard("/beat").size() >= 3; });
  CHECK(people.heard("/beat").front().method == "GET");
  rig.portone.rest_fault({{"mode", "status"}, {"status", 503}});
  wait_until("PortOne is missed", [&] {
    return rig.daemon.command({"status"}).out.find("portone_unreachable") != std::string::npos;
  });
  std::this_thread::sleep_for(500ms);
  const auto before = people.heard("/beat").size();
  std::this_thread::sleep_for(3s);
  CHECK(people.heard("/beat").size() == before);
  rig.portone.clear_faults();
  wait_until("it beats again", [&] { return people.heard("/beat").size() > before + 1; });
}

TEST_CASE("heartbeat: silent while nothing can be committed") {
  const People people;
  Rig rig(beating(people), {}, hurried());
  wait_until("it beats", [&] { return !people.heard("/beat").empty(); });
  std::size_t before = 0;
  {
    const WriteLock lock(rig.daemon);
    std::this_thread::sleep_for(500ms);
    before = people.heard("/beat").size();
    std::this_thread::sleep_for(3s);
    CHECK(people.heard("/beat").size() == before);
  }
  wait_until("it beats again", [&] { return people.heard("/beat").size() > before; });
}
