#include "daemon/redirect/redirect_listener.h"

#include <nlohmann/json.hpp>

#include "daemon/core/messages/media_type.h"
#include "daemon/core/messages/redirect.h"
#include "daemon/core/messages/stored_headers.h"
#include "daemon/core/words/text.h"
#include "daemon/redirect/window_message.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using core::WaitingState;

// How often a waiting page may make us ask PortOne.
constexpr auto kAskAgainAfter = 2s;
// In so many of its steps a page is sure to have asked once more.
constexpr int kStepsToSpare = 3;
constexpr std::size_t kMaxFormBytes = 16'384;

Language language_of(const http::Request& request) {
  return preferred_language(request.header("accept-language").value_or(""));
}

// Flows of PortOne's that end here and are no payment: there is nothing to wait for, and nothing
// that we would look up.
bool is_other_flow(core::EventKind kind) {
  return kind == core::EventKind::kBillingKey || kind == core::EventKind::kPaymentMethod ||
         kind == core::EventKind::kIdentityVerification;
}

// How often a page asks for its status. Who pays into an account leaves the page for it.
std::chrono::seconds pace_of(WaitingState state) {
  if (state == WaitingState::kAwaitingDeposit) return 10s;
  return state == WaitingState::kReview ? 5s : 2s;
}

// Whether a page in this state waits for another one.
bool waits(WaitingState state) {
  return !core::is_final(state) || state == WaitingState::kAwaitingDeposit;
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

RedirectListener::RedirectListener(const Uses& uses, std::string page_key)
    : uses_(uses),
      config_(uses.config.redirect),
      shop_{config_.shop_name, config_.shop_contact},
      notices_(shop_),
      status_path_(std::string(without_slash(config_.path)) + "/status"),
      tokens_(std::move(page_key)) {}

void RedirectListener::add_routes(http::Router& router) {
  const auto receive_it = [this](const http::Request& request) { return receive(request); };
  router.on("GET", http::Router::literal(config_.path), receive_it);
  router.on("POST", http::Router::literal(config_.path), receive_it);
  router.on("GET", http::Router::literal(status_path_),
            [this](const http::Request& request) { return status(request); });
  router.on_error([this](int status, const http::Request& request) {
    return notices_.no_page(language_of(request), status);
  });
}

http::Answer RedirectListener::receive(const http::Request& request) {
  const Language language = language_of(request);
  if (request.method == "HEAD") return notices_.head_only(language);
  const core::MediaType type = core::media_type_of(request.header("content-type").value_or(""));
  const bool has_form = request.method == "POST" && request.body.size() <= kMaxFormBytes &&
                        (type == core::MediaType::kForm || type == core::MediaType::kUnsaid);
  const std::string_view form = has_form ? std::string_view(request.body) : "";
  core::Event event = core::classify_redirect(request.query(), form);
  const std::optional<http::Response> own_page = page_of_its_own(request, form, event);
  const std::optional<core::Api> api = event.api;
  storage::NewEvent stored{.event = std::move(event),
                           .received_at = uses_.clock.now(),
                           .remote_ip = request.client_ip,
                           .headers_json = core::stored_headers(request.headers)};
  return {notices_.unavailable(language), [this, language, own_page, api,
                                           stored = std::move(stored)](
                                              const http::Completion& complete) mutable {
            uses_.writer.accept_event(
                std::move(stored), [this, language, own_page, api, complete](const auto& outcome) {
                  if (!outcome.ok() || outcome.value().is_one_too_many) {
                    uses_.metrics.event(core::EventSource::kRedirect, api,
                                            EventOutcome::kUnavailable);
                    complete(std::nullopt);
                    return;
                  }
                  uses_.metrics.event(
                      core::EventSource::kRedirect, api,
                      outcome.value().is_copy ? EventOutcome::kCopy : EventOutcome::kStored);
                  if (own_page) {
                    complete(own_page);
                    return;
                  }
                  show(visit_of(outcome.value().event, language), complete);
                });
          }};
}

// Of a return that is no payment's; nothing where the payment's page is to be shown.
std::optional<http::Response> RedirectListener::page_of_its_own(const http::Request& request,
                                                                std::string_view form,
                                                                const core::Event& event) const {
  const Language language = language_of(request);
  if (is_other_flow(event.kind)) {
    return notices_.other_flow(language, event.kind, core::says_failure(request.query(), form));
  }
  const bool is_lost = event.kind != core::EventKind::kPayment;
  if (is_lost && config_.mode == core::RedirectMode::kPage) return notices_.no_order(language);
  return std::nullopt;
}

http::Answer RedirectListener::status(const http::Request& request) {
  const Language language = language_of(request);
  const auto pairs = core::parse_form(request.query());
  const bool wants_page =
      request.header("accept").value_or("").find("text/html") != std::string_view::npos;
  const std::string token = core::form_value(pairs, "token").value_or("");
  const auto meaning = tokens_.read(token, uses_.clock.paced());
  if (!meaning) return notices_.expired(language, wants_page);
  const Visit visit{meaning->redirect, language, wants_page, token, meaning->expires};
  return {notices_.unavailable(language),
          [this, visit](const http::Completion& complete) { show(visit, complete); }};
}

RedirectListener::Visit RedirectListener::visit_of(core::EventId redirect,
                                                   Language language) const {
  const core::Time now = uses_.clock.paced();
  return {redirect, language, true, tokens_.make(redirect, now), now + PageTokens::kLife};
}

void RedirectListener::show(const Visit& visit, const http::Completion& complete) {
  uses_.readers.run(
      [this, visit, complete](storage::Reader& reader) {
        const auto facts = reader.redirect(visit.redirect);
        complete(facts ? answer(visit, *facts)
                       : notices_.expired(visit.language, visit.wants_page));
      },
      [complete] { complete(std::nullopt); });
}

http::Response RedirectListener::answer(const Visit& visit, const storage::RedirectFacts& facts) {
  const core::Time now = uses_.clock.now();
  core::WaitingFacts waiting{
      .hint = facts.hint, .arrived = facts.arrived, .is_answered = facts.is_answered};
  if (facts.payment) {
    waiting.result = facts.payment->result;
    waiting.deliverable = facts.payment->deliverable;
    waiting.unobstructed = facts.payment->unobstructed;
  }
  const WaitingState state = core::waiting_state(waiting, now);
  hasten(facts, state);
  if (config_.mode == core::RedirectMode::kForward && visit.wants_page) {
    http::Response response{.status = 303};
    response.headers = {{"Location", next_url(state, facts)}, {"Cache-Control", "no-store"}};
    return response;
  }
  const WaitingPage content = page_of(visit, facts, state, core::is_given_up(waiting, now));
  if (visit.wants_page) return page_response(200, render_waiting_page(content, shop_));
  const nlohmann::json body{
      {"state", core::to_word(state)},
      {"payment_id", facts.payment_id ? facts.payment_id->str() : ""},
      {"message", text_of(face_of(content)).in(visit.language)},
      {"next_url", content.next_url},
      // The page stops asking: it is loaded once more, and says so.
      {"ended", content.has_ended}};
  http::Response response{.status = 200, .content_type = "application/json"};
  response.body = body.dump() + "\n";
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

WaitingPage RedirectListener::page_of(const Visit& visit, const storage::RedirectFacts& facts,
                                      WaitingState state, bool is_given_up) const {
  WaitingPage content{.state = state,
                      .language = visit.language,
                      .now = local_time(uses_.clock.now())};
  // Anybody can put anything into a query; an id that nobody else named is not repeated.
  if (facts.payment) content.payment_id = facts.payment->payment_id.str();
  add_private(content, facts);
  if (state == WaitingState::kFailed || state == WaitingState::kConfirming) {
    content.window_reason = shown_window_message(facts.reason);
  }
  if (waits(state)) {
    const auto every = pace_of(state);
    const auto left = std::chrono::floor<std::chrono::seconds>(visit.expires - uses_.clock.paced());
    // While the token is still good for one more page, which keeps what is shown.
    content.has_ended = is_given_up || left < kStepsToSpare * every;
    if (!content.has_ended) {
      content.following = {status_path_ + "?token=" + visit.token, every, left};
    }
  }
  if (state != WaitingState::kConfirming) content.next_url = next_url(state, facts);
  if (state == WaitingState::kFailed) {
    content.retry_url = filled_in(config_.retry_url, facts);
  }
  return content;
}

// What only the buyer may see is shown to a redirect that named an attempt which PortOne binds to
// this payment; anybody can invent the rest.
void RedirectListener::add_private(WaitingPage& content, const storage::RedirectFacts& facts) const {
  if (!facts.attempt || !facts.payment) return;
  const storage::PaymentView& payment = *facts.payment;
  if (payment.total_amount && payment.currency) {
    content.amount = {*payment.total_amount, *payment.currency};
    const std::int64_t returned = payment.cancelled_amount.value_or(0);
    if (returned > 0) content.returned = {returned, *payment.currency};
  }
  if (const auto& account = facts.attempt->virtual_account) {
    content.account = {account->bank, account->number, account->holder, std::nullopt};
    if (account->due_at) content.account->due = local_time(core::to_time(*account->due_at));
  }
  content.is_held = payment.result == core::Result::kPaid ||
                    payment.result == core::Result::kPartiallyCancelled;
  if (content.state == WaitingState::kFailed) {
    content.reason = shown_reason(facts.attempt->failure_reason);
  }
}

// Goods and thanks only for `deliverable`; never by what the query says.
std::string RedirectListener::next_url(WaitingState state,
                                       const storage::RedirectFacts& facts) const {
  const bool deliverable = facts.payment && facts.payment->deliverable;
  const core::Result result = facts.payment ? facts.payment->result : core::Result::kNone;
  const std::string* url = &config_.pending_url;
  const bool shows_page = config_.mode == core::RedirectMode::kPage;
  if (deliverable || (shows_page && state == WaitingState::kPaid)) {
    url = &config_.success_url;
  } else if (result == core::Result::kFailed || result == core::Result::kCancelled ||
             (shows_page && state == WaitingState::kFailed)) {
    url = &config_.failure_url;
  }
  if (url->empty() && !shows_page) url = &config_.pending_url;
  return filled_in(*url, facts);
}

// `{payment_id}` and `{result}` of one of the shop's addresses, escaped.
std::string RedirectListener::filled_in(std::string url, const storage::RedirectFacts& facts) {
  const auto replace = [&](std::string_view mark, const std::string& value) {
    for (auto at = url.find(mark); at != std::string::npos; at = url.find(mark, at + value.size())) {
      url.replace(at, mark.size(), value);
    }
  };
  const core::Result result = facts.payment ? facts.payment->result : core::Result::kNone;
  replace("{result}", core::percent_encode(core::to_word(result)));
  replace("{payment_id}", core::percent_encode(facts.payment_id ? facts.payment_id->str() : ""));
  return url;
}

// A waiting page asks at once (its event does), then every two seconds at most.
void RedirectListener::hasten(const storage::RedirectFacts& facts, WaitingState state) {
  if (core::is_final(state) || !facts.asked_at) return;
  const auto since = uses_.clock.now() - *facts.asked_at;
  if (since >= 0ms && since < kAskAgainAfter) return;
  using storage::QuestionKind;
  const bool known = facts.payment.has_value();
  if (known && facts.payment_id) {
    uses_.lookups.look_up_soon(*facts.payment_id);
  } else if (facts.api == core::Api::kV1 && facts.attempt_id && uses_.config.v1) {
    uses_.lookups.look_up_soon({QuestionKind::kV1Attempt, facts.attempt_id->str(), facts.payment_id});
  } else if (facts.api == core::Api::kV2 && facts.payment_id && uses_.config.v2) {
    uses_.lookups.look_up_soon({QuestionKind::kV2Payment, facts.payment_id->str(), facts.payment_id});
  }
}

}  // namespace reconciled
