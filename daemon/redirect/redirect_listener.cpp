#include "daemon/redirect/redirect_listener.h"

#include <nlohmann/json.hpp>

#include "daemon/core/messages/media_type.h"
#include "daemon/core/messages/redirect.h"
#include "daemon/core/messages/stored_headers.h"
#include "daemon/core/words/text.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using core::WaitingState;

// How often a waiting page may make us ask PortOne.
constexpr auto kAskAgainAfter = 2s;
constexpr std::size_t kMaxFormBytes = 16'384;

Language language_of(const http::Request& request) {
  return preferred_language(request.header("accept-language").value_or(""));
}

http::Response page(int status, std::string html) {
  http::Response response{
      .status = status, .content_type = "text/html; charset=utf-8", .body = std::move(html)};
  response.headers = {{"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"X-Frame-Options", "DENY"},
                      {"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'"}};
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

http::Response unavailable(Language language) {
  const bool korean = language == Language::kKorean;
  return page(503, render_notice_page(
                       language, korean ? "잠시 후 다시 확인해 주세요" : "Please try again shortly",
                       korean ? "지금은 결제 상태를 확인할 수 없습니다. 다시 결제하지 마시고 이 "
                                "화면을 새로 고쳐 주세요."
                              : "The payment cannot be checked right now. Please do not pay "
                                "again; reload this page."));
}

http::Response nothing_to_show(Language language) {
  const bool korean = language == Language::kKorean;
  return page(400,
              render_notice_page(
                  language, korean ? "주문을 찾을 수 없습니다" : "Order not found",
                  korean ? "이 주소에는 주문 번호가 없습니다. 쇼핑몰의 주문 내역을 확인해 주세요."
                         : "This address names no order. Please look at your orders in the "
                           "shop."));
}

http::Response expired(Language language, bool wants_page) {
  if (!wants_page) {
    return {
        .status = 404,
        .content_type = "application/json",
        .body = R"({"error":{"code":"not_found","message":"the token is unknown or expired"}})"};
  }
  const bool korean = language == Language::kKorean;
  return page(404, render_notice_page(language,
                                      korean ? "이 화면은 만료되었습니다" : "This page has expired",
                                      korean ? "쇼핑몰의 주문 내역에서 결제 상태를 확인해 주세요."
                                             : "Please look at your orders in the shop."));
}

// Flows of PortOne's that end here and are no payment: there is nothing to wait for, and nothing
// that we would look up.
bool is_other_flow(core::EventKind kind) {
  return kind == core::EventKind::kBillingKey || kind == core::EventKind::kPaymentMethod ||
         kind == core::EventKind::kIdentityVerification;
}

http::Response other_flow(Language language, core::EventKind kind, bool failed) {
  struct Words {
    std::string_view registered, not_registered, verified, not_verified, next, again;
  };
  static constexpr Words kKorean{"결제 수단 등록 결과를 받았습니다",
                                 "결제 수단 등록에 실패했습니다",
                                 "본인인증 결과를 받았습니다",
                                 "본인인증에 실패했습니다",
                                 "결제가 아닌 절차입니다. 쇼핑몰로 돌아가 계속해 주세요.",
                                 "결제가 아닌 절차입니다. 쇼핑몰로 돌아가 다시 시도해 주세요."};
  static constexpr Words kEnglish{
      "Payment method registration received",
      "Registering the payment method failed",
      "Identity verification received",
      "Identity verification failed",
      "This was not a payment. Please go back to the shop to continue.",
      "This was not a payment. Please go back to the shop and try again."};
  const Words& words = language == Language::kKorean ? kKorean : kEnglish;
  const bool is_identity = kind == core::EventKind::kIdentityVerification;
  const std::string_view good = is_identity ? words.verified : words.registered;
  const std::string_view bad = is_identity ? words.not_verified : words.not_registered;
  return page(200,
              render_notice_page(language, failed ? bad : good, failed ? words.again : words.next));
}

// HEAD names no visit, and whoever previews links is no buyer: nothing is stored or promised.
http::Response head_only(Language language) {
  return page(200, render_notice_page(language,
                                      language == Language::kKorean ? "결제 결과" : "Payment", ""));
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string fill_in(const std::string& url, const std::string& payment_id,
                    std::string_view result) {
  std::string filled = url;
  const auto replace = [&](std::string_view mark, const std::string& value) {
    for (auto at = filled.find(mark); at != std::string::npos;
         at = filled.find(mark, at + value.size())) {
      filled.replace(at, mark.size(), value);
    }
  };
  replace("{result}", core::percent_encode(result));
  replace("{payment_id}", core::percent_encode(payment_id));
  return filled;
}

}  // namespace

RedirectListener::RedirectListener(const Uses& uses, std::string page_key)
    : uses_(uses),
      config_(uses.config.redirect),
      status_path_(std::string(without_slash(config_.path)) + "/status"),
      tokens_(std::move(page_key)) {}

void RedirectListener::add_routes(http::Router& router) {
  const auto receive_it = [this](const http::Request& request) { return receive(request); };
  router.on("GET", http::Router::literal(config_.path), receive_it);
  router.on("POST", http::Router::literal(config_.path), receive_it);
  router.on("GET", http::Router::literal(status_path_),
            [this](const http::Request& request) { return status(request); });
}

http::Answer RedirectListener::receive(const http::Request& request) {
  const Language language = language_of(request);
  if (request.method == "HEAD") return head_only(language);
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
  return {unavailable(language), [this, language, own_page, api, stored = std::move(stored)](
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
                  show({outcome.value().event, language, true}, complete);
                });
          }};
}

// Of a return that is no payment's; nothing where the payment's page is to be shown.
std::optional<http::Response> RedirectListener::page_of_its_own(const http::Request& request,
                                                                std::string_view form,
                                                                const core::Event& event) const {
  const Language language = language_of(request);
  if (is_other_flow(event.kind)) {
    return other_flow(language, event.kind, core::says_failure(request.query(), form));
  }
  const bool is_lost = event.kind != core::EventKind::kPayment;
  if (is_lost && config_.mode == core::RedirectMode::kPage) return nothing_to_show(language);
  return std::nullopt;
}

http::Answer RedirectListener::status(const http::Request& request) {
  const Language language = language_of(request);
  const auto pairs = core::parse_form(request.query());
  const bool wants_page =
      request.header("accept").value_or("").find("text/html") != std::string_view::npos;
  const auto redirect =
      tokens_.read(core::form_value(pairs, "token").value_or(""), uses_.clock.paced());
  if (!redirect) return expired(language, wants_page);
  const Visit visit{*redirect, language, wants_page};
  return {unavailable(language),
          [this, visit](const http::Completion& complete) { show(visit, complete); }};
}

void RedirectListener::show(const Visit& visit, const http::Completion& complete) {
  uses_.readers.run(
      [this, visit, complete](storage::Reader& reader) {
        const auto facts = reader.redirect(visit.redirect);
        complete(facts ? answer(visit, *facts) : expired(visit.language, visit.wants_page));
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
  const WaitingPage content = page_of(visit, facts, state);
  if (visit.wants_page) return page(200, render_waiting_page(content));
  const nlohmann::json body{{"state", core::to_word(state)},
                            {"payment_id", content.payment_id},
                            {"message", waiting_message(state, visit.language)},
                            {"next_url", content.next_url}};
  http::Response response{.status = 200, .content_type = "application/json"};
  response.body = body.dump() + "\n";
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

WaitingPage RedirectListener::page_of(const Visit& visit, const storage::RedirectFacts& facts,
                                      WaitingState state) const {
  WaitingPage content{.state = state, .language = visit.language};
  if (facts.payment_id) content.payment_id = facts.payment_id->str();
  // What only the buyer may see is shown to a redirect that named an attempt which PortOne binds
  // to this payment; anybody can invent the rest.
  if (facts.attempt && facts.payment) {
    if (facts.payment->total_amount && facts.payment->currency) {
      content.amount =
          core::readable_amount(*facts.payment->total_amount, *facts.payment->currency);
    }
    content.account = facts.attempt->virtual_account;
    if (state == WaitingState::kFailed) content.reason = facts.attempt->failure_reason;
  }
  if (state == WaitingState::kFailed || state == WaitingState::kConfirming) {
    content.window_reason = facts.reason;
  }
  if (state == WaitingState::kConfirming || state == WaitingState::kReview ||
      state == WaitingState::kAwaitingDeposit) {
    content.status_url =
        status_path_ + "?token=" + tokens_.make(visit.redirect, uses_.clock.paced());
  }
  if (state != WaitingState::kConfirming) content.next_url = next_url(state, facts);
  return content;
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
  return fill_in(*url, facts.payment_id ? facts.payment_id->str() : "", core::to_word(result));
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
