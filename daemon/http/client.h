// The HTTP client for PortOne's REST and the shop's backend: libcurl under hard limits.
//
// One Client belongs to one thread and one origin, keeps its connection alive, and asks again on a
// new one where the server had closed it and nothing had come. Every wait ends at the call's total
// deadline, name resolution included, and at once when the client is aborted. No redirects, no
// encodings; TLS 1.2 or newer; the host name is verified against the certificate's SAN, never its
// CN (design §4). HTTPS_PROXY and NO_PROXY are heeded as curl does, but never for this machine
// itself.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/words/outcome.h"
#include "daemon/http/exchange.h"

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
};

struct ClientResponse {
  int status = 0;
  std::string body;
  std::string retry_after;  // the header's value; empty if absent
  std::string date;         // likewise
};

class Client {
 public:
  // Throws std::invalid_argument for a base_url that is none.
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  [[nodiscard]] core::Outcome<ClientResponse, ClientError> send(const ClientRequest& request);
  // Ends a call in flight, and every later one at once, with kBroken; any thread.
  void abort();
  [[nodiscard]] bool is_aborted() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::http
