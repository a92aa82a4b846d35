#include "daemon/http/transport.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace reconciled::http {
namespace {

constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* /*unused*/) {
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, kAlpn.data(), kAlpn.size(), in, in_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string ssl_complaint() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown TLS failure";
}

SslContext make_server_context(const std::string& cert_file, const std::string& key_file) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) throw std::runtime_error("TLS: " + ssl_complaint());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections then keep no record buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), cert_file.c_str()) != 1) {
    throw UnusableFile(cert_file, "TLS certificate " + cert_file + ": " + ssl_complaint());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    throw UnusableFile(key_file, "TLS key " + key_file + ": " + ssl_complaint());
  }
  return context;
}

Transport::Transport(int fd, SSL_CTX* context) : fd_(fd) {
  if (context == nullptr) return;
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1) throw std::runtime_error("TLS: no memory");
  SSL_set_accept_state(ssl_.get());
}

Transport::Outcome Transport::judge(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Outcome::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kEnd;
    default:
      ERR_clear_error();
      return Outcome::kBroken;
  }
}

Transport::Outcome Transport::handshake() {
  if (!ssl_) return Outcome::kDone;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Outcome::kDone : judge(result);
}

Transport::Outcome Transport::read(char* to, std::size_t size, std::size_t& moved) {
  if (!ssl_) return drain(to, size, moved);
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), to, size, &moved);
  return result == 1 ? Outcome::kDone : judge(result);
}

Transport::Outcome Transport::drain(char* scratch, std::size_t size, std::size_t& moved) {
  const auto got = recv(fd_, scratch, size, 0);
  if (got > 0) {
    moved = static_cast<std::size_t>(got);
    return Outcome::kDone;
  }
  if (got == 0) return Outcome::kEnd;
  return errno == EAGAIN || errno == EINTR ? Outcome::kWantRead : Outcome::kBroken;
}

Transport::Outcome Transport::write(std::string_view bytes, std::size_t& moved) {
  if (ssl_) {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &moved);
    return result == 1 ? Outcome::kDone : judge(result);
  }
  const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    moved = static_cast<std::size_t>(sent);
    return Outcome::kDone;
  }
  return errno == EAGAIN || errno == EINTR ? Outcome::kWantWrite : Outcome::kBroken;
}

void Transport::shut_write() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  shutdown(fd_, SHUT_WR);
}

}  // namespace reconciled::http
