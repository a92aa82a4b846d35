#include "daemon/commands/admin_client.h"

#include <nlohmann/json.hpp>

#include "daemon/commands/terminal.h"

namespace reconciled::commands {
namespace {

http::ClientOptions options_for(const core::AdminConfig& admin,
                                std::chrono::milliseconds patience) {
  http::ClientOptions options;
  options.connect_timeout = std::min(options.connect_timeout, patience);
  options.read_timeout = patience;
  options.total_deadline = patience;
  options.max_response_bytes = 64 * 1024 * 1024;
  const core::ListenAddress& listen = admin.listen;
  if (listen.kind == core::ListenAddress::Kind::kUnix) {
    options.base_url = "http://localhost";
    options.unix_path = listen.path;
    return options;
  }
  std::string host = listen.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  options.base_url =
      (admin.tls_cert.empty() ? "http://" : "https://") + host + ":" + std::to_string(listen.port);
  // The daemon's own certificate is what we expect to meet.
  options.ca_file = admin.tls_cert;
  return options;
}

}  // namespace

AdminClient::AdminClient(const core::AdminConfig& admin, std::chrono::milliseconds patience)
    : address_(admin.listen.to_text()),
      authorization_(admin.token.empty() ? "" : "Bearer " + admin.token),
      client_(options_for(admin, patience)) {}

core::Outcome<http::ClientResponse, std::string> AdminClient::send(const std::string& method,
                                                                   const std::string& target,
                                                                   const std::string& body) {
  http::ClientRequest request{.method = method, .target = target, .body = body};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  if (method != "GET") request.content_type = "application/json";
  auto response = client_.send(request);
  if (response.ok()) return std::move(response.value());
  return "the daemon does not answer at " + address_ + " (" + response.error().detail +
         "): is it running? `systemctl status reconciled` tells, or `reconciled check`";
}

std::string words_of(const http::ClientResponse& refusal) {
  const auto json = nlohmann::json::parse(refusal.body, nullptr, false);
  const auto error = json.is_object() ? json.find("error") : json.end();
  if (json.is_object() && error != json.end() && error->is_object() && error->contains("message") &&
      (*error)["message"].is_string()) {
    std::string words = plain((*error)["message"].get<std::string>());
    if (error->contains("code") && (*error)["code"].is_string()) {
      words += " (" + std::to_string(refusal.status) + " " +
               plain((*error)["code"].get<std::string>()) + ")";
    }
    return words;
  }
  return "the daemon answers " + std::to_string(refusal.status);
}

}  // namespace reconciled::commands
