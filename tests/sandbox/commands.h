// `portone-sandbox pay|deposit|cancel`: drives a running sandbox over its control API, and tells in
// words what happened, what was sent to whom with which answer, and what to do next.
//
// Exit status: 0 done, 1 refused or nobody there, 2 wrong usage. It waits for the webhooks that it
// set off until each has left, a little at most.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace reconciled::sandbox {

struct CommandOptions {
  std::string program = "portone-sandbox";  // as it was called, for hints
  std::string url = "http://127.0.0.1:8810";  // where the sandbox listens
  bool is_usual_url = true;                   // hints need not repeat it
  std::string order;
  std::string amount;  // as it was typed; minor units. Empty: not given
  std::string currency = "KRW";
  std::string api = "v2";
  std::string channel;  // live | test; empty: the sandbox's own
  std::string outcome = "paid";
  std::string webhook;  // now | late=5s | lost | twice; empty: as PortOne does
};

int pay(const CommandOptions& options);
int deposit(const CommandOptions& options);
int cancel(const CommandOptions& options);

}  // namespace reconciled::sandbox
