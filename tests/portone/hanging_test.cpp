// A PortOne that hangs at every step: others go on, and a stop ends within a second.
#include <doctest/doctest.h>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;

namespace {

using Steady = std::chrono::steady_clock;
using Manner = Reply::Manner;

}  // namespace

TEST_CASE("asker: abort ends a question at once wherever PortOne hangs, and every later one") {
  struct Row {
    const char* where;  // the part of the target at which it hangs
    Manner manner;
    Question question;
  };
  const Row table[] = {{"getToken", Manner::kHang, v1_order("o")},
                       {"getToken", Manner::kHangInBody, v1_order("o")},
                       {"findAll", Manner::kHang, v1_order("o")},
                       {"findAll", Manner::kHangInBody, v1_order("o")},
                       {"findAll", Manner::kTrickle, v1_order("o")},
                       {"/payments/imp_1", Manner::kHang, v1_attempt("imp_1", "o")},
                       {"/payments/pay_1?", Manner::kHang, v2_payment("pay_1")},
                       {"/payments/pay_1?", Manner::kHangInBody, v2_payment("pay_1")},
                       {"/transactions", Manner::kHang, v2_payment("pay_1", "tx_9")}};
  for (const Row& row : table) {
    CAPTURE(row.where);
    std::atomic<bool> hangs{false};
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      const bool here = target.find(row.where) != std::string::npos;
      hangs = hangs || here;
      Reply reply = is_login(target)
                        ? v1_token()
                        : Reply{200, v2_row("pay_1", "tx_1").dump() + std::string(500, ' '), {}};
      if (here) reply.manner = row.manner;
      return reply;
    });
    Asking asking(portone);
    std::thread stopper([&] {
      while (!hangs) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(30ms);
      asking.asker.abort();
    });
    LookupReport report = asking.ask(row.question);
    stopper.join();
    const auto stopped = Steady::now();
    static_cast<void>(asking.ask(row.question));
    CHECK(asking.asker
              .walk(core::Api::kV1, asking.clock.now() - 24h, asking.clock.now(),
                    [](const portone::ListPage&) {})
              .has_value());
    CHECK(asking.asker
              .walk(core::Api::kV2, asking.clock.now() - 24h, asking.clock.now(),
                    [](const portone::ListPage&) {})
              .has_value());
    CHECK(Steady::now() - stopped < 500ms);
    CHECK_FALSE(asking.warns(WarningKind::kPortoneUnreachable, "v1"));
  }
}

TEST_CASE("asker: abort ends a batch of many at once") {
  std::atomic<bool> hangs{false};
  const ScriptedPortone portone([&](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    hangs = true;
    return Reply{200, "", {}, Manner::kHang};
  });
  Asking asking(portone);
  std::vector<Question> questions;
  for (int i = 0; i < 100; ++i) questions.push_back(v1_attempt("imp_" + std::to_string(i), "o"));
  std::thread stopper([&] {
    while (!hangs) std::this_thread::sleep_for(1ms);
    asking.asker.abort();
  });
  const auto begun = Steady::now();
  const auto reports = asking.asker.ask(questions);
  stopper.join();
  CHECK(reports.size() == 100);
  CHECK(Steady::now() - begun < 1s);
}

TEST_CASE("asker: abort ends a walk at once") {
  std::atomic<bool> hangs{false};
  const ScriptedPortone portone([&](const std::string&, const std::string&) {
    hangs = true;
    return Reply{200, "", {}, Manner::kHang};
  });
  Asking asking(portone);
  std::thread stopper([&] {
    while (!hangs) std::this_thread::sleep_for(1ms);
    asking.asker.abort();
  });
  const auto begun = Steady::now();
  const auto fault = asking.asker.walk(core::Api::kV2, asking.clock.now() - 24h, asking.clock.now(),
                                       [](const portone::ListPage&) {});
  stopper.join();
  CHECK(fault.has_value());
  CHECK(Steady::now() - begun < 1s);
}
