#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/commands/commands.h"
#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "daemon/http/client.h"

namespace reconciled::commands {
namespace {

http::ClientOptions options_for(const core::AdminConfig& admin) {
  http::ClientOptions options;
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
  options.base_url = (admin.tls_cert.empty() ? "http://" : "https://") + host + ":" +
                     std::to_string(listen.port);
  // The daemon's own certificate is what we expect to meet.
  options.ca_file = admin.tls_cert;
  return options;
}

int call(const core::Config& config, http::ClientRequest request) {
  if (!config.admin.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + config.admin.token);
  }
  request.content_type = "application/json";
  http::Client client(options_for(config.admin));
  const auto response = client.send(request);
  if (!response.ok()) {
    std::fprintf(stderr, "the daemon does not answer at %s (%s): is it running?\n",
                 config.admin.listen.to_text().c_str(), response.error().detail.c_str());
    return kFailed;
  }
  const bool ok = response.value().status / 100 == 2;
  std::fputs(response.value().body.c_str(), ok ? stdout : stderr);
  return ok ? kDone : kFailed;
}

}  // namespace

int order(const core::Config& config, const std::string& payment_id, std::int64_t amount,
          const std::string& currency) {
  return call(config, {.method = "PUT",
                       .target = "/orders/" + core::percent_encode(payment_id),
                       .body = core::write_json({{"amount", amount}, {"currency", currency}})});
}

int lookup(const core::Config& config, const std::string& payment_id) {
  return call(config, {.method = "POST",
                       .target = "/payments/" + core::percent_encode(payment_id) + "/lookup",
                       .body = "{}"});
}

int replay(const core::Config& config, std::int64_t event_id) {
  return call(config, {.method = "POST",
                       .target = "/events/" + std::to_string(event_id) + "/replay",
                       .body = "{}"});
}

}  // namespace reconciled::commands
