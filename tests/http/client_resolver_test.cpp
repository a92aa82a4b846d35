// The client above a resolver that hangs (tests/support/hanging_resolver.cpp).
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "daemon/http/client.h"

using namespace std::chrono_literals;
using reconciled::http::Client;
using reconciled::http::ClientFault;
using reconciled::http::ClientOptions;

namespace {

using Clock = std::chrono::steady_clock;

ClientOptions to_hanging_host() {
  const char* const host = std::getenv("HANGING_HOST");
  REQUIRE_MESSAGE(host != nullptr, "run this by ctest: it preloads the resolver");
  return {.base_url = std::string("http://") + host};
}

}  // namespace

TEST_CASE("client: name resolution that hangs ends with the deadline, and nobody waits for it") {
  ClientOptions options = to_hanging_host();
  options.total_deadline = 300ms;
  const auto begun = Clock::now();
  {
    Client client(options);
    for (int i = 0; i < 2; ++i) {
      const auto answer = client.send({"GET", "/", {}, {}, {}});
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().fault == ClientFault::kTimeout);
    }
  }
  CHECK(Clock::now() - begun >= 550ms);
  CHECK(Clock::now() - begun < 2s);
}

TEST_CASE("client: name resolution that hangs ends within a second of abort") {
  const ClientOptions options = to_hanging_host();
  const auto begun = Clock::now();
  {
    Client client(options);
    std::thread aborter([&] {
      std::this_thread::sleep_for(100ms);
      client.abort();
    });
    CHECK(client.send({"GET", "/", {}, {}, {}}).error().detail == "aborted");
    aborter.join();
  }
  CHECK(Clock::now() - begun < 1s);
}
