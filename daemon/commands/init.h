// `reconciled init`: writes a first configuration and says what else it takes until the first payment.
//
// Asks nothing. What it writes is the commented example (systemd/reconciled.toml, which is built in) with
// the answers filled in, so both say the same.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/core/words/embedded_file.h"

namespace reconciled::commands {

struct InitOptions {
  bool v1 = false;  // neither: V2 where a store is named, else both
  bool v2 = false;
  std::string store_id;          // empty: left for the person to fill in
  std::string channel = "live";  // live | test
  std::string url;               // where the reverse proxy stands, "https://pay.example.com"; empty: unknown
  std::int64_t port = 8801;      // of webhooks; redirects and the admin endpoint get the next two
  bool force = false;            // a file that is there is kept beside, as FILE.old
};

// Which APIs are meant.
struct InitApis {
  bool v1 = false;
  bool v2 = false;
};
[[nodiscard]] InitApis apis_of(const InitOptions& options);

// The configuration's text; `shop` is the instance's name, or empty.
[[nodiscard]] std::string configuration_of(const InitOptions& options, const std::string& shop);
// What is wrong with it, secrets aside and what is left to fill in.
[[nodiscard]] std::vector<core::ConfigFault> faults_of(const std::string& text,
                                                       const InitOptions& options);

// Writes `config_path`, says what comes next, and asks PortOne where all secrets are there.
int init(const std::string& config_path, const InitOptions& options);

// The example, built in.
const std::vector<core::EmbeddedFile>& example_files();

}  // namespace reconciled::commands
