// What `portone-sandbox` is started with; plain values with the defaults of `--help`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace reconciled::sandbox {

struct Options {
  std::string host = "127.0.0.1";  // a loopback address; others are refused
  std::uint16_t port = 0;          // 0: any free one
  std::vector<std::string> webhook_urls;
  // All of them sign every V2 webhook, as PortOne does while a secret is being rotated.
  std::vector<std::string> webhook_secrets{"whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="};
  std::string store_id = "store-00000000-0000-4000-8000-000000000000";
  std::string api_secret = "sandbox_api_secret";
  std::string imp_key = "sandbox_key";
  std::string imp_secret = "sandbox_secret";
  std::string channel = "live";  // of payments that do not say: live | test
  std::string return_url;        // of the shop, as pages and commands suggest it
  std::string v1_webhook_format = "json";         // json | form
  std::string v2_webhook_version = "2024-04-25";  // | 2024-01-01
  int v1_webhook_retries = 0;                     // PortOne: none unless asked for by mail
  int v2_webhook_retries = 5;
  std::chrono::milliseconds webhook_retry{200};  // wait before the first retry, then four-fold
};

}  // namespace reconciled::sandbox
