#include <algorithm>
#include <ctime>
#include <map>

#include "daemon/core/words/html.h"
#include "tests/sandbox/orders.h"
#include "tests/sandbox/pages.h"

namespace reconciled::sandbox {
namespace {

using core::Html;

constexpr std::size_t kShown = 100;
constexpr std::size_t kShownWebhooks = 6;
constexpr std::size_t kShownBytes = 300;  // of an id

using DeliveriesByAttempt = std::map<std::string, std::vector<Delivery>>;

std::string clean(const std::string& text) { return core::clean_text(text, kShownBytes); }

std::string clock_text(PortoneTime time) {
  const auto seconds = static_cast<std::time_t>(to_seconds(time));
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%H:%M:%S", &parts)};
}

struct Look {
  core::Markup chip;
  std::string words;
};

Look look_of(const Attempt& attempt) {
  const std::string at = clock_text(attempt.changed_at);
  switch (attempt.status) {
    case Status::kReady:
      return {"chip quiet", "The payment window was opened at " + at + "."};
    case Status::kPayPending:
      return {"chip wait", "Its approval is pending since " + at + "."};
    case Status::kVirtualAccountIssued:
      return {"chip wait", "Waits for the deposit to account " +
                               (attempt.account ? attempt.account->number : std::string()) +
                               ", issued at " + at + "."};
    case Status::kPaid:
      return {"chip good", "Paid at " + at + "."};
    case Status::kFailed:
      return {"chip bad", "Declined at " + at + ": " + clean(attempt.failure_reason)};
    case Status::kPartialCancelled:
      return {"chip wait", money_text(attempt.cancelled_amount(), attempt.currency) +
                               " of it cancelled, the last at " + at + "."};
    case Status::kCancelled:
      return {"chip quiet", "Cancelled at " + at + "."};
  }
  return {"chip quiet", ""};
}

// `names_target`: there are several.
void show_delivery(Html& html, const Delivery& delivery, bool names_target) {
  html.open("li").text(clock_text(delivery.at) + "  ");
  html.element("b", clean(delivery.what));
  if (delivery.error == "lost") {
    html.text(" ").element("span", "lost on its way", {{"class", "quiet"}}).close();
    return;
  }
  if (names_target) html.text(" to ").element("code", clean(delivery.url));
  html.text(" ");
  if (delivery.response_status == 0) {
    html.element("span", "no answer: " + clean(delivery.error), {{"class", "bad"}});
  } else {
    html.element("span", "answered " + std::to_string(delivery.response_status),
                 {{"class", delivery.succeeded() ? "good" : "bad"}});
  }
  if (delivery.execution > 1) html.text(", try " + std::to_string(delivery.execution));
  html.close();
}

void show_webhooks(Html& html, const Attempt& attempt, const std::vector<Delivery>& sent) {
  if (sent.empty()) {
    const bool is_silent = attempt.version == Api::kV1 &&
                           (attempt.status == Status::kReady || attempt.status == Status::kFailed);
    html.element(
        "p",
        is_silent ? "No webhook was sent. V1 sends none for this." : "No webhook was sent yet.",
        {{"class", "note"}});
    return;
  }
  html.open("ul");
  const std::size_t hidden = sent.size() - std::min(sent.size(), kShownWebhooks);
  if (hidden > 0) {
    html.element("li", std::to_string(hidden) + " earlier ones", {{"class", "quiet"}});
  }
  const bool names_target = std::any_of(
      sent.begin(), sent.end(), [&](const Delivery& one) { return one.url != sent.front().url; });
  for (std::size_t i = hidden; i < sent.size(); ++i) show_delivery(html, sent[i], names_target);
  html.close();
}

void choice(Html& html, std::string_view value, std::string_view words) {
  html.element("option", words, {{"value", value}});
}

void choose_webhook(Html& html, std::string_view at_once) {
  html.open("select", {{"name", "webhook"}, {"aria-label", "its webhook"}});
  choice(html, "now", at_once);
  choice(html, "late=5s", "webhook 5 s late");
  choice(html, "twice", "webhook twice");
  choice(html, "lost", "webhook lost");
  html.close();
}

void action(Html& html, std::string_view name, std::string_view words, bool is_main = false) {
  html.element("button", words,
               {{"name", "action"},
                {"value", name},
                {"class", is_main ? std::optional<std::string_view>("main") : std::nullopt}});
}

void open_form(Html& html, const Attempt& attempt) {
  html.open("form", {{"class", "row"}, {"method", "post"}, {"action", "/actions"}});
  html.empty("input", {{"type", "hidden"}, {"name", "attempt_id"}, {"value", attempt.attempt_id}});
}

void show_moves(Html& html, const Attempt& attempt) {
  open_form(html, attempt);
  html.element("span", "Let it happen:");
  switch (attempt.status) {
    case Status::kReady:
    case Status::kPayPending:
      action(html, "paid", "Pay", true);
      action(html, "failed", "Decline");
      action(html, "virtual_account_issued", "Issue an account");
      break;
    case Status::kVirtualAccountIssued:
      action(html, "paid", "Deposit", true);
      action(html, "failed", "Close the account");
      break;
    case Status::kFailed:
      action(html, "paid", "Approve late");
      break;
    case Status::kPaid:
    case Status::kPartialCancelled:
      html.empty("input", {{"name", "amount"},
                           {"class", "sum-of"},
                           {"inputmode", "numeric"},
                           {"placeholder", "amount, or all"},
                           {"aria-label", "amount to cancel, in minor units"}});
      action(html, "cancelled", "Cancel");
      action(html, "disputed", "Dispute");
      break;
    case Status::kCancelled:
      action(html, "reverted", "Undo the cancel");
      break;
  }
  choose_webhook(html, "webhook at once");
  html.close();
}

void show_sending(Html& html, const Attempt& attempt, const std::vector<Delivery>& sent) {
  const Message message = make_message(attempt, present_occurrence(attempt), {});
  open_form(html, attempt);
  html.empty("input", {{"type", "hidden"}, {"name", "action"}, {"value", "send"}});
  const bool is_repeated = std::any_of(
      sent.begin(), sent.end(), [&](const Delivery& one) { return one.what == message.what; });
  html.element("span", "Send the webhook " + message.what + (is_repeated ? " again:" : ":"));
  for (const auto& [value, words] : {std::pair("now", "Now"), std::pair("late=5s", "5 s late"),
                                     std::pair("twice", "Twice"), std::pair("lost", "Lost")}) {
    html.element("button", words, {{"name", "webhook"}, {"value", value}});
  }
  html.close();
}

void show_attempt(Html& html, const Options& options, const Attempt& attempt,
                  const std::vector<Delivery>& sent) {
  const Look look = look_of(attempt);
  const bool is_v1 = attempt.version == Api::kV1;
  html.open("section", {{"id", "p" + std::to_string(attempt.sequence)}});
  html.open("div", {{"class", "head"}});
  html.element("h2", clean(attempt.payment_id));
  html.element("b", money_text(attempt.amount, attempt.currency));
  html.element("span", is_v1 ? v1_word(attempt.status) : v2_word(attempt.status),
               {{"class", look.chip.text()}});
  html.close();
  html.element("p", look.words);
  html.open("p", {{"class", "note"}}).text(is_v1 ? "V1, imp_uid " : "V2, transaction ");
  html.element("code", clean(attempt.attempt_id)).text(attempt.test ? ", test channel" : "");
  if (!options.return_url.empty()) {
    html.text(" · ").element("a", "come back as the buyer",
                             {{"href", with_query(options.return_url, redirect_query(attempt))}});
  }
  html.close();
  show_webhooks(html, attempt, sent);
  show_moves(html, attempt);
  show_sending(html, attempt, sent);
  html.close();
}

void field(Html& html, std::string_view words, core::Markup name, std::string_view value,
           std::string_view shape) {
  html.open("label", {{"class", shape}}).text(words);
  html.empty("input", {{"name", name.text()}, {"value", value}, {"required", ""}});
  html.close();
}

void show_new(Html& html, const Options& options, std::size_t count) {
  html.open("details", {{"open", count == 0 ? std::optional<std::string_view>("") : std::nullopt}});
  html.element("summary", "New payment");
  html.open("form", {{"action", "/checkout"}}).open("div", {{"class", "fields"}});
  field(html, "Order (paymentId, merchant_uid)", "payment_id", "order-" + std::to_string(count + 1),
        "wide");
  html.open("label").text("API").open("select", {{"name", "version"}});
  choice(html, "v2", "V2");
  choice(html, "v1", "V1");
  html.close().close();
  const bool is_test = options.channel == "test";
  html.open("label").text("Channel").open("select", {{"name", "channel"}});
  choice(html, is_test ? "test" : "live", is_test ? "test" : "live");
  choice(html, is_test ? "live" : "test", is_test ? "live" : "test");
  html.close().close();
  field(html, "Amount, in minor units", "amount", "10000", "");
  field(html, "Currency", "currency", "KRW", "");
  field(html, "Where the buyer comes back to (redirectUrl)", "return_url", options.return_url,
        "wide");
  html.open("label").text("After the button");
  choose_webhook(html, "webhook soon after the buyer");
  html.close().close();
  html.element("button", "Open the payment window", {{"class", "main"}});
  html.close().close();
}

void show_targets(Html& html, const World& world) {
  const std::vector<std::string> targets = world.sender.targets();
  html.open("p", {{"class", "note"}});
  if (targets.empty()) {
    html.text(
        "Webhooks go nowhere: --webhook-url says where. PortOne's record (webhooks[] of V2) "
        "stays empty, too.");
  }
  for (const std::string& target : targets) {
    html.text(&target == &targets.front() ? "Webhooks go to " : " and ");
    html.element("code", clean(target));
  }
  html.close();
}

Reply not_done(const std::string& why) {
  Html html;
  html.open("div", {{"class", "card"}}).element("h1", "Not done").element("p", why);
  html.open("p").element("a", "Payments", {{"href", "/"}}).close().close();
  return html_page(409, "Not done", std::move(html).finish());
}

}  // namespace

Reply home_page(const World& world, const Call& call) {
  const std::vector<Attempt> attempts = world.store.select([](const Attempt&) { return true; });
  DeliveriesByAttempt sent;
  for (Delivery& delivery : world.sender.deliveries()) {
    std::vector<Delivery>& of_attempt = sent[delivery.attempt_id];
    of_attempt.push_back(std::move(delivery));
  }
  const std::size_t pending = world.sender.pending();
  Html html;
  html.element("h1", "portone-sandbox");
  html.element("p", "A PortOne of your own, for trying and testing. Nothing here moves money.",
               {{"class", "note"}});
  show_targets(html, world);
  if (pending > 0) {
    html.open("p", {{"class", "wait"}});
    html.text(std::to_string(pending) + (pending == 1 ? " webhook is" : " webhooks are") +
              " still under way, or will be tried again. ");
    html.element("a", "Look again", {{"href", "/"}}).close();
  }
  show_new(html, world.options, attempts.size());
  if (attempts.empty()) {
    html.open("p", {{"class", "note"}}).text("No payments yet. From a terminal: ");
    html.element("code", "portone-sandbox pay order-1 --amount 10000").close();
  }
  std::size_t shown = 0;
  for (auto attempt = attempts.rbegin(); attempt != attempts.rend() && shown < kShown; ++attempt) {
    show_attempt(html, world.options, *attempt, sent[attempt->attempt_id]);
    ++shown;
  }
  if (attempts.size() > shown) {
    html.element(
        "p", "The newest " + std::to_string(shown) + " of " + std::to_string(attempts.size()) + ".",
        {{"class", "note"}});
  }
  Reply reply = html_page(200, "portone-sandbox", std::move(html).finish());
  // Only for who has just pressed a button: a form that is being filled in would be lost.
  const auto watched = to_integer(core::form_value(call.query(), "watch").value_or(""));
  if (watched && pending > 0) {
    const std::string number = std::to_string(*watched);
    reply.headers.emplace_back("Refresh", "1; url=/?watch=" + number + "#p" + number);
  }
  return reply;
}

Reply do_action(World& world, const Call& call) {
  const core::FormPairs form = core::parse_form(call.body);
  const auto value = [&form](const char* name) {
    return core::form_value(form, name).value_or("");
  };
  Announce announce;
  if (!read_webhook_word(value("webhook").empty() ? "now" : value("webhook"), announce)) {
    return not_done("there is no such webhook");
  }
  Change change;
  change.status = value("action");
  const std::string amount = value("amount");
  if (change.status == "cancelled" && !amount.empty()) {
    change.cancel_amount = to_integer(amount).value_or(0);
  }
  const auto moved = change.status == "send" ? announce_again(world, value("attempt_id"), announce)
                                             : move(world, value("attempt_id"), change, announce);
  if (!moved.ok()) return not_done(words_of(moved.error()));
  const std::string number = std::to_string(moved.value().attempt.sequence);
  return redirect_to("/?watch=" + number + "#p" + number);
}

}  // namespace reconciled::sandbox
