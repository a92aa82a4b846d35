#include "tests/sandbox/pages.h"

#include "daemon/core/words/html.h"
#include "daemon/core/words/money.h"
#include "tests/sandbox/moves.h"

namespace reconciled::sandbox {
namespace {

constexpr std::size_t kShown = 200;

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}
h2{font-size:1.1rem;margin-top:2rem}
.note{color:#767676}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.n{text-align:right;white-space:nowrap}
code{font-size:.9em;word-break:break-all}
form.inline{display:inline}
button{font:inherit;padding:.35rem .8rem;margin:.1rem;border:1px solid #8888;border-radius:.4rem;
background:transparent;color:inherit;cursor:pointer}
button.main{background:#1a56db;border-color:#1a56db;color:#fff}
label{display:block;margin:.6rem 0}
input,select{font:inherit;padding:.3rem;min-width:18rem;max-width:100%;box-sizing:border-box}
.card{max-width:26rem;margin:3rem auto;padding:1.5rem;border:1px solid #8884;border-radius:.8rem}
.card button{display:block;width:100%;padding:.7rem;margin:.5rem 0}
.sum{font-size:1.8rem;font-weight:600;margin:.5rem 0}
@media(max-width:40rem){table,tbody,tr,td{display:block}thead{display:none}td.n{text-align:left}}
)css";

std::string button(const std::string& attempt_id, const char* action, const char* label) {
  return "<form class=inline method=post action=/actions><input type=hidden name=attempt_id "
         "value=\"" +
         core::html_escape(attempt_id) + "\"><button name=action value=" + action + ">" + label +
         "</button></form>";
}

std::string buttons(const Attempt& attempt) {
  switch (attempt.status) {
    case Status::kReady:
    case Status::kPayPending:
      return button(attempt.attempt_id, "paid", "Pay") +
             button(attempt.attempt_id, "failed", "Fail") +
             button(attempt.attempt_id, "virtual_account_issued", "Issue account");
    case Status::kVirtualAccountIssued:
      return button(attempt.attempt_id, "paid", "Deposit") +
             button(attempt.attempt_id, "failed", "Close account");
    case Status::kFailed:
      return button(attempt.attempt_id, "paid", "Approve late");
    case Status::kPaid:
    case Status::kPartialCancelled:
      return button(attempt.attempt_id, "cancelled", "Cancel") +
             button(attempt.attempt_id, "partial", "Cancel half of the rest") +
             button(attempt.attempt_id, "disputed", "Dispute");
    case Status::kCancelled:
      return button(attempt.attempt_id, "reverted", "Undo the cancel");
  }
  return "";
}

std::string row(const Attempt& attempt) {
  std::string status(v2_word(attempt.status));
  if (attempt.status == Status::kPartialCancelled) {
    status += " (" + money_text(attempt.cancelled_amount(), attempt.currency) + ")";
  }
  return "<tr><td><code>" + core::html_escape(attempt.payment_id) + "</code><td><code>" +
         core::html_escape(attempt.attempt_id) + "</code><br><span class=note>" +
         (attempt.version == Api::kV1 ? "V1" : "V2") + (attempt.test ? ", test channel" : "") +
         "</span><td class=n>" + money_text(attempt.amount, attempt.currency) + "<td>" + status +
         "<td>" + buttons(attempt) + "\n";
}

std::string checkout_form() {
  return "<h2>Open a payment window</h2><form action=/checkout>"
         "<label>API <select name=version><option value=v2>V2<option value=v1>V1</select></label>"
         "<label>payment_id <input name=payment_id required></label>"
         "<label>amount, in minor units <input name=amount value=10000 inputmode=numeric></label>"
         "<label>currency <input name=currency value=KRW></label>"
         "<label>return URL <input name=return_url type=url required></label>"
         "<button class=main>Open</button></form>";
}

Reply home(World& world) {
  const std::vector<Attempt> attempts = world.store.select([](const Attempt&) { return true; });
  std::string body =
      "<h1>portone-sandbox</h1><p class=note>A local PortOne for trying and "
      "testing. Nothing here moves money.</p>";
  if (attempts.empty()) {
    body += "<p>No payments yet.</p>";
  } else {
    body += "<table><thead><tr><th>payment<th>attempt<th>amount<th>status<th></thead><tbody>\n";
    std::size_t shown = 0;
    for (auto attempt = attempts.rbegin(); attempt != attempts.rend() && shown < kShown;
         ++attempt, ++shown) {
      body += row(*attempt);
    }
    body += "</tbody></table>";
    if (attempts.size() > kShown) {
      body += "<p class=note>The newest " + std::to_string(kShown) + " of " +
              std::to_string(attempts.size()) + ".</p>";
    }
  }
  return html_page(200, "portone-sandbox", body + checkout_form());
}

Reply act(World& world, const Call& call) {
  const core::FormPairs form = core::parse_form(call.body);
  const std::string attempt_id = core::form_value(form, "attempt_id").value_or("");
  Change change;
  change.status = core::form_value(form, "action").value_or("");
  if (change.status == "partial") {
    change.status = "cancelled";
    if (const auto attempt = world.store.find(attempt_id)) {
      const std::int64_t left = attempt->amount - attempt->cancelled_amount();
      change.cancel_amount = (left + 1) / 2;
    }
  }
  const auto moved = move(world, attempt_id, change, Announce{});
  if (!moved.ok()) {
    return html_page(409, "Not done",
                     "<h1>Not done</h1><p>" + std::string(to_word(moved.error())) +
                         "</p><p><a href=/>Back</a></p>");
  }
  return redirect_to("/");
}

}  // namespace

Reply html_page(int status, std::string_view title, const std::string& body) {
  Reply reply;
  reply.status = status;
  reply.content_type = "text/html; charset=utf-8";
  reply.headers.emplace_back("Cache-Control", "no-store");
  reply.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'");
  reply.body =
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width,initial-scale=1\"><title>" +
      core::html_escape(title) + "</title><style>" + kStyle + "</style>" + body + "</html>\n";
  return reply;
}

Reply redirect_to(const std::string& url) {
  Reply reply;
  reply.status = 302;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Location", url);
  return reply;
}

std::string money_text(std::int64_t minor, const std::string& currency) {
  const std::optional<core::Currency> known = core::Currency::make(currency);
  const auto decimals = static_cast<std::size_t>(known ? known->minor_digits() : 0);
  std::string digits = std::to_string(minor);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  std::string whole = digits.substr(0, digits.size() - decimals);
  const std::string fraction = digits.substr(whole.size());
  for (std::size_t at = whole.size(); at > 3; at -= 3) whole.insert(at - 3, ",");
  return whole + (fraction.empty() ? "" : "." + fraction) + " " + currency;
}

std::optional<Reply> page(World& world, const Call& call) {
  const std::string_view path = call.path();
  if (path == "/" && call.method == "GET") return home(world);
  if (path == "/actions" && call.method == "POST") return act(world, call);
  if (path == "/checkout" && call.method == "GET") return open_checkout(world, call);
  if (path == "/checkout" && call.method == "POST") return submit_checkout(world, call);
  return std::nullopt;
}

}  // namespace reconciled::sandbox
