#include <doctest/doctest.h>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;
using portone::V1Tokens;

namespace {

using Steady = std::chrono::steady_clock;

// The tokens alone, with a deadline of their own.
struct Login {
  Login(const ScriptedPortone& portone, std::chrono::milliseconds deadline)
      : asking(portone),
        calls(core::Api::kV1, {.base_url = portone.url(), .total_deadline = deadline}, asking.loop,
              asking.watch, asking.v1_limit, asking.clock),
        tokens(*asking.config.v1, calls, asking.watch) {}
  [[nodiscard]] portone::Asked<std::string> get() { return asking.until_done(tokens.get()); }

  Asking asking;
  portone::Calls calls;
  V1Tokens tokens;
};

}  // namespace

TEST_CASE("V1 tokens: those who wait for a login that hangs share its outcome") {
  const ScriptedPortone portone([](const std::string&, const std::string&) {
    return Reply{200, "", {}, Reply::Manner::kHang};
  });
  Login login(portone, 400ms);
  int failed = 0;
  int ended = 0;
  const auto begun = Steady::now();
  for (int i = 0; i < 8; ++i) {
    portone::start(login.tokens.get(), [&](const portone::Asked<std::string>& token) {
      ++ended;
      if (!token.ok()) ++failed;
    });
  }
  while (ended < 8) login.asking.loop.run_once(100ms);
  CHECK(failed == 8);
  CHECK(Steady::now() - begun < 1s);
  CHECK(portone.count("getToken") == 1);
}

TEST_CASE(
    "V1 tokens: after a failed login all fail at once with its reason, until the pause is over") {
  std::atomic<int> logins{0};
  const ScriptedPortone portone([&](const std::string&, const std::string&) {
    return ++logins < 3 ? Reply{503, "", {}} : v1_token();
  });
  Login login(portone, 5s);
  const auto first = login.get();
  REQUIRE_FALSE(first.ok());
  for (int i = 0; i < 100; ++i) {
    const auto again = login.get();
    REQUIRE_FALSE(again.ok());
    CHECK(again.error().detail == first.error().detail);
  }
  CHECK(logins == 1);
  std::this_thread::sleep_for(V1Tokens::kFirstPause + 50ms);
  CHECK_FALSE(login.get().ok());
  CHECK_FALSE(login.get().ok());
  CHECK(logins == 2);
  std::this_thread::sleep_for(2 * V1Tokens::kFirstPause + 50ms);
  CHECK(login.get().ok());
  CHECK(login.get().value() == "t");
  CHECK(logins == 3);
}

TEST_CASE("V1 tokens: an abort ends the login and those who wait for it, and says nothing of PortOne") {
  std::atomic<int> logins{0};
  const ScriptedPortone portone([&](const std::string&, const std::string&) {
    ++logins;
    return Reply{200, "", {}, Reply::Manner::kHang};
  });
  Login login(portone, 20s);
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    portone::start(login.tokens.get(), [&](const portone::Asked<std::string>& token) {
      CHECK_FALSE(token.ok());
      ++ended;
    });
  }
  while (logins == 0) login.asking.loop.run_once(10ms);
  const auto begun = Steady::now();
  login.asking.loop.abort();
  while (ended < 3) login.asking.loop.run_once(100ms);
  CHECK(Steady::now() - begun < 500ms);
  CHECK(logins == 1);
  CHECK_FALSE(login.asking.warns(WarningKind::kPortoneUnreachable, "v1"));
}

TEST_CASE(
    "V1 tokens: a refused token is replaced once; where the new one is refused too, there is a "
    "pause") {
  std::atomic<int> logins{0};
  std::atomic<int> good_from{2};
  const ScriptedPortone portone([&](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token("t" + std::to_string(++logins));
    return logins < good_from ? Reply{401, R"({"code":-1})", {}}
                              : Reply{200, v1_answer(v1_row("imp_1", "o")), {}};
  });
  Asking asking(portone);
  CHECK(asking.ask(v1_attempt("imp_1")).outcome == Outcome::kAnswered);
  CHECK(logins == 2);
  good_from = 100;
  for (int i = 0; i < 20; ++i) {
    CHECK(asking.ask(v1_attempt("imp_1")).outcome == Outcome::kUnusable);
  }
  CHECK(logins == 3);
  CHECK(asking.warns(WarningKind::kPortoneUnauthorized, "v1"));
}

TEST_CASE("V1 tokens: a login is refused by 401, by another 4xx and by a code under 200") {
  for (const Reply& reply :
       {Reply{401, R"({"code":-1})", {}}, Reply{400, R"({"code":-1})", {}}, Reply{403, "", {}},
        Reply{200, R"({"code":-1,"response":null})", {}}}) {
    CAPTURE(reply.status);
    const ScriptedPortone portone([&](const std::string&, const std::string&) { return reply; });
    Asking asking(portone);
    const LookupReport report = asking.ask(v1_order("o"));
    CHECK(report.outcome == Outcome::kUnusable);
    CHECK_FALSE(report.is_unreadable);
    CHECK(asking.warns(WarningKind::kPortoneUnauthorized, "v1"));
  }
  for (const Reply& reply :
       {Reply{500, "", {}}, Reply{200, "<html>", {}}, Reply{404, "<html>", {}}}) {
    const ScriptedPortone portone([&](const std::string&, const std::string&) { return reply; });
    Asking asking(portone);
    CHECK_FALSE(asking.ask(v1_order("o")).is_unreadable);
    CHECK_FALSE(asking.warns(WarningKind::kPortoneUnauthorized, "v1"));
  }
}

TEST_CASE("V1 tokens: a token of unknown life is used for a while") {
  for (const json& expiry : {json(nullptr), json(0), json(-5), json("soon"), json(INT64_MAX)}) {
    std::atomic<int> logins{0};
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (!is_login(target)) return v1_unknown();
      ++logins;
      return Reply{
          200, v1_answer({{"access_token", "t"}, {"now", 1000}, {"expired_at", expiry}}), {}};
    });
    Asking asking(portone);
    for (int i = 0; i < 5; ++i) CHECK(asking.ask(v1_order("o")).outcome == Outcome::kNotFound);
    CHECK(logins == 1);
  }
}
