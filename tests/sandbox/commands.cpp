#include "tests/sandbox/commands.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "daemon/core/words/text.h"
#include "daemon/http/client.h"
#include "tests/sandbox/orders.h"

namespace reconciled::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr auto kPatience = 10s;     // of one call
constexpr auto kLongestWait = 40s;  // for a webhook, behind its delay: PortOne's own is 30 s
constexpr std::size_t kShownBytes = 200;

std::string clean(const std::string& text) { return core::clean_text(text, kShownBytes); }

void complain(const std::string& words) {
  std::fprintf(stderr, "portone-sandbox: %s\n", words.c_str());
}

std::string text_at(const Json& body, const char* name) {
  return body.is_object() && body.contains(name) && body[name].is_string()
             ? body[name].get<std::string>()
             : std::string();
}

std::int64_t number_at(const Json& body, const char* name) {
  return body.is_object() && body.contains(name) && body[name].is_number_integer()
             ? body[name].get<std::int64_t>()
             : 0;
}

// A running sandbox.
class Control {
 public:
  explicit Control(const CommandOptions& options)
      : options_(options),
        client_(http::ClientOptions{.base_url = options.url,
                                    .connect_timeout = kPatience,
                                    .read_timeout = kPatience,
                                    .total_deadline = kPatience,
                                    .max_response_bytes = 64 * 1024 * 1024}) {}

  // The answer; or nothing, after it has been said why.
  std::optional<Json> call(const std::string& method, const std::string& target,
                           const Json& body = Json::object()) {
    http::ClientRequest request{.method = method, .target = target};
    if (method != "GET") {
      request.body = dump(body);
      request.content_type = "application/json";
    }
    const auto response = client_.send(request);
    if (!response.ok()) {
      const bool is_nobody = response.error().fault == http::ClientFault::kConnect;
      complain((is_nobody ? "nothing listens at " + options_.url
                          : "no answer from " + options_.url + " (" +
                                clean(response.error().detail) + ")") +
               ": start one with `portone-sandbox`, or say with --url where one is");
      return std::nullopt;
    }
    Json answer = Json::parse(response.value().body, nullptr, false);
    if (response.value().status / 100 == 2 && answer.is_object()) return answer;
    const std::string words =
        answer.is_object() && answer.contains("error") ? text_at(answer["error"], "message") : "";
    if (words.empty()) {
      complain("what answers at " + options_.url + " is no portone-sandbox (it says " +
               std::to_string(response.value().status) + ")");
    } else {
      complain(clean(words));
    }
    return std::nullopt;
  }

 private:
  const CommandOptions& options_;
  http::Client client_;
};

// One word for a shell, whatever it holds.
std::string shell_word(const std::string& text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return core::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_./:").find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
  });
  if (is_plain) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string url_option(const CommandOptions& options) {
  return options.is_usual_url ? "" : " --url " + shell_word(clean(options.url));
}

// "portone-sandbox cancel order-1 [--amount N] --url …"
std::string command(const CommandOptions& options, const std::string& what,
                    const std::string& more = "") {
  return shell_word(options.program) + " " + what + " " + shell_word(clean(options.order)) + more +
         url_option(options);
}

std::string words_of_state(const Json& moved) {
  const std::string status = text_at(moved, "status");
  const std::int64_t amount = number_at(moved, "amount");
  const std::string currency = text_at(moved, "currency");
  const std::int64_t cancelled = number_at(moved, "cancelled_amount");
  const std::string money = money_text(amount, currency);
  if (status == "paid" || status == "PAID") return "is paid: " + money;
  if (status == "failed" || status == "FAILED") return "was declined: " + money;
  if (cancelled > 0 && cancelled < amount) {
    return "is cancelled in part: " + money_text(cancelled, currency) + " of " + money;
  }
  if (cancelled > 0) return "is cancelled: " + money;
  if (moved.contains("account")) {
    return "waits for a deposit: " + money + " to account " +
           clean(text_at(moved["account"], "number")) + " until " +
           text_at(moved["account"], "due_at").substr(0, 16) + "Z";
  }
  return "is not paid: the window was opened for " + money + " and left";
}

void tell_state(const CommandOptions& options, const Json& moved) {
  const bool is_v1 = text_at(moved, "version") == "v1";
  std::printf("%s %s\n", clean(options.order).c_str(), words_of_state(moved).c_str());
  std::printf("  %s, %s %s%s\n", is_v1 ? "V1" : "V2", is_v1 ? "imp_uid" : "transaction",
              clean(text_at(moved, "attempt_id")).c_str(),
              text_at(moved, "channel") == "test" ? ", test channel" : "");
}

void tell_silence(Control& control, const Json& moved) {
  const auto webhooks = control.call("GET", "/sandbox/webhooks?payment_id=-");
  if (!webhooks) return;
  if ((*webhooks)["targets"].empty()) {
    std::printf("  no webhook: the sandbox was started without --webhook-url\n");
  } else if (text_at(moved, "version") == "v1") {
    std::printf("  no webhook: PortOne V1 sends none for this\n");
  } else {
    std::printf("  no webhook\n");
  }
}

void tell_delivery(const CommandOptions& options, const Json& moved, const Json& delivery) {
  const std::string what = clean(text_at(delivery, "what"));
  const std::string url = clean(text_at(delivery, "url"));
  const std::int64_t status = number_at(delivery, "response_status");
  const std::string error = clean(text_at(delivery, "error"));
  const bool is_good = status / 100 == 2;
  std::string words;
  if (error == "lost") {
    words = "was lost on its way to " + url + (options.webhook == "lost" ? ", as you wished" : "");
  } else {
    words = "to " + url +
            (status == 0 ? " got no answer (" + error + ")"
                         : " was answered " + std::to_string(status));
  }
  if (!is_good && error != "lost") {
    words += text_at(moved, "version") == "v1" ? "; PortOne V1 does not try again"
                                               : "; PortOne V2 tries again, up to 5 times";
  }
  std::printf("  webhook %s %s\n", what.c_str(), words.c_str());
  std::fflush(stdout);
}

// Waits until every webhook that was set off has left for the first time (twice: for both).
int tell_webhooks(Control& control, const CommandOptions& options, const Json& moved,
                  std::chrono::milliseconds delay) {
  std::set<std::string> ids;
  for (const Json& one : moved["webhooks"]) ids.insert(text_at(one, "webhook_id"));
  if (ids.empty()) {
    tell_silence(control, moved);
    return kDone;
  }
  if (delay.count() > 0) {
    std::printf("  its webhook leaves in %s …\n", options.webhook.substr(5).c_str());
    std::fflush(stdout);
  }
  const std::size_t wanted = ids.size() * (options.webhook == "twice" ? 2 : 1);
  const auto until = std::chrono::steady_clock::now() + delay + kLongestWait;
  const std::string target = "/sandbox/webhooks?payment_id=" + core::percent_encode(options.order);
  std::size_t told = 0;
  while (told < wanted && std::chrono::steady_clock::now() < until) {
    const auto webhooks = control.call("GET", target);
    if (!webhooks) return kFailed;
    std::size_t seen = 0;
    for (const Json& delivery : (*webhooks)["deliveries"]) {
      if (!ids.contains(text_at(delivery, "webhook_id")) || ++seen <= told || told == wanted) {
        continue;
      }
      tell_delivery(options, moved, delivery);
      ++told;
    }
    if (told < wanted) std::this_thread::sleep_for(50ms);
  }
  if (told < wanted) std::printf("  its webhook is still under way\n");
  return kDone;
}

void tell_return(const Json& moved) {
  const std::string url = text_at(moved, "return_url");
  if (url.empty()) {
    std::printf("  the buyer comes back to your page with\n    ?%s\n",
                clean(text_at(moved, "redirect_query")).c_str());
  } else {
    std::printf("  the buyer comes back to\n    %s\n", url.c_str());
  }
}

void tell_next(const CommandOptions& options, const Json& moved) {
  const std::string status = text_at(moved, "status");
  const std::int64_t amount = number_at(moved, "amount");
  const std::int64_t cancelled = number_at(moved, "cancelled_amount");
  const bool is_partly = cancelled > 0 && cancelled < amount;
  std::string next;
  if (status == "paid" || status == "PAID" || is_partly) {
    next = command(options, "cancel", " [--amount N]") + "\n      ";
  } else if (cancelled == 0 && moved.contains("account")) {
    next = command(options, "deposit") + "\n      ";
  } else if (cancelled == 0) {
    next = command(options, "pay", " --amount " + std::to_string(amount)) + "\n      ";
  }
  std::printf("Next: %ssee all payments at %s/\n", next.c_str(), options.url.c_str());
}

int run(const CommandOptions& options, const std::string& what, Json body) {
  Announce announce;
  if (!options.webhook.empty()) {
    if (!read_webhook_word(options.webhook, announce)) {
      complain("--webhook is now, late=5s (at most 1h), lost or twice, not " +
               clean(options.webhook));
      return kUsage;
    }
    body["webhook"] = options.webhook;
  }
  std::optional<Control> control;
  try {
    control.emplace(options);
  } catch (const std::invalid_argument&) {
    complain("--url wants http://HOST:PORT, not " + clean(options.url));
    return kUsage;
  }
  const auto moved = control->call(
      "POST", "/sandbox/orders/" + core::percent_encode(options.order) + "/" + what, body);
  if (!moved) return kFailed;
  tell_state(options, *moved);
  if (what == "pay" && options.outcome != "abandoned") tell_return(*moved);
  const int status = tell_webhooks(*control, options, *moved, announce.delay);
  tell_next(options, *moved);
  return status;
}

// The amount that was typed, into `body`; false, after it has been said, where it is none.
bool take_amount(const CommandOptions& options, Json& body) {
  if (options.amount.empty()) return true;
  const auto amount = to_integer(options.amount);
  if (!amount || *amount <= 0) {
    complain(
        "--amount is a whole number above 0 in minor units (64900 is 64,900 won, or 649.00 "
        "dollars), not " +
        clean(options.amount));
    return false;
  }
  body["amount"] = *amount;
  return true;
}

}  // namespace

int pay(const CommandOptions& options) {
  Json body{{"version", options.api}, {"currency", options.currency}, {"outcome", options.outcome}};
  if (!options.channel.empty()) body["channel"] = options.channel;
  if (options.outcome == "virtual_account") body["method"] = "vbank";
  if (!take_amount(options, body)) return kUsage;
  return run(options, "pay", std::move(body));
}

int deposit(const CommandOptions& options) { return run(options, "deposit", Json::object()); }

int cancel(const CommandOptions& options) {
  Json body = Json::object();
  if (!take_amount(options, body)) return kUsage;
  return run(options, "cancel", std::move(body));
}

}  // namespace reconciled::sandbox
