// A server for tests of the client that does with each connection what the test says.
#pragma once

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "daemon/http/client.h"
#include "tests/support/listening_socket.h"

namespace reconciled::test {

// A server that misbehaves as told: each connection runs the script, one after another.
class ScriptedServer {
 public:
  using Script = std::function<void(RawSocket& client, int connection)>;

  explicit ScriptedServer(Script script) {
    thread_ = std::thread([this, script = std::move(script)] { run(script); });
  }
  ~ScriptedServer() {
    stopping = true;
    shutdown(listening_.fd(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] http::ClientOptions options() const {
    http::ClientOptions made;
    made.base_url = "http://127.0.0.1:" + std::to_string(listening_.port());
    made.read_timeout = std::chrono::milliseconds(2'000);
    made.total_deadline = std::chrono::milliseconds(4'000);
    return made;
  }
  [[nodiscard]] int connections() const { return connections_; }

  std::atomic<bool> stopping{false};

 private:
  void run(const Script& script) {
    for (;;) {
      RawSocket client = listening_.accept_one();
      if (client.fd() < 0) return;
      try {
        script(client, connections_++);
      } catch (const std::runtime_error&) {
        continue;  // the client went away, as some tests have it
      }
    }
  }

  ListeningSocket listening_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

inline void read_request(RawSocket& client) { static_cast<void>(client.read_response()); }

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

inline http::ClientRequest get_root() { return {"GET", "/", {}, {}, {}}; }

}  // namespace reconciled::test
