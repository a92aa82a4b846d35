#include "daemon/core/messages/stored_headers.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace reconciled;

namespace {

nlohmann::json stored(const std::vector<std::pair<std::string, std::string>>& headers) {
  return nlohmann::json::parse(core::stored_headers(headers));
}

}  // namespace

TEST_CASE("stored headers: the allow-list is kept, in any case of letters") {
  const nlohmann::json kept = stored({{"Content-Type", "application/json"},
                                      {"USER-AGENT", "PortOne"},
                                      {"webhook-id", "msg_1"},
                                      {"Webhook-Timestamp", "1795000000"},
                                      {"webhook-signature", "v1,abc"}});
  CHECK(kept == nlohmann::json{{"content-type", "application/json"},
                               {"user-agent", "PortOne"},
                               {"webhook-id", "msg_1"},
                               {"webhook-timestamp", "1795000000"},
                               {"webhook-signature", "v1,abc"}});
}

TEST_CASE("stored headers: cookies, credentials and where the buyer came from are never kept") {
  for (const char* name : {"Cookie", "cookie", "COOKIE", "Authorization", "authorization",
                           "Referer", "referer", "Set-Cookie", "Proxy-Authorization",
                           "X-Forwarded-For", "X-Api-Key", "Host", "Accept-Language"}) {
    CAPTURE(std::string(name));
    CHECK(stored({{name, "secret"}}) == nlohmann::json::object());
  }
}

TEST_CASE("stored headers: values are cleaned and clipped") {
  const nlohmann::json kept = stored({{"User-Agent", "a\x01\xff" + std::string(10'000, 'x')}});
  const std::string value = kept.at("user-agent");
  CHECK(value.size() <= 1024);
  CHECK(value.find('\x01') == std::string::npos);
}
