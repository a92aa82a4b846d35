// More messages than the daemon can store: the rest is refused at once, memory stays bounded, and
// what was taken is stored and answered as soon as the database can be written again.
#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <vector>

#include "tests/e2e/hostile_client.h"
#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using reconciled::test::RawSocket;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// README, Limits.
constexpr std::size_t kWebhookQueue = 16'384;
constexpr std::size_t kRedirectQueue = 4'096;
constexpr std::size_t kOneCommit = 512;  // at most so many have left the queue for it
constexpr std::chrono::seconds kHeld{10};
// Of those that find the queue full, at least.
constexpr std::size_t kTooMany = 300;
constexpr int kRefusedOneByOne = 50;
constexpr std::size_t kAddresses = 16;
// A refusal that waits for nothing takes a millisecond; one that waited would take kHeld.
constexpr std::chrono::seconds kAtOnce{3};
// After the lock the queue is worked off, which takes a second; nothing else is waited for.
constexpr std::chrono::seconds kRecovered{15};
// A daemon that rests has 17 MB. Each that waits has a connection, a request, an answer and a
// message of less than 1 KB each in memory, and what the allocator adds.
constexpr double kRestingMb = 24;
constexpr double kWaitingMb = 8.0 / 1024;  // a buyer's page is held with it

Settings settings() {
  // Unknown payments are looked up once.
  return {.log_level = "info", .reconcile_lines = "lookup_schedule = [\"1h\"]"};
}

struct Kind {
  std::string name;
  std::size_t queue;
  Call (*call)(const std::string& id);
  const Endpoint& (DaemonProcess::*door)() const;
};

// Of V1, which costs neither side a signature: filling the queue takes a part of kHeld.
Call webhook_call(const std::string& id) {
  return {"POST",
          "/webhooks/portone",
          R"({"imp_uid":"imp_)" + id + R"(","merchant_uid":")" + id + R"(","status":"paid"})",
          {{"Content-Type", "application/json"}}};
}

Call redirect_call(const std::string& id) {
  return {"GET", "/payments/complete?paymentId=" + id + "&transactionType=PAYMENT&txId=tx-" + id};
}

const Kind kWebhooks{"webhook", kWebhookQueue, webhook_call, &DaemonProcess::webhook};
const Kind kRedirects{"redirect", kRedirectQueue, redirect_call, &DaemonProcess::redirect};

// Callers that each wait for one answer, on a connection of their own.
class Crowd {
 public:
  Crowd(const Kind& kind, const Endpoint& target) : kind_(kind), target_(target) {}

  void add(std::size_t callers) {
    for (std::size_t i = 0; i < callers; ++i) {
      const std::string id = kind_.name + "-" + std::to_string(callers_.size());
      // From several addresses: with few ports left on one the kernel searches for long.
      const std::string ip = "127.0.1." + std::to_string(i % kAddresses + 1);
      callers_.push_back({id, connect_from(ip, target_)});
      callers_.back().socket.send(bytes_of(target_, kind_.call(id), true));
    }
  }
  [[nodiscard]] std::size_t size() const { return callers_.size(); }
  [[nodiscard]] std::size_t answered() const {
    std::vector<pollfd> all;
    for (const Caller& caller : callers_) all.push_back({caller.socket.fd(), POLLIN, 0});
    return static_cast<std::size_t>(poll(all.data(), all.size(), 0));
  }
  // Waits for all answers; the ids that were acknowledged.
  [[nodiscard]] Acknowledged hear() {
    Acknowledged acknowledged;
    for (Caller& caller : callers_) {
      const Answer answer = parse_answer(caller.socket.read_response(false, kPatience));
      CAPTURE(answer.head);
      if (answer.status == 200) {
        acknowledged.emplace(caller.id, 0);
      } else {
        REQUIRE(answer.status == 503);
        CHECK_FALSE(answer.header("Retry-After").empty());
      }
      caller.socket.reset();  // no port is kept waiting
    }
    return acknowledged;
  }

 private:
  struct Caller {
    std::string id;
    RawSocket socket;
  };
  const Kind& kind_;
  const Endpoint& target_;
  std::vector<Caller> callers_;
};

// Each is refused, and at once.
void check_refusals(const Kind& kind, const Endpoint& target) {
  for (int i = 0; i < kRefusedOneByOne; ++i) {
    const auto began = Clock::now();
    const Answer answer = ask(target, kind.call(kind.name + "-refused-" + std::to_string(i)));
    CHECK(answer.status == 503);
    CHECK_FALSE(answer.header("Retry-After").empty());
    CHECK(Clock::now() - began < kAtOnce);
  }
}

// Asks until it is taken, as PortOne would, only faster; how long it took.
Clock::duration ask_until_taken(const Kind& kind, const Endpoint& target, const std::string& id) {
  const auto began = Clock::now();
  wait_until("a " + kind.name + " is taken", [&] {
    const Answer answer = ask(target, kind.call(id));
    REQUIRE((answer.status == 200 || answer.status == 503));
    return answer.status == 200;
  });
  return Clock::now() - began;
}

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

void overwhelm(const Kind& kind) {
  const std::size_t callers = kind.queue + kOneCommit + kTooMany;
  REQUIRE_MESSAGE(raise_descriptor_limit() > callers + 500, "too few descriptors: see ulimit -Hn");
  Rig rig(settings());
  const Endpoint& target = (rig.daemon.*kind.door)();
  WriteLock lock(rig.daemon);
  Crowd crowd(kind, target);
  const auto began = Clock::now();
  crowd.add(callers);
  wait_until("the queue is full", [&] { return crowd.answered() >= kTooMany; });
  const auto filled = Clock::now();
  check_refusals(kind, target);
  CHECK(rig.daemon.get("/healthz").status == 200);
  CHECK(rig.daemon.get("/readyz").status == 503);
  CHECK(rig.daemon.get("/payments/nobody").status == 404);
  const double mb = rig.daemon.resident_mb();
  CHECK(mb <= kRestingMb + kWaitingMb * static_cast<double>(callers));

  lock.release();
  const auto released = Clock::now();
  const auto recovered = ask_until_taken(kind, target, kind.name + "-next");
  CHECK(recovered < kRecovered);
  Acknowledged acknowledged = crowd.hear();
  const auto heard = Clock::now();
  const std::size_t refused = callers - acknowledged.size();
  CHECK(refused >= kTooMany);
  // Of what was taken all is acknowledged, unless the machine is so slow that its time was over.
  const bool is_late = heard - began > kHeld;
  CHECK((is_late || refused <= kTooMany + kOneCommit));
  acknowledged.emplace(kind.name + "-next", 0);
  check_stored(rig.daemon, acknowledged);
  CHECK(rig.daemon.get("/readyz").status == 200);
  MESSAGE(kind.name << ": " << acknowledged.size() << " taken, " << refused
                    << " refused, full after " << seconds(filled - began) << " s, " << mb
                    << " MB, the next one taken " << seconds(recovered)
                    << " s after the lock, all answered after " << seconds(heard - released)
                    << " s");
}

}  // namespace

TEST_CASE("overload: webhooks beyond their queue are refused at once, and none taken is lost") {
  overwhelm(kWebhooks);
}

TEST_CASE("overload: redirects beyond their queue are refused at once, and none taken is lost") {
  overwhelm(kRedirects);
}
