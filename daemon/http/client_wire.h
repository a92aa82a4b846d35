// One connection of the HTTP client: connects (TCP, Unix socket, TLS), and is the stream through
// which cpp-httplib writes a request and reads its response.
//
// Belongs to one Client. Every wait in it ends at the call's absolute deadline, at the timeout
// between two bytes, or when the call is aborted; what a response may weigh is counted in bytes as
// they come, before cpp-httplib can gather them. Name resolution alone is the system's and is not
// bounded by the deadline.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/client.h"
#include "daemon/http/listening_socket.h"
#include "daemon/http/transport.h"

namespace reconciled::http {

struct Origin {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string host_header;
  std::string prefix;  // of the base_url's path, without a trailing slash
};

// Throws std::invalid_argument for a base_url that is none.
[[nodiscard]] Origin parse_base_url(const std::string& base_url);

// TLS 1.2 or newer, the origin's name verified against the SAN only. Throws std::runtime_error.
[[nodiscard]] SslContext make_client_context(const Origin& origin, const std::string& ca_file);

class ClientWire final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  // `abort_fd` becomes readable when the call is to end.
  ClientWire(const ClientOptions& options, const Origin& origin, SSL_CTX* context, int abort_fd)
      : options_(options), origin_(origin), context_(context), abort_fd_(abort_fd) {}
  ~ClientWire() override { close(); }

  // Begins a call: forgets the last one's fault and counts anew.
  void begin(Clock::time_point deadline);
  // Whether the connection kept from the last call can still be used, as far as one can see.
  [[nodiscard]] bool reusable();
  [[nodiscard]] bool connect();  // false: see fault()
  void close();

  void fail(ClientFault fault, std::string detail);  // the first one stays
  [[nodiscard]] const std::optional<ClientError>& fault() const { return fault_; }
  [[nodiscard]] bool received_any() const { return received_bytes_ > 0; }
  [[nodiscard]] bool sent_any() const { return sent_any_; }
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }
  [[nodiscard]] bool unread() const { return read_at_ < received_.size(); }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;  // gathered until the first read
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return descriptor_.get(); }

 private:
  [[nodiscard]] bool connect_tcp(Clock::time_point until);
  [[nodiscard]] bool connect_unix(Clock::time_point until);
  [[nodiscard]] bool connect_to(const sockaddr* address, socklen_t size, Clock::time_point until);
  [[nodiscard]] bool shake_hands(Clock::time_point until);
  [[nodiscard]] bool wait(short events, Clock::time_point until);
  [[nodiscard]] bool wait_for_ssl(int result, Clock::time_point until);
  [[nodiscard]] bool flush();
  [[nodiscard]] ssize_t receive();
  [[nodiscard]] ssize_t receive_some(char* to, std::size_t size);
  [[nodiscard]] ssize_t send_some(std::string_view bytes);
  [[nodiscard]] bool count_head(std::string_view bytes);
  [[nodiscard]] Clock::time_point next_byte_by() const;

  const ClientOptions& options_;
  const Origin& origin_;
  SSL_CTX* context_;
  int abort_fd_;
  Descriptor descriptor_;
  Ssl ssl_;
  Clock::time_point deadline_{};
  std::optional<ClientError> fault_;
  std::string unsent_;
  std::string received_;  // not yet read by cpp-httplib
  std::size_t read_at_ = 0;
  std::size_t received_bytes_ = 0;
  std::size_t head_bytes_ = 0;
  std::size_t line_bytes_ = 0;
  bool status_line_ = true;
  bool informational_ = false;  // a 1xx, behind which the real head comes
  bool head_done_ = false;
  bool sent_any_ = false;
  bool peer_closed_ = false;
};

}  // namespace reconciled::http
