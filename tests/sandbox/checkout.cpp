#include "daemon/core/words/html.h"
#include "daemon/core/words/money.h"
#include "tests/sandbox/moves.h"
#include "tests/sandbox/pages.h"

namespace reconciled::sandbox {
namespace {

// The redirect comes first, the webhook later: the race that shops get wrong.
constexpr std::int64_t kDefaultWebhookDelayMs = 800;
constexpr std::int64_t kMaxWebhookDelayMs = 3'600'000;

std::string value(const core::FormPairs& pairs, std::string_view name, std::string otherwise = "") {
  const auto found = core::form_value(pairs, name);
  return found && !found->empty() ? *found : std::move(otherwise);
}

// A URL that a browser may be sent to: http, https or an app's scheme, without control characters.
bool is_return_url(const std::string& url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos || colon == 0) return false;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  }
  return true;
}

struct Wish {
  Attempt attempt;
  std::string return_url;
  std::int64_t webhook_delay_ms = kDefaultWebhookDelayMs;
};

// What the query of GET /checkout asks for, or what is wrong with it.
core::Outcome<Wish, std::string> read_wish(const core::FormPairs& query) {
  Wish wish;
  const std::string version = value(query, "version", "v2");
  if (version != "v1" && version != "v2") return std::string("version must be v1 or v2");
  wish.attempt.version = version == "v1" ? Api::kV1 : Api::kV2;
  wish.attempt.payment_id = value(query, "payment_id");
  if (wish.attempt.payment_id.empty()) return std::string("payment_id is missing");
  const auto amount = to_integer(value(query, "amount", "10000"));
  if (!amount || *amount < 0) return std::string("amount must be an integer in minor units");
  wish.attempt.amount = *amount;
  wish.attempt.currency = value(query, "currency", "KRW");
  if (!core::Currency::make(wish.attempt.currency)) return std::string("currency is no ISO code");
  wish.attempt.test = value(query, "channel", "live") == "test";
  wish.attempt.order_name = value(query, "order_name");
  wish.return_url = value(query, "return_url");
  if (!is_return_url(wish.return_url)) return std::string("return_url is no URL");
  const auto delay =
      to_integer(value(query, "webhook_delay_ms", std::to_string(kDefaultWebhookDelayMs)));
  if (!delay || *delay < 0 || *delay > kMaxWebhookDelayMs) {
    return std::string("webhook_delay_ms must be an integer");
  }
  wish.webhook_delay_ms = *delay;
  return wish;
}

Reply bad_request(const std::string& why) {
  return html_page(400, "Cannot open",
                   "<div class=card><h1>The payment window cannot open</h1><p>" +
                       core::html_escape(why) + "</p><p><a href=/>Payments</a></p></div>");
}

// Why PortOne would not open a window: paid already, or not the registered amount.
std::optional<std::pair<std::string, std::string>> refusal(World& world, const Attempt& wanted) {
  for (const Attempt& attempt : world.store.attempts_of(wanted.payment_id)) {
    if (attempt.status == Status::kPaid) {
      return std::make_pair("PaymentAlreadyPaid", "이미 결제가 완료된 거래건입니다.");
    }
  }
  const std::optional<Prepared> prepared = 
      world.store.prepared({wanted.version, wanted.payment_id});
  if (!prepared) return std::nullopt;
  const bool currency_differs =
      !prepared->currency.empty() && prepared->currency != wanted.currency;
  if (!currency_differs && prepared->amount == wanted.amount) return std::nullopt;
  return std::make_pair("AmountNotEqualToPredefined", "사전등록된 결제금액과 다릅니다.");
}

// V1 sends the buyer back without an imp_uid; V2 fails in the shop's own page, so that here only
// this page can say it (dossier §1).
Reply refuse_window(const Wish& wish, const std::string& code, const std::string& message) {
  if (wish.attempt.version == Api::kV2) return bad_request(code + ": " + message);
  return redirect_to(with_query(wish.return_url,
                                "merchant_uid=" + core::percent_encode(wish.attempt.payment_id) +
                                    "&imp_success=false&error_code=" + core::percent_encode(code) +
                                    "&error_msg=" + core::percent_encode(message)));
}

std::string hidden(const char* name, const std::string& text) {
  return std::string("<input type=hidden name=") + name + " value=\"" + core::html_escape(text) +
         "\">";
}

std::string action_button(const char* action, const char* label, bool main) {
  return std::string("<button") + (main ? " class=main" : "") + " name=action value=" + action +
         ">" + label + "</button>";
}

Reply window(const Attempt& attempt, const std::string& return_url, const std::string& delay_ms) {
  return html_page(200, "Payment window",
                   "<div class=card><p class=note>portone-sandbox, " +
                       std::string(attempt.version == Api::kV1 ? "V1" : "V2") +
                       (attempt.test ? ", test channel" : "") + "</p><h1>" +
                       core::html_escape(attempt.order_name) + "</h1><p class=sum>" +
                       money_text(attempt.amount, attempt.currency) + "</p><p>Order <code>" +
                       core::html_escape(attempt.payment_id) +
                       "</code></p><form method=post action=/checkout>" +
                       hidden("attempt_id", attempt.attempt_id) + hidden("return_url", return_url) +
                       hidden("webhook_delay_ms", delay_ms) + action_button("pay", "Pay", true) +
                       action_button("vbank", "Issue a virtual account", false) +
                       action_button("fail", "Decline", false) +
                       action_button("cancel", "Close the window", false) +
                       "</form><p class=note>The webhook follows " + core::html_escape(delay_ms) +
                       " ms after the button.</p></div>");
}

}  // namespace

Reply open_checkout(World& world, const Call& call) {
  const core::FormPairs query = call.query();
  const auto wish = read_wish(query);
  if (!wish.ok()) return bad_request(wish.error());
  const std::string delay = std::to_string(wish.value().webhook_delay_ms);
  if (const std::string id = value(query, "attempt_id"); !id.empty()) {
    const std::optional<Attempt> attempt = world.store.find(id);
    if (!attempt) return bad_request("this payment window is gone");
    return window(*attempt, wish.value().return_url, delay);
  }
  if (const auto refused = refusal(world, wish.value().attempt)) {
    return refuse_window(wish.value(), refused->first, refused->second);
  }
  Change ready;
  ready.status = "ready";
  const auto opened = create(world, wish.value().attempt, ready, Announce{});
  if (!opened.ok()) return bad_request(std::string(to_word(opened.error())));
  return redirect_to(call.target +
                     "&attempt_id=" + core::percent_encode(opened.value().attempt.attempt_id));
}

Reply submit_checkout(World& world, const Call& call) {
  const core::FormPairs form = core::parse_form(call.body);
  const std::string return_url = value(form, "return_url");
  const std::string action = value(form, "action");
  const auto delay = to_integer(value(form, "webhook_delay_ms", "0"));
  if (!is_return_url(return_url)) return bad_request("return_url is no URL");
  if (!delay || *delay < 0 || *delay > kMaxWebhookDelayMs) return bad_request("webhook_delay_ms");
  Change change;
  if (action == "pay") {
    change.status = "paid";
  } else if (action == "vbank") {
    change.status = "virtual_account_issued";
  } else if (action == "fail" || action == "cancel") {
    change.status = "failed";
    if (action == "cancel") {
      change.code = "PAY_PROCESS_CANCELED";
      change.reason = "사용자가 결제를 취소하셨습니다";
    }
  } else {
    return bad_request("no such button");
  }
  const std::string attempt_id = value(form, "attempt_id");
  const std::optional<Attempt> before = world.store.find(attempt_id);
  if (!before) return bad_request("this payment window is gone");
  // A second click on a settled window only sends the buyer back again.
  if (before->status != Status::kReady) {
    return redirect_to(with_query(return_url, redirect_query(*before)));
  }
  Announce announce;
  announce.delay = std::chrono::milliseconds(*delay);
  const auto moved = move(world, attempt_id, change, announce);
  if (!moved.ok()) return bad_request(std::string(to_word(moved.error())));
  return redirect_to(with_query(return_url, redirect_query(moved.value().attempt)));
}

}  // namespace reconciled::sandbox
