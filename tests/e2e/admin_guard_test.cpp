// Who may speak to the admin endpoint: Host, token, content type.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

int status_with_host(const Rig& rig, const std::string& host) {
  return ask(rig.daemon.admin(), {"GET", "/payments", "", {{"Host", host}}}).status;
}

}  // namespace

TEST_CASE("admin guard: a Host that is not ours is refused, so that DNS rebinding leads nowhere") {
  Rig rig;
  const std::string port = rig.daemon.admin().address.substr(9);
  for (const char* ours : {"127.0.0.1", "localhost", "LocalHost", "[::1]"}) {
    CAPTURE(ours);
    CHECK(status_with_host(rig, std::string(ours) + port) == 200);
  }
  for (const char* foreign : {"evil.test", "localhost.evil.test", "127.0.0.1.evil.test",
                              "evil.test:8803", "169.254.169.254"}) {
    CAPTURE(foreign);
    const Answer answer = ask(rig.daemon.admin(), {"GET", "/payments", "", {{"Host", foreign}}});
    CHECK(answer.status == 403);
    CHECK(answer.json().at("error").at("code").is_string());
  }
}

TEST_CASE("admin guard: writes need a JSON content type") {
  Rig rig;
  const std::string body = R"({"amount":1,"currency":"KRW"})";
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""}) {
    CAPTURE(type);
    Call call{"PUT", "/orders/o", body, {}};
    if (*type != '\0') call.headers.emplace_back("Content-Type", type);
    CHECK(ask(rig.daemon.admin(), call).status == 415);
    call.method = "DELETE";
    CHECK(ask(rig.daemon.admin(), call).status == 415);
    call = {"POST", "/payments/o/lookup", "", call.headers};
    CHECK(ask(rig.daemon.admin(), call).status == 415);
  }
  CHECK(rig.daemon.get("/orders/o").status == 404);
  CHECK(ask(rig.daemon.admin(),
            {"PUT", "/orders/o", body, {{"Content-Type", "application/json; charset=utf-8"}}})
            .status == 201);
}

TEST_CASE("admin guard: with a token nothing but the probes is open") {
  Settings settings;
  settings.admin_lines = "token = \"let-me-in-0123456789\"";
  Rig rig(settings);
  CHECK(rig.daemon.get("/healthz").status == 200);
  CHECK(rig.daemon.get("/readyz").status == 200);
  for (const char* target : {"/payments", "/metrics", "/stats", "/events", "/rejected", "/findings",
                             "/notifications", "/payments/x", "/orders/x"}) {
    CAPTURE(target);
    const Answer answer = rig.daemon.get(target);
    CHECK(answer.status == 401);
    CHECK(answer.header("WWW-Authenticate").starts_with("Bearer"));
    for (const char* wrong : {"Bearer let-me-in", "Bearer let-me-in-01234567890", "Bearer ",
                              "Basic let-me-in-0123456789", "let-me-in-0123456789"}) {
      CHECK(ask(rig.daemon.admin(), {"GET", target, "", {{"Authorization", wrong}}}).status == 401);
    }
    CHECK(ask(rig.daemon.admin(),
              {"GET", target, "", {{"Authorization", "Bearer let-me-in-0123456789"}}})
              .status != 401);
  }
  CHECK(rig.daemon.send("PUT", "/orders/o", {{"amount", 1}, {"currency", "KRW"}}).status == 401);
  // The command line knows it.
  CHECK(rig.daemon.command({"order", "o", "--amount", "1", "--currency", "KRW"}).status == 0);
  CHECK(rig.daemon.command({"lookup", "o"}).status == 0);
  CHECK(rig.daemon.log().find("let-me-in") == std::string::npos);
}
