// `reconciled tail`: what arrives and what it comes to, one line each, until Ctrl-C.
//
// Asks the daemon: GET /events for what arrived, GET /changes for what it came to. A daemon that
// knows no /changes is followed by its events alone. Whatever the daemon does meanwhile, it goes
// on.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/local_time.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr auto kPause = 1s;
constexpr std::size_t kIdColumns = 40;

std::string text_at(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() ? found->dump() : std::string();
}

bool is_true(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

// What a line of an arrival says behind its payment.
std::string words_of_event(const Json& event) {
  const std::string browser = text_at(event, "ui_state");
  const std::string type = text_at(event, "type");
  const std::string status = text_at(event, "status");
  std::vector<std::string> parts{
      type == status ? std::string() : type, status, browser == "none" ? std::string() : browser,
      text_at(event, "reason_code"), is_true(event, "signed") ? "signed" : ""};
  const std::string from = text_at(event, "remote_ip");
  if (!from.empty()) parts.push_back("from " + from);
  // The last, because it may be cut off.
  parts.push_back(text_at(event, "attempt_id"));
  return joined(parts);
}

std::string words_of_payment(const Json& payment) {
  const std::string by = text_at(payment, "authority");
  std::vector<std::string> parts{text_at(payment, "result") + (by.empty() ? "" : " by " + by),
                                 is_true(payment, "deliverable") ? "DELIVERABLE" : ""};
  const auto amount = payment.find("total_amount");
  const auto currency = core::Currency::make(text_at(payment, "currency"));
  if (amount != payment.end() && amount->is_number_integer() && currency) {
    parts.push_back(core::readable_amount(amount->get<std::int64_t>(), *currency));
  }
  const auto findings = payment.find("findings");
  if (findings != payment.end() && findings->is_array()) {
    for (const Json& finding : *findings) {
      if (is_true(finding, "open")) parts.push_back("FINDING " + text_at(finding, "kind"));
    }
  }
  return joined(parts);
}

class Tail {
 public:
  Tail(const core::Config& config, bool json)
      : client_(config.admin, 10s), local_(config.timezone), json_(json) {}

  // Where we begin: only what comes from now on is shown. False, and said, if nobody answers.
  bool begin();
  void follow();

 private:
  // The list `name` in the answer to GET `target`; nothing, and said once, where there is none.
  std::optional<Json> get(const std::string& target, const char* name);
  void show_events();
  void show_changes();
  void skip_changes();
  void show(const char* kind, const std::string& time, const std::string& what,
            const std::string& payment_id, const std::string& words, const Json& whole);

  AdminClient client_;
  LocalTime local_;
  bool json_;
  bool is_away_ = false;
  bool has_changes_ = true;
  std::int64_t last_event_ = 0;
  std::string cursor_;
};

std::optional<Json> Tail::get(const std::string& target, const char* name) {
  const auto answer = client_.send("GET", target);
  std::string why;
  if (!answer.ok()) {
    why = answer.error();
  } else if (answer.value().status != 200) {
    if (answer.value().status == 404) has_changes_ = has_changes_ && name != std::string("changes");
    why = words_of(answer.value());
  } else {
    Json json = Json::parse(answer.value().body, nullptr, false);
    if (json.is_object() && json.contains(name) && json[name].is_array()) {
      if (is_away_) std::fprintf(stderr, "reconciled: the daemon answers again\n");
      is_away_ = false;
      return json;
    }
    why = "the daemon's answer cannot be read";
  }
  const bool is_missing = name == std::string("changes") && !has_changes_;
  if (!is_away_ && !is_missing) std::fprintf(stderr, "reconciled: %s\n", why.c_str());
  is_away_ = is_away_ || !is_missing;
  return std::nullopt;
}

void Tail::skip_changes() {
  if (const auto stats = get("/stats", "warnings")) {
    cursor_ = core::percent_encode(text_at(*stats, "changes_cursor"));
  }
}

bool Tail::begin() {
  const auto newest = get("/events?limit=1", "events");
  if (!newest) return false;
  for (const Json& event : (*newest)["events"]) last_event_ = event.value("id", std::int64_t{0});
  skip_changes();
  if (!json_) {
    std::fprintf(stderr, "following what arrives%s; times are of %s; Ctrl-C ends\n",
                 has_changes_ ? " and what it comes to" : "", local_.zone().c_str());
  }
  return true;
}

void Tail::show(const char* kind, const std::string& time, const std::string& what,
                const std::string& payment_id, const std::string& words, const Json& whole) {
  if (json_) {
    const Json line{{"kind", kind}, {kind, whole}};
    std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    const std::string head = local_.text(time) + "  " + what;
    const std::string id =
        payment_id.empty() ? "(no payment named)" : clip(plain(payment_id), kIdColumns);
    std::printf("%s\n", clip(head + "  " + id + "  " + plain(words), kColumns).c_str());
  }
  std::fflush(stdout);
  if (std::ferror(stdout) != 0) throw std::runtime_error("the output could not be written");
}

void Tail::show_events() {
  // The newest come first; page back to where we were.
  std::vector<Json> fresh;
  std::string cursor;
  for (bool more = true; more;) {
    const auto page =
        get("/events?limit=500" + (cursor.empty() ? "" : "&cursor=" + cursor), "events");
    if (!page) return;
    more = false;
    for (const Json& event : (*page)["events"]) {
      more = event.value("id", std::int64_t{0}) > last_event_;
      if (!more) break;
      fresh.push_back(event);
    }
    cursor = core::percent_encode(text_at(*page, "next_cursor"));
    more = more && !cursor.empty();
  }
  std::reverse(fresh.begin(), fresh.end());
  for (const Json& event : fresh) {
    last_event_ = std::max(last_event_, event.value("id", std::int64_t{0}));
    const std::string source = text_at(event, "source");
    const std::string api = text_at(event, "api");
    show("event", text_at(event, "received_at"),
         source + std::string(9 - std::min<std::size_t>(source.size(), 9), ' ') +
             (api.empty() ? "- " : api),
         text_at(event, "payment_id"), words_of_event(event), event);
  }
}

void Tail::show_changes() {
  const auto page =
      get("/changes?limit=500&wait=1" + (cursor_.empty() ? "" : "&cursor=" + cursor_), "changes");
  if (!page) return;
  const std::string next = core::percent_encode(text_at(*page, "next_cursor"));
  if (!next.empty()) cursor_ = next;
  for (const Json& payment : (*page)["changes"]) {
    show("payment", text_at(payment, "updated_at"), "payment  =>", text_at(payment, "payment_id"),
         words_of_payment(payment), payment);
  }
}

void Tail::follow() {
  for (;;) {
    const auto began = std::chrono::steady_clock::now();
    show_events();
    if (has_changes_ && !is_away_) show_changes();
    std::this_thread::sleep_until(began + kPause);
  }
}

}  // namespace

int tail(const core::Config& config, bool json) {
  Tail tail(config, json);
  if (!tail.begin()) return kFailed;
  // Ctrl-C is how this command is done. The client ignores SIGPIPE; whoever closes our output is
  // done, too.
  struct sigaction end {};
  end.sa_handler = [](int) { ::_exit(kDone); };
  ::sigaction(SIGINT, &end, nullptr);
  ::sigaction(SIGPIPE, &end, nullptr);
  tail.follow();
  return kDone;
}

}  // namespace reconciled::commands
