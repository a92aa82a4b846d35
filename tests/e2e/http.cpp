#include "tests/e2e/http.h"

#include <strings.h>

#include <algorithm>
#include <stdexcept>

#include "daemon/http/client.h"
#include "tests/e2e/child_process.h"
#include "tests/support/raw_socket.h"

namespace reconciled::e2e {
namespace {

test::RawSocket connect_to(const Endpoint& endpoint) {
  if (endpoint.address.starts_with("unix:")) {
    return test::RawSocket::local(endpoint.address.substr(5));
  }
  const auto colon = endpoint.address.rfind(':');
  std::string ip = endpoint.address.substr(0, colon);
  if (ip.starts_with('[')) ip = ip.substr(1, ip.size() - 2);
  const auto port = std::stoul(endpoint.address.substr(colon + 1));
  return test::RawSocket::tcp(static_cast<std::uint16_t>(port), ip);
}

bool has_header(const Headers& headers, const char* name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return strcasecmp(header.first.c_str(), name) == 0;
  });
}

Answer ask_over_tls(const Endpoint& endpoint, const Call& call) {
  http::ClientOptions options{.base_url = "https://" + endpoint.address,
                              .ca_file = endpoint.ca_file};
  options.connect_timeout = kPatience;
  options.read_timeout = kPatience;
  options.total_deadline = kPatience;
  http::Client client(options);
  http::ClientRequest request{call.method, call.target, {}, call.body, {}};
  for (const auto& [name, value] : call.headers) {
    if (strcasecmp(name.c_str(), "content-type") == 0) {
      request.content_type = value;
    } else {
      request.headers.emplace_back(name, value);
    }
  }
  const auto response = client.send(request);
  if (!response.ok()) throw std::runtime_error("TLS call: " + response.error().detail);
  return {response.value().status, "", response.value().body};
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at)) {
    at += 2;
    const auto colon = head.find(':', at);
    if (colon == std::string::npos) break;
    if (strcasecmp(head.substr(at, colon - at).c_str(), name.c_str()) != 0) continue;
    const auto begin = head.find_first_not_of(' ', colon + 1);
    return head.substr(begin, head.find("\r\n", colon) - begin);
  }
  return {};
}

Json Answer::json() const {
  Json parsed = Json::parse(body, nullptr, false);
  return parsed.is_discarded() ? Json() : parsed;
}

std::string Endpoint::host() const { return address.starts_with("unix:") ? "localhost" : address; }

Answer parse_answer(const std::string& text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.size() < 12) return {};
  return {std::stoi(text.substr(9, 3)), text.substr(0, end + 2), text.substr(end + 4)};
}

std::string bytes_of(const Endpoint& endpoint, const Call& call, bool keep_alive) {
  std::string bytes = call.method + " " + call.target + " HTTP/1.1\r\n";
  if (!has_header(call.headers, "host")) bytes += "Host: " + endpoint.host() + "\r\n";
  for (const auto& [name, value] : call.headers) bytes += name + ": " + value + "\r\n";
  if (call.method != "GET" || !call.body.empty()) {
    bytes += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  if (!keep_alive) bytes += "Connection: close\r\n";
  return bytes + "\r\n" + call.body;
}

Answer ask_raw(const Endpoint& endpoint, const std::string& bytes) {
  auto socket = connect_to(endpoint);
  socket.send_if_open(bytes);
  return parse_answer(socket.read_to_end(kPatience));
}

Answer ask(const Endpoint& endpoint, const Call& call) {
  if (!endpoint.ca_file.empty()) return ask_over_tls(endpoint, call);
  return ask_raw(endpoint, bytes_of(endpoint, call));
}

}  // namespace reconciled::e2e
