// What goes through the running daemon: it alone writes its file.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;

// The daemon answers writes within 10 s.
constexpr auto kPatience = 15s;
constexpr auto kPollEvery = 200ms;

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

// Who does it by hand: whoever became root, not root.
std::string user_name() {
  for (const char* variable : {"SUDO_USER", "DOAS_USER"}) {
    const char* const name = std::getenv(variable);
    if (name != nullptr && *name != '\0') return clip(plain(name), 100);
  }
  const passwd* const user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : "user " + std::to_string(::getuid());
}

// An empty one would be another path.
bool is_id(const std::string& payment_id) {
  if (payment_id.empty()) std::fputs("reconciled: PAYMENT_ID must not be empty\n", stderr);
  return !payment_id.empty();
}

void say_registered(const std::string& payment_id, const OrderOptions& options) {
  const auto currency = core::Currency::make(options.currency);
  std::printf("order %s is %s: %s\n", plain(payment_id).c_str(),
              options.correct ? "corrected" : "registered",
              currency ? core::readable_amount(options.amount, *currency).c_str() : "-");
}

// What PortOne said to an order, in words; fails where it refused.
int told(const std::string& registered, bool in_words) {
  int result = kDone;
  const auto answer = core::parse_json(registered);
  const nlohmann::json* const apis =
      answer.ok() ? core::member(answer.value(), "preregistered") : nullptr;
  if (apis == nullptr || !apis->is_object()) return kDone;
  for (const auto& [api, one] : apis->items()) {
    const std::string state = core::text_member(one, "state").value_or("");
    if (state == "done") {
      if (in_words) {
        std::printf("PortOne %s is told: no payment window opens for another amount\n", plain(api).c_str());
      }
      continue;
    }
    const std::string detail = core::text_member(one, "detail").value_or("no answer yet");
    const char* const words = state == "pending" ? "is not told yet and will be, as soon as it answers"
                                                 : "does not take it";
    std::fprintf(stderr, "reconciled: PortOne %s %s: %s\n", plain(api).c_str(), words,
                 plain(detail).c_str());
    if (state != "pending") result = kFailed;
  }
  return result;
}

}  // namespace

int order(const core::Config& config, const std::string& payment_id, const OrderOptions& options) {
  if (options.correct == options.note.empty()) {
    std::fputs("reconciled: order: --correct and --note belong together\n", stderr);
    return kUsage;
  }
  if (!is_id(payment_id)) return kUsage;
  nlohmann::json body{{"amount", options.amount},
                      {"currency", options.currency},
                      {"preregister", options.preregister}};
  if (options.correct) body.update({{"correct", true}, {"note", options.note}, {"by", user_name()}});
  const auto registered = call(config, "PUT", "/orders/" + core::percent_encode(payment_id),
                               core::write_json(body));
  if (!registered) return kFailed;
  if (options.json) {
    std::fputs(registered->c_str(), stdout);
  } else {
    say_registered(payment_id, options);
  }
  return options.preregister ? told(*registered, !options.json) : kDone;
}

int resolve(const core::Config& config, std::int64_t finding_id, const std::string& note) {
  const std::string id = std::to_string(finding_id);
  const auto answer = call(config, "POST", "/findings/" + id + "/resolve",
                           core::write_json({{"note", note}, {"by", user_name()}}));
  if (!answer) return kFailed;
  const auto finding = core::parse_json(*answer);
  if (!finding.ok()) return kFailed;
  const auto word = [&](const char* name) {
    return plain(core::text_member(finding.value(), name).value_or(""));
  };
  // The first note stays.
  const bool is_ours = word("note") == plain(note);
  std::printf("finding %s (%s of %s) %s by %s: %s\n", id.c_str(), word("kind").c_str(),
              word("payment_id").c_str(), is_ours ? "is closed" : "was closed already",
              word("by").c_str(), word("note").c_str());
  const std::string payment_id = core::text_member(finding.value(), "payment_id").value_or("");
  const auto held =
      call(config, "GET", "/payments/" + core::percent_encode(payment_id) + "?timeline=0", "");
  const auto payment = core::parse_json(held.value_or("null"));
  const bool is_held = payment.ok() && core::text_member(payment.value(), "result") == "paid" &&
                       core::bool_member(payment.value(), "deliverable") == false;
  if (is_held) {
    std::printf("%s is paid and still held: closing lifts no hold. A correction does, where it was "
                "registered wrongly (`reconciled order %s --amount … --correct --note …`), or a refund\n",
                plain(payment_id).c_str(), plain(payment_id).c_str());
  }
  return kDone;
}

int lookup(const core::Config& config, const std::string& payment_id) {
  if (!is_id(payment_id)) return kUsage;
  const auto asked =
      call(config, "POST", "/payments/" + core::percent_encode(payment_id) + "/lookup", "{}");
  if (!asked) return kFailed;
  const auto answer = core::parse_json(*asked);
  const bool is_known = !answer.ok() || core::bool_member(answer.value(), "known").value_or(true);
  std::printf("PortOne is being asked about %s%s; `reconciled show` tells what it says\n",
              plain(payment_id).c_str(),
              is_known ? "" : ", of which nothing is known here yet (is it mistyped?)");
  return kDone;
}

int replay(const core::Config& config, std::int64_t event_id) {
  if (!call(config, "POST", "/events/" + std::to_string(event_id) + "/replay", "{}")) {
    return kFailed;
  }
  std::printf("event %lld is being reconciled again\n", static_cast<long long>(event_id));
  return kDone;
}

int resend(const core::Config& config, const ResendOptions& options) {
  if (options.notification > 0) {
    if (!options.since.empty() || !options.until.empty() || options.failed) {
      std::fputs("reconciled: resend takes a NOTIFICATION_ID or --since, not both\n", stderr);
      return kUsage;
    }
    const std::string id = std::to_string(options.notification);
    if (!call(config, "POST", "/notifications/" + id + "/resend", "{}")) return kFailed;
    std::printf("message %s is sent again\n", id.c_str());
    return kDone;
  }
  const LocalTime local(config.timezone);
  if (options.since.empty()) {
    std::fputs("reconciled: resend takes a NOTIFICATION_ID or --since\n", stderr);
    return kUsage;
  }
  nlohmann::json body{{"failed", options.failed}};
  for (const auto& [name, text] : {std::pair{"since", &options.since}, {"until", &options.until}}) {
    if (text->empty()) continue;
    const auto time = local.parse(*text);
    if (!time) {
      std::fprintf(stderr, "%s\n", fault_of_time(std::string("--") + name, *text, local).c_str());
      return kUsage;
    }
    body[name] = core::to_rfc3339(*time);
  }
  const auto answer = call(config, "POST", "/notifications/resend", core::write_json(body));
  if (!answer) return kFailed;
  const auto counts = core::parse_json(*answer);
  if (!counts.ok()) return kFailed;
  const std::int64_t resent = core::integer_member(counts.value(), "resent").value_or(0);
  const std::int64_t superseded = core::integer_member(counts.value(), "superseded").value_or(0);
  std::printf("%lld %s sent again, each payment's in order\n", static_cast<long long>(resent),
              resent == 1 ? "message is" : "messages are");
  if (superseded > 0) {
    std::printf("%lld said that a payment may be delivered, and that no longer holds: not sent\n",
                static_cast<long long>(superseded));
  }
  const std::int64_t expired = core::integer_member(counts.value(), "expired").value_or(0);
  if (expired > 0) {
    std::printf("%lld older than storage.retention_days, whose text has left: not sent\n",
                static_cast<long long>(expired));
  }
  return kDone;
}

int prune(const core::Config& config) {
  auto answer = call(config, "POST", "/prune", "{}");
  for (;;) {
    if (!answer) return kFailed;
    const auto round = core::parse_json(*answer);
    if (!round.ok()) return kFailed;
    const auto number = [&](const char* name) {
      return static_cast<long long>(core::integer_member(round.value(), name).value_or(0));
    };
    if (core::bool_member(round.value(), "running").value_or(false)) {
      std::this_thread::sleep_for(kPollEvery);
      answer = call(config, "GET", "/prune", "");
      continue;
    }
    const auto fault = core::text_member(round.value(), "fault");
    if (fault) {
      std::fprintf(stderr, "reconciled: %s\n", plain(*fault).c_str());
      if (number("events") + number("answers") + number("messages") == 0) return kFailed;
    }
    std::printf("%lld messages and %lld of PortOne's answers are older than %lld days and lost their raw "
                "bodies; decisions, history and amounts stay\n",
                number("events"), number("answers"), number("retention_days"));
    if (number("messages") > 0) {
      std::printf("so did %lld messages to your backend: they cannot be sent again\n", number("messages"));
    }
    return fault ? kFailed : kDone;
  }
}

int notify(const core::Config& config, bool paused) {
  if (!call(config, "POST", paused ? "/notifications/pause" : "/notifications/resume", "{}")) {
    return kFailed;
  }
  std::puts(paused ? "messages to your backend wait; `reconciled notify resume` sends them"
                   : "messages to your backend go on");
  return kDone;
}

}  // namespace reconciled::commands
