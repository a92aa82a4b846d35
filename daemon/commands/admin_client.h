// The commands' way to the running daemon: its admin endpoint, as the configuration names it.
#pragma once

#include <chrono>
#include <string>

#include "daemon/core/config/config.h"
#include "daemon/http/client.h"

namespace reconciled::commands {

class AdminClient {
 public:
  // `patience`: for each call.
  AdminClient(const core::AdminConfig& admin, std::chrono::milliseconds patience);

  // The answer, whatever its status, or one line that says why there is none.
  [[nodiscard]] core::Outcome<http::ClientResponse, std::string> send(const std::string& method,
                                                                      const std::string& target,
                                                                      const std::string& body = {});

 private:
  std::string address_;
  std::string authorization_;
  http::Client client_;
};

// Why a call was refused, in words for a terminal: the message of `{"error":…}`, or the status.
[[nodiscard]] std::string words_of(const http::ClientResponse& refusal);

}  // namespace reconciled::commands
