// What goes through the running daemon: it alone writes its file.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;

// The daemon answers writes within 10 s.
constexpr auto kPatience = 15s;

// The answer's body, or nothing after what went wrong has been said.
std::optional<std::string> call(const core::Config& config, const std::string& method,
                                const std::string& target, const std::string& body) {
  AdminClient client(config.admin, kPatience);
  const auto answer = client.send(method, target, body);
  if (!answer.ok()) {
    std::fprintf(stderr, "reconciled: %s\n", answer.error().c_str());
    return std::nullopt;
  }
  if (answer.value().status / 100 != 2) {
    std::fprintf(stderr, "reconciled: %s\n", words_of(answer.value()).c_str());
    return std::nullopt;
  }
  return answer.value().body;
}

}  // namespace

int order(const core::Config& config, const std::string& payment_id, std::int64_t amount,
          const std::string& currency) {
  const auto registered =
      call(config, "PUT", "/orders/" + core::percent_encode(payment_id),
           core::write_json({{"amount", amount}, {"currency", currency}}));
  if (!registered) return kFailed;
  std::fputs(registered->c_str(), stdout);
  return kDone;
}

int lookup(const core::Config& config, const std::string& payment_id) {
  if (!call(config, "POST", "/payments/" + core::percent_encode(payment_id) + "/lookup", "{}")) {
    return kFailed;
  }
  std::printf("PortOne is being asked about %s; `reconciled show` tells what it says\n",
              plain(payment_id).c_str());
  return kDone;
}

int replay(const core::Config& config, std::int64_t event_id) {
  if (!call(config, "POST", "/events/" + std::to_string(event_id) + "/replay", "{}")) {
    return kFailed;
  }
  std::printf("event %lld is being reconciled again\n", static_cast<long long>(event_id));
  return kDone;
}

}  // namespace reconciled::commands
