// Mail over SMTP: no login and no text reaches a server that is not proven to be the one.
#include "daemon/http/client_mail.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "tests/http/edge_fixture.h"
#include "tests/http/scripted_server.h"
#include "tests/http/test_certificate.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;
using namespace std::chrono_literals;
using reconciled::http::Mail;
using reconciled::http::MailClient;

namespace {

std::string fault_of(Mail mail) {
  mail.user = "me";
  mail.password = "topsecret";
  mail.from = "a@shop.example";
  mail.to = {"b@shop.example"};
  mail.text = "Subject: x\r\n\r\nx\r\n";
  MailClient client;
  std::optional<std::string> fault;
  client.send(std::move(mail), [&](const std::string& said) { fault = said; });
  while (!fault) {
    client.run_once();
    std::this_thread::sleep_for(5ms);
  }
  CHECK_FALSE(client.is_busy());
  CHECK(fault->find("topsecret") == std::string::npos);
  return *fault;
}

}  // namespace

TEST_CASE("mail: a certificate of an unknown issuer is refused") {
  TemporaryFolder folder;
  Served served;
  served.options.tls_cert = folder / "cert.pem";
  served.options.tls_key = folder / "key.pem";
  make_certificate(served.options.tls_cert, served.options.tls_key, "localhost", "DNS:localhost");
  served.start();
  const std::string fault =
      fault_of({.url = "smtps://localhost:" + std::to_string(served.edge.port(served.listener))});
  CAPTURE(fault);
  CHECK(fault.find("certificate") != std::string::npos);
}

TEST_CASE("mail: beyond this machine without TLS nothing is said") {
  std::string heard;
  ScriptedServer server([&](RawSocket& client, int) {
    client.send("220 mail ESMTP\r\n");
    std::this_thread::sleep_for(50ms);
    client.send("250-mail\r\n250 AUTH PLAIN LOGIN\r\n");
    heard = client.read_to_end();
  });
  const std::string origin =
      server.options().base_url.substr(std::string("http://127.0.0.1").size());
  // A name that is not this machine's own, though it leads here.
  const std::string fault = fault_of({.url = "smtp://mail.localhost" + origin});
  CAPTURE(fault);
  CHECK(fault.find("TLS") != std::string::npos);
  std::this_thread::sleep_for(100ms);
  CHECK(heard.find("AUTH") == std::string::npos);
  CHECK(heard.find("MAIL FROM") == std::string::npos);
}

TEST_CASE("mail: a server that says nothing costs its deadline, and letting go no time") {
  ScriptedServer server([](RawSocket& client, int) { static_cast<void>(client.sees_end(10s)); });
  Mail mail{.url = "smtp://" + server.options().base_url.substr(7)};
  mail.deadline = 300ms;
  const auto began = std::chrono::steady_clock::now();
  CHECK_FALSE(fault_of(mail).empty());
  CHECK(std::chrono::steady_clock::now() - began < 2s);
  auto letting_go = std::chrono::steady_clock::now();
  {
    MailClient client;
    mail.deadline = 30s;
    mail.from = "a@b.kr";
    mail.to = {"b@b.kr"};
    client.send(mail, [](const std::string&) { FAIL("nobody is told"); });
    for (int i = 0; i < 20; ++i) {
      client.run_once();
      std::this_thread::sleep_for(10ms);
    }
    CHECK(client.is_busy());
    letting_go = std::chrono::steady_clock::now();
  }
  CHECK(std::chrono::steady_clock::now() - letting_go < 1s);
}
