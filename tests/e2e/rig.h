// A shop's day in one object: a folder, a PortOne, a daemon, and what PortOne and browsers send.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/daemon_process.h"
#include "tests/e2e/sandbox_process.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::e2e {

class Rig {
 public:
  // `settings.sandbox_url` is filled in; PortOne's webhooks go to the daemon. `program`: see
  // DaemonProcess.
  explicit Rig(Settings settings = {}, const std::vector<std::string>& sandbox_options = {},
               const Command& program = {});

  test::TemporaryFolder folder;
  SandboxProcess portone;
  DaemonProcess daemon;

  // Starts the daemon anew; its ports are new, too.
  void restart();
  // The buyer's browser comes back with this query.
  Answer come_back(const std::string& query, const Headers& headers = {});
  Answer deliver(const Call& webhook) { return ask(daemon.webhook(), webhook); }
  // Fails the test unless it is acknowledged.
  void acknowledged(const Call& webhook);
};

inline const std::vector<std::string> kVersions{"v1", "v2"};

struct SignedHeaders {
  std::string id = "msg_1";
  std::string secret = SandboxProcess::kSecret;
  std::int64_t seconds_ago = 0;
};
// A JSON POST to the webhook path, with Standard Webhooks' headers.
[[nodiscard]] Call signed_call(const Json& body, const SignedHeaders& headers = {});
[[nodiscard]] Call v2_webhook(const std::string& type, const std::string& payment_id,
                              const std::string& attempt_id, const SignedHeaders& headers = {});
[[nodiscard]] Call v1_webhook(const std::string& imp_uid, const std::string& merchant_uid,
                              const std::string& status);
// The webhook that PortOne would send for `attempt` (as the sandbox described it) being paid.
[[nodiscard]] Call paid_webhook(const Json& attempt, const SignedHeaders& headers = {});

// An attempt for the sandbox to make, of which PortOne sends no webhook.
[[nodiscard]] Json made(const std::string& version, const std::string& id,
                        const std::string& status);
// With this `lookup_schedule` ("\"1s\", \"1h\"") and other lines of [reconcile].
[[nodiscard]] Settings scheduled(const std::string& schedule, const std::string& more = "");

// The state that the buyer's page shows; empty if it is none.
[[nodiscard]] std::string state_in(const Answer& page);
// The page's own address for asking again; empty if it has none.
[[nodiscard]] std::string status_target(const Answer& page);

// What `attempt` (as the sandbox made it) is named by.
[[nodiscard]] std::string id_of(const Json& attempt);

}  // namespace reconciled::e2e
