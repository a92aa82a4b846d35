// The yardstick: cpp-httplib's own server, tuned, answering the same requests and storing nothing.
//
// usage: bench-yardstick   prints the port that it listens on at 127.0.0.1, then serves
#include <netinet/tcp.h>

#include <iostream>

#include "daemon/http/httplib_server.h"

int main() {
  reconciled::http::HttplibServer server;
  server.new_task_queue = [] { return new httplib::ThreadPool(256); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.Post("/webhooks/portone", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain; charset=utf-8");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  if (!server.widen_backlog()) return 1;
  std::cout << port << std::endl;
  return server.listen_after_bind() ? 0 : 1;
}
