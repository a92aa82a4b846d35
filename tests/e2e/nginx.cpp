#include "tests/e2e/nginx.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "tests/http/test_certificate.h"
#include "tests/support/listening_socket.h"

namespace reconciled::e2e {

Nginx::Nginx(const NginxSite& site) : port_(test::ListeningSocket().port()) {
  test::make_certificate(folder_ / "cert", folder_ / "key", "localhost",
                         "DNS:localhost,IP:127.0.0.1");
  endpoint_ = {"127.0.0.1:" + std::to_string(port_), folder_ / "cert"};
  write_file(folder_ / "nginx.conf", configuration(site));
  process_ = std::make_unique<ChildProcess>(
      Command{{NGINX_BINARY, "-p", folder_.text(), "-c", "nginx.conf", "-e", folder_ / "err.log",
               "-g", "daemon off;"}},
      folder_ / "nginx");
  wait_until("nginx serves", [this] {
    REQUIRE_MESSAGE(process_->is_running(), read_file(folder_ / "err.log"));
    try {
      return ask(endpoint_, {"GET", "/ping"}).status == 204;
    } catch (const std::exception&) {
      return false;
    }
  });
}

Nginx::~Nginx() {
  try {
    stop();
  } catch (const std::exception& error) {
    MESSAGE(error.what());
  }
  if (test_is_failing()) MESSAGE(read_file(folder_ / "err.log"));
}

// An orderly end takes its worker along.
void Nginx::stop() {
  if (!process_->is_running()) return;
  process_->signal(SIGTERM);
  process_->wait();
}

std::vector<Nginx::Served> Nginx::served() const {
  std::istringstream lines(read_file(folder_ / "access.log"));
  std::vector<Served> all;
  for (Served one; lines >> one.protocol >> one.connection;) all.push_back(one);
  return all;
}

std::string Nginx::configuration(const NginxSite& site) const {
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += std::string(kind) + "_temp_path " + (folder_ / kind) + ";\n";
  }
  return (geteuid() == 0 ? "user root;\n" : "") + std::string("worker_processes 1;\npid ") +
         (folder_ / "pid") + ";\nevents { worker_connections 512; }\nhttp {\n" +
         "log_format short \"$server_protocol $connection\";\naccess_log " +
         (folder_ / "access.log") + " short;\n" + temporary + site.http_lines +
         "server {\nlisten " + endpoint_.address + " ssl" + (site.offers_http2 ? " http2" : "") +
         ";\nssl_certificate " + (folder_ / "cert") + ";\nssl_certificate_key " +
         (folder_ / "key") + ";\nlocation = /ping { access_log off; return 204; }\n" +
         site.server_lines + "}\n}\n";
}

}  // namespace reconciled::e2e
