// The HTTP client for PortOne's REST and the shop's backend: libcurl under hard limits.
//
// A ClientLoop has any number of calls in flight on the one thread that runs it; a Client is one for
// a caller that waits for each call. Connections are kept alive, and a call is made again on a new one
// where the server had closed it and nothing had come; over TLS calls share one where the server
// offers HTTP/2. Every call ends at its total deadline, name resolution included, and at once when
// its loop is aborted. No redirects, no encodings; TLS 1.2 or newer; the host name is verified
// against the certificate's SAN, never its CN (design §4). HTTPS_PROXY and NO_PROXY are heeded as
// curl does, but never for this machine itself.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/words/outcome.h"
#include "daemon/http/exchange.h"
#include "daemon/http/origin.h"

namespace reconciled::http {

struct ClientOptions {
  std::string base_url;   // http(s)://host[:port][/prefix]
  std::string unix_path;  // connects there instead; base_url then only names the Host
  std::chrono::milliseconds connect_timeout{5'000};  // name, connection and TLS
  std::chrono::milliseconds read_timeout{20'000};    // between two bytes
  std::chrono::milliseconds total_deadline{30'000};  // of one call, whatever trickles in
  std::size_t max_response_bytes = 8 * 1024 * 1024;
  std::string ca_file;  // PEM; empty: the system's store
};

enum class ClientFault { kConnect, kTls, kTimeout, kBroken, kTooLarge };
struct ClientError {
  ClientFault fault;
  std::string detail;
};
[[nodiscard]] std::string_view to_word(ClientFault fault);

struct ClientRequest {
  std::string method;  // GET, POST, PUT, DELETE
  std::string target;  // begins with `/`; sent as it is, behind the base_url's prefix
  Headers headers;
  std::string body;
  std::string content_type;  // with a body
  std::chrono::milliseconds at_most{0};  // of this call; 0: the upstream's total deadline
};

struct ClientResponse {
  int status = 0;
  std::string body;
  std::string retry_after;  // the header's value; empty if absent
  std::string date;         // likewise
};

using ClientResult = core::Outcome<ClientResponse, ClientError>;

// The library behind it, with its version and those of what it uses.
[[nodiscard]] std::string client_library();

// Where calls go, and their limits. Any thread.
class Upstream {
 public:
  // Throws std::invalid_argument for a base_url that is none, std::runtime_error for a CA file that
  // cannot be read.
  explicit Upstream(ClientOptions options);

  [[nodiscard]] const ClientOptions& options() const { return options_; }
  [[nodiscard]] const Origin& origin() const { return origin_; }

 private:
  ClientOptions options_;
  Origin origin_;
};

class ClientLoop {
 public:
  using Done = std::function<void(ClientResult)>;

  ClientLoop();
  ~ClientLoop();  // calls in flight are let go, without a word
  ClientLoop(const ClientLoop&) = delete;
  ClientLoop& operator=(const ClientLoop&) = delete;

  // --- on its thread ---
  // Begins a call; `done` hears how it ended, from within a later `run_once`.
  void send(std::shared_ptr<const Upstream> upstream, ClientRequest request, Done done);
  // Does what was posted, moves bytes and tells who is done; waits for something to do, at most
  // that long.
  void run_once(std::chrono::milliseconds at_most);

  // --- any thread ---
  // `work` is done by the next `run_once`, which does not wait any more.
  void post(std::function<void()> work);
  // Ends the calls in flight, and every later one, with kBroken.
  void abort();
  [[nodiscard]] bool is_aborted() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One call at a time, for one thread and one upstream.
class Client {
 public:
  // Throws as Upstream does.
  explicit Client(ClientOptions options);

  [[nodiscard]] ClientResult send(const ClientRequest& request);
  // Ends a call in flight, and every later one at once, with kBroken; any thread.
  void abort() { loop_->abort(); }
  [[nodiscard]] bool is_aborted() const { return loop_->is_aborted(); }

 private:
  std::shared_ptr<const Upstream> upstream_;
  std::unique_ptr<ClientLoop> loop_;
};

}  // namespace reconciled::http
