// A non-blocking byte stream over an accepted socket, plain or under TLS of our own.
//
// Owned by one connection, used on its loop's thread. It never waits: where bytes cannot move it
// says what to wait for. The descriptor itself belongs to the connection.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace reconciled::http {

struct SslContextDelete {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDelete>;
using Ssl = std::unique_ptr<SSL, SslDelete>;

// Names the file and what is wrong with it.
struct UnusableFile : std::runtime_error {
  UnusableFile(std::string file, const std::string& what)
      : std::runtime_error(what), path(std::move(file)) {}
  std::string path;
};

// A server's context: TLS 1.2 or newer, HTTP/1.1 only, no renegotiation. Throws UnusableFile for a
// certificate or key that cannot be used.
[[nodiscard]] SslContext make_server_context(const std::string& cert_file,
                                             const std::string& key_file);

// The newest of OpenSSL's complaints of this thread, which it clears; for error details.
[[nodiscard]] std::string ssl_complaint();

class Transport {
 public:
  enum class Outcome { kDone, kWantRead, kWantWrite, kEnd, kBroken };

  // `context` is null for plain text.
  Transport(int fd, SSL_CTX* context);

  [[nodiscard]] bool encrypted() const { return ssl_ != nullptr; }
  [[nodiscard]] Outcome handshake();  // of TLS; plain is done at once
  // kDone: at least one byte moved, `moved` says how many.
  [[nodiscard]] Outcome read(char* to, std::size_t size, std::size_t& moved);
  [[nodiscard]] Outcome write(std::string_view bytes, std::size_t& moved);
  // No more of ours will come; the peer's may still be read (and discarded) with drain().
  void shut_write();
  [[nodiscard]] Outcome drain(char* scratch, std::size_t size, std::size_t& moved);

 private:
  [[nodiscard]] Outcome judge(int result) const;

  int fd_;
  Ssl ssl_;
};

}  // namespace reconciled::http
