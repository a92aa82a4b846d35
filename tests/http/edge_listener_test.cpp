#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <system_error>

#include "tests/http/edge_fixture.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;
using reconciled::http::Edge;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat file {};
  return lstat(path.c_str(), &file) == 0 ? file.st_mode & 0777 : 0;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string who(RawSocket socket) {
  socket.send(get("/who", kClose + "X-Forwarded-For: 1.1.1.1\r\n"));
  return body_of(socket.read_to_end());
}

}  // namespace

TEST_CASE("listener: a port that is taken is refused by name, also to ourselves") {
  Served served;
  served.start();
  Served second;
  second.options.port = served.edge.port(served.listener);
  try {
    second.start();
    FAIL("bound twice");
  } catch (const std::system_error& error) {
    CHECK(error.code().value() == EADDRINUSE);
    CHECK(has(error.what(), "127.0.0.1 port " + std::to_string(second.options.port)));
  }
}

TEST_CASE("listener: an edge that was never started lets go of its address") {
  Served served;
  {
    Edge unstarted(1);
    served.options.port = unstarted.port(unstarted.listen(served.options, served.router));
  }
  served.start();
  CHECK(who(served.connect()) == "127.0.0.1|127.0.0.1|plain");
}

TEST_CASE("listener: IPv6, and both versions on ::") {
  Served six;
  six.options.host = "::1";
  six.start();
  const auto port = six.edge.port(six.listener);
  CHECK(who(RawSocket::tcp(port, "::1")) == "::1|::1|plain");
  CHECK_THROWS(static_cast<void>(RawSocket::tcp(port)));
  Served both;
  both.options.host = "::";
  both.start();
  CHECK(who(RawSocket::tcp(both.edge.port(both.listener), "::1")) == "::1|::1|plain");
  CHECK(who(RawSocket::tcp(both.edge.port(both.listener))) == "127.0.0.1|127.0.0.1|plain");
}

TEST_CASE("listener: a Unix socket is for owner and group and goes away at the end") {
  const TemporaryFolder folder;
  const auto path = folder / "edge.sock";
  {
    Served served;
    served.options.unix_path = path;
    served.start();
    CHECK(mode_of(path) == 0660);
    CHECK(who(RawSocket::local(path)) == "||plain");
    served.edge.set_trusted_proxies({"unix:"});
    CHECK(who(RawSocket::local(path)) == "|1.1.1.1|plain");
    Served second;
    second.options.unix_path = path;
    CHECK_THROWS_AS(second.start(), std::system_error);
    CHECK(who(RawSocket::local(path)) == "|1.1.1.1|plain");
  }
  CHECK_FALSE(exists(path));
}

TEST_CASE("listener: a dead socket's file is replaced, any other file is not") {
  const TemporaryFolder folder;
  const auto path = folder / "edge.sock";
  {
    const RawSocket dead(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(bind(dead.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  REQUIRE(exists(path));
  Served served;
  served.options.unix_path = path;
  served.start();
  CHECK(who(RawSocket::local(path)) == "||plain");

  const auto precious = folder / "file";
  std::ofstream(precious) << "x";
  Served second;
  second.options.unix_path = precious;
  CHECK_THROWS_AS(second.start(), std::system_error);
  CHECK(exists(precious));
  second.options.unix_path = folder / std::string(200, 'x');
  CHECK_THROWS_AS(second.start(), std::system_error);
}

TEST_CASE("listener: a descriptor handed over is used, one that does not listen is refused") {
  Served served;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  served.options.inherited_fd = fd;
  CHECK_THROWS_AS(served.start(), std::system_error);
  REQUIRE(listen(fd, 8) == 0);
  served.start();
  CHECK(who(served.connect()) == "127.0.0.1|127.0.0.1|plain");
}

TEST_CASE("listener: an address that does not exist is refused") {
  Served served;
  served.options.host = "203.0.113.1";
  CHECK_THROWS_AS(served.start(), std::system_error);
}
