#include "daemon/http/client_wire.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace reconciled::http {
namespace {

constexpr std::size_t kReadBytes = 16384;
constexpr std::size_t kMaxHeadBytes = 65536;
// cpp-httplib matches the status line with std::regex, which recurses for each character.
constexpr std::size_t kMaxStatusLineBytes = 1024;
// Chunked framing may weigh more than what it carries, but not without end.
constexpr std::size_t kMaxFramingFactor = 8;

std::string text_of(int error) { return std::generic_category().message(error); }

bool is_ip(const std::string& host) {
  unsigned char address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

SslContext make_client_context(const Origin& origin, const std::string& ca_file) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw std::runtime_error("TLS: " + ssl_complaint());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) throw std::runtime_error("CA store " + ca_file + ": " + ssl_complaint());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  auto* rules = SSL_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int named = is_ip(origin.host) ? X509_VERIFY_PARAM_set1_ip_asc(rules, origin.host.c_str())
                                       : X509_VERIFY_PARAM_set1_host(rules, origin.host.c_str(), 0);
  if (named != 1) throw std::runtime_error("TLS: cannot verify the name " + origin.host);
  return context;
}

void ClientWire::begin(Clock::time_point deadline) {
  deadline_ = deadline;
  fault_.reset();
  unsent_.clear();
  received_.clear();
  read_at_ = received_bytes_ = head_bytes_ = line_bytes_ = 0;
  status_line_ = true;
  informational_ = head_done_ = sent_any_ = peer_closed_ = false;
}

bool ClientWire::reusable() {
  if (descriptor_.get() < 0) return false;
  pollfd poll_for{descriptor_.get(), POLLIN, 0};
  if (poll(&poll_for, 1, 0) == 0) return true;
  if (!ssl_) return false;  // closed, or bytes that nobody asked for
  char byte = 0;
  ERR_clear_error();
  const int result = SSL_peek(ssl_.get(), &byte, 1);  // a session ticket is no reason to part
  return result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
}

void ClientWire::close() {
  if (ssl_) {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get()) == 1 && !fault_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ssl_.reset();
  descriptor_ = Descriptor();
}

void ClientWire::fail(ClientFault fault, std::string detail) {
  if (!fault_) fault_ = ClientError{fault, std::move(detail)};
}

bool ClientWire::connect() {
  const auto until = std::min(deadline_, Clock::now() + options_.connect_timeout);
  const bool connected = options_.unix_path.empty() ? connect_tcp(until) : connect_unix(until);
  if (!connected || (context_ != nullptr && !shake_hands(until))) {
    close();
    return false;
  }
  return true;
}

bool ClientWire::connect_tcp(Clock::time_point until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(origin_.host.c_str(), std::to_string(origin_.port).c_str(), &hints, &found);
  if (error != 0) {
    fail(ClientFault::kConnect, gai_strerror(error));
    return false;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, freeaddrinfo);
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    fault_.reset();
    if (connect_to(one->ai_addr, one->ai_addrlen, until)) {
      const int on = 1;
      setsockopt(descriptor_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return true;
    }
  }
  return false;
}

bool ClientWire::connect_unix(Clock::time_point until) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.unix_path.size() >= sizeof address.sun_path) {
    fail(ClientFault::kConnect, text_of(ENAMETOOLONG));
    return false;
  }
  std::memcpy(address.sun_path, options_.unix_path.data(), options_.unix_path.size());
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, until);
}

bool ClientWire::connect_to(const sockaddr* address, socklen_t size, Clock::time_point until) {
  descriptor_ =
      Descriptor(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int error = 0;
  if (descriptor_.get() < 0) {
    error = errno;
  } else if (::connect(descriptor_.get(), address, size) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      if (!wait(POLLOUT, until)) return false;
      socklen_t error_size = sizeof error;
      getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    }
  }
  if (error != 0) fail(ClientFault::kConnect, text_of(error));
  return error == 0;
}

bool ClientWire::shake_hands(Clock::time_point until) {
  ssl_.reset(SSL_new(context_));
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor_.get()) != 1) {
    fail(ClientFault::kTls, ssl_complaint());
    return false;
  }
  if (!is_ip(origin_.host)) SSL_set_tlsext_host_name(ssl_.get(), origin_.host.c_str());
  SSL_set_connect_state(ssl_.get());
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const auto verified = SSL_get_verify_result(ssl_.get());
      fail(ClientFault::kTls, verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                                    : "handshake failed: " + ssl_complaint());
      return false;
    }
    if (!wait(error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN, until)) return false;
  }
}

bool ClientWire::wait(short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd poll_for[] = {{descriptor_.get(), events, 0}, {abort_fd_, POLLIN, 0}};
    const int ready = poll(poll_for, 2, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready > 0 && poll_for[1].revents != 0) {
      fail(ClientFault::kBroken, "aborted");
      return false;
    }
    if (ready > 0) return true;
    fail(ClientFault::kTimeout, Clock::now() >= deadline_ ? "total deadline" : "timed out");
    return false;
  }
}

ClientWire::Clock::time_point ClientWire::next_byte_by() const {
  return std::min(deadline_, Clock::now() + options_.read_timeout);
}

ssize_t ClientWire::read(char* to, std::size_t size) {
  if (read_at_ == received_.size()) {
    if (!flush()) return -1;
    const auto got = receive();
    if (got <= 0) return got;
  }
  const auto part = std::string_view(received_).substr(read_at_, size);
  std::memcpy(to, part.data(), part.size());
  read_at_ += part.size();
  return static_cast<ssize_t>(part.size());
}

ssize_t ClientWire::write(const char* from, std::size_t size) {
  unsent_.append(from, size);
  return static_cast<ssize_t>(size);
}

bool ClientWire::flush() {
  std::string_view rest = unsent_;
  while (!rest.empty()) {
    const auto sent = send_some(rest);
    if (sent < 0) return false;
    sent_any_ = true;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  unsent_.clear();
  return true;
}

// Waits for what TLS asks for; false at the end of the connection or of our patience.
bool ClientWire::wait_for_ssl(int result, Clock::time_point until) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN, until);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT, until);
    default:
      peer_closed_ = true;
      fail(ClientFault::kBroken, "TLS connection ended: " + ssl_complaint());
      return false;
  }
}

ssize_t ClientWire::send_some(std::string_view bytes) {
  for (;;) {
    const auto until = next_byte_by();
    if (ssl_) {
      std::size_t sent = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
      if (result == 1) return static_cast<ssize_t>(sent);
      if (!wait_for_ssl(result, until)) return -1;
      continue;
    }
    const auto sent = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      peer_closed_ = true;
      fail(ClientFault::kBroken, text_of(errno));
      return -1;
    }
    if (!wait(POLLOUT, until)) return -1;
  }
}

ssize_t ClientWire::receive_some(char* to, std::size_t size) {
  for (;;) {
    const auto until = next_byte_by();
    // Checked here too: a sender that never lets us wait must not outlive the deadline.
    if (Clock::now() >= deadline_) {
      fail(ClientFault::kTimeout, "total deadline");
      return -1;
    }
    if (ssl_) {
      std::size_t got = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), to, size, &got);
      if (result == 1) return static_cast<ssize_t>(got);
      if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) return 0;
      if (!wait_for_ssl(result, until)) return -1;
      continue;
    }
    const auto got = recv(descriptor_.get(), to, size, 0);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      peer_closed_ = true;
      fail(ClientFault::kBroken, text_of(errno));
      return -1;
    }
    if (!wait(POLLIN, until)) return -1;
  }
}

ssize_t ClientWire::receive() {
  received_.resize(kReadBytes);
  read_at_ = 0;
  const auto got = receive_some(received_.data(), received_.size());
  received_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (got == 0) peer_closed_ = true;
  if (got <= 0) return got;
  received_bytes_ += received_.size();
  if (!count_head(received_) ||
      received_bytes_ > kMaxFramingFactor * options_.max_response_bytes + kMaxHeadBytes) {
    fail(ClientFault::kTooLarge, head_done_ ? "response too large" : "response head too large");
    received_.clear();
    return -1;
  }
  return got;
}

bool ClientWire::count_head(std::string_view bytes) {
  for (const char c : bytes) {
    if (head_done_) return true;
    if (++head_bytes_ > kMaxHeadBytes) return false;
    if (c == '\n') {
      if (line_bytes_ == 0) {
        head_done_ = !informational_;
        status_line_ = true;
        informational_ = false;
      } else {
        status_line_ = false;
      }
      line_bytes_ = 0;
    } else if (c != '\r') {
      ++line_bytes_;
      if (status_line_ && line_bytes_ > kMaxStatusLineBytes) return false;
      if (status_line_ && line_bytes_ == sizeof "HTTP/1.1 ") informational_ = c == '1';
    }
  }
  return true;
}

}  // namespace reconciled::http
