// A real nginx in the foreground, with TLS and a certificate of its own; `endpoint` trusts it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::e2e {

// What stands in nginx's configuration, in its words.
struct NginxSite {
  std::string http_lines{};    // in `http { }`
  std::string server_lines{};  // in `server { }`; `/ping` is taken
  bool offers_http2 = false;
};

class Nginx {
 public:
  explicit Nginx(const NginxSite& site);
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Ends in order.
  void stop();

  // An answered request: "HTTP/2.0", and the number of its connection.
  struct Served {
    std::string protocol;
    std::string connection;
  };
  // Of all but `/ping`.
  [[nodiscard]] std::vector<Served> served() const;

 private:
  [[nodiscard]] std::string configuration(const NginxSite& site) const;

  test::TemporaryFolder folder_;
  const std::uint16_t port_;
  Endpoint endpoint_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace reconciled::e2e
