// cpp-httplib's server with what it does not hand out: for the router, which has read the request
// before, and the tests' servers. Drags <httplib.h> in: for sources only.
//
// What cpp-httplib's releases disagree on stands here and nowhere else: 0.11 (Debian 12) serves a
// request from a stream alone, 0.18 (Debian 13) wants to be told the addresses of both sides.
#pragma once

#include <httplib.h>

#include <sys/socket.h>

#include <functional>
#include <string>

namespace reconciled::http {

class HttplibServer : public httplib::Server {
 public:
  // For one that listens by itself, once it is bound: cpp-httplib lets five connections wait, and of
  // a burst the others would be tried again a second later.
  [[nodiscard]] bool widen_backlog() { return ::listen(svr_sock_, SOMAXCONN) == 0; }

 protected:
  using SetUp = std::function<void(httplib::Request&)>;

  // Reads one request from `stream`, routes it and writes the answer there. `set_up` may change the
  // request before it is routed. False where the connection cannot go on.
  bool serve(httplib::Stream& stream, bool close, bool& closed, const SetUp& set_up) {
    return serve_by(&HttplibServer::process_request, stream, close, closed, set_up);
  }

 private:
  using OfStream = bool (httplib::Server::*)(httplib::Stream&, bool, bool&, const SetUp&);
  using OfAddresses = bool (httplib::Server::*)(httplib::Stream&, const std::string&, int,
                                                const std::string&, int, bool, bool&, const SetUp&);

  bool serve_by(OfStream process, httplib::Stream& stream, bool close, bool& closed,
                const SetUp& set_up) {
    return (this->*process)(stream, close, closed, set_up);
  }
  // Nobody here asks cpp-httplib for an address.
  bool serve_by(OfAddresses process, httplib::Stream& stream, bool close, bool& closed,
                const SetUp& set_up) {
    return (this->*process)(stream, {}, 0, {}, 0, close, closed, set_up);
  }
};

}  // namespace reconciled::http
