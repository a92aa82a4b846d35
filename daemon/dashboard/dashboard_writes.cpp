// Signing in and out, and the buttons.
#include "daemon/core/messages/media_type.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/words/text.h"
#include "daemon/dashboard/dashboard.h"
#include "daemon/runtime/log.h"

namespace reconciled::dashboard {
namespace {

constexpr std::size_t kMaxNoteBytes = 1'000;
constexpr std::size_t kMaxNameBytes = 100;
constexpr std::string_view kSignIn = "/dashboard/sign-in";

// Where signing in leads.
std::string back_in(std::string_view pairs) {
  const std::string back = core::form_value(core::parse_form(pairs), "back").value_or("/");
  return is_ours(back) && !back.starts_with(kSignIn) ? back : "/";
}

std::int64_t row_number(const std::string& digits) {
  return digits.size() <= 18 ? std::stoll(digits) : INT64_MAX;
}

// Whose page the button stood on.
std::optional<core::PaymentId> payment_in(const http::Request& request) {
  return core::PaymentId::make(core::percent_decode(
      core::form_value(core::parse_form(request.body), "payment").value_or(""), false));
}

http::Response back_to(const std::optional<core::PaymentId>& payment, const std::string& done) {
  return go_to(payment ? address_of(*payment) + "?done=" + done : "/");
}

}  // namespace

bool Dashboard::is_signed_in(const http::Request& request) const {
  return sessions_.is_signed_in(request, uses_.clock.paced());
}

std::optional<http::Response> Dashboard::guard(const http::Request& request) const {
  const bool is_write = request.method != "GET" && request.method != "HEAD";
  const bool is_sign_in = request.path() == kSignIn;
  const bool may_enter = is_sign_in || !sessions_.needs_sign_in() || is_signed_in(request) ||
                         sessions_.is_bearer(request.header("authorization").value_or(""));
  if (!may_enter) {
    if (is_write) return render_sign_in(view_of(request), SignInFault::kFormOver);
    return go_to(std::string(kSignIn) + "?back=" + core::percent_encode(request.target));
  }
  if (!is_write) return std::nullopt;
  const bool is_form = core::media_type_of(request.header("content-type").value_or("")) ==
                       core::MediaType::kForm;
  const std::string given =
      is_form ? core::form_value(core::parse_form(request.body), "form").value_or("") : "";
  if (sessions_.is_form_token(request, given)) return std::nullopt;
  if (is_sign_in) return render_sign_in(view_of(request), SignInFault::kFormOver);
  const View view = view_of(request);
  return notice(403, view, view.say({"아무것도 하지 않았습니다", "Nothing was done"}),
                view.say({"이 요청은 이 화면의 단추에서 오지 않았거나 화면이 오래되었습니다. 새로고침한 "
                          "뒤 다시 누르세요.",
                          "The request did not come from a button of this page, or the page is too "
                          "old. Reload it and press again."}));
}

void Dashboard::add_session_routes(http::Router& router) {
  router.on("GET", std::string(kSignIn), [this](const http::Request& request) -> http::Answer {
    const std::string back = back_in(request.query());
    if (!sessions_.needs_sign_in() || is_signed_in(request)) return go_to(back);
    return render_sign_in(view_of(request), SignInFault::kNone, back);
  });
  router.on("POST", std::string(kSignIn),
            [this](const http::Request& request) { return sign_in(request); });
  router.on("POST", "/dashboard/sign-out",
            [this](const http::Request& request) { return sign_out(request); });
}

http::Response Dashboard::sign_in(const http::Request& request) {
  const std::string back = back_in(request.body);
  if (!sessions_.needs_sign_in()) return go_to(back);
  const std::string given =
      core::form_value(core::parse_form(request.body), "token").value_or("");
  const core::Time now = uses_.clock.paced();
  switch (sessions_.check(given, request.client_ip, now)) {
    case Sessions::Verdict::kWrong:
      log_warn("dashboard: wrong token", {{"from", request.client_ip}});
      return render_sign_in(view_of(request), SignInFault::kWrong, back);
    case Sessions::Verdict::kTooMany:
      return render_sign_in(view_of(request), SignInFault::kTooMany, back);
    case Sessions::Verdict::kRight:
      break;
  }
  log_info("dashboard: signed in", {{"from", request.client_ip}});
  http::Response response = go_to(back);
  response.headers.emplace_back("Set-Cookie", sessions_.begin(request.secure, now));
  return response;
}

http::Response Dashboard::sign_out(const http::Request& request) {
  http::Response response = go_to(std::string(kSignIn));
  response.headers.emplace_back("Set-Cookie", sessions_.end(request, uses_.clock.paced()));
  return response;
}

void Dashboard::add_writes(http::Router& router) {
  using Request = http::Request;
  router.on("POST", "/dashboard/payments/([^/]+)/lookup",
            [this](const Request& r) { return look_up(r); });
  router.on("POST", "/dashboard/events/([0-9]+)/replay",
            [this](const Request& r) { return replay(r); });
  router.on("POST", "/dashboard/notifications/([0-9]+)/resend",
            [this](const Request& r) { return resend(r); });
  router.on("POST", "/dashboard/findings/([0-9]+)/resolve",
            [this](const Request& r) { return resolve(r); });
}

http::Answer Dashboard::look_up(const http::Request& request) {
  const auto id = core::PaymentId::make(core::percent_decode(request.captures.at(0), false));
  if (!id) return go_to("/");
  log_info("dashboard: look-up asked for", {{"payment_id", id->str()}});
  uses_.lookups.look_up_soon(*id);
  return back_to(id, "lookup");
}

http::Answer Dashboard::replay(const http::Request& request) {
  const core::EventId id{row_number(request.captures.at(0))};
  const View view = view_of(request);
  return {unavailable(view), [this, id, view, payment = payment_in(request)](
                                 const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.replay(id, [view, payment, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
              } else if (!outcome.value()) {
                complete(notice(404, view, view.say({"없는 이벤트입니다", "There is no such event"}),
                                ""));
              } else {
                complete(back_to(payment, "replay"));
              }
            });
          }};
}

http::Answer Dashboard::resend(const http::Request& request) {
  const std::int64_t id = row_number(request.captures.at(0));
  const View view = view_of(request);
  if (!uses_.notifications.is_on()) {
    return notice(409, view, view.say({"보낼 곳이 없습니다", "There is nobody to send to"}),
                  view.say({"설정에 notify.url이 없습니다.", "notify.url is not configured."}));
  }
  return {unavailable(view), [this, id, view, payment = payment_in(request)](
                                 const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.resend(id, uses_.clock.now(), [view, payment, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
                return;
              }
              switch (outcome.value()) {
                case storage::ResendOutcome::kAbsent:
                  complete(notice(404, view,
                                  view.say({"없는 알림입니다", "There is no such message"}), ""));
                  break;
                case storage::ResendOutcome::kSuperseded:
                  complete(back_to(payment, "superseded"));
                  break;
                case storage::ResendOutcome::kExpired:
                  complete(back_to(payment, "expired"));
                  break;
                case storage::ResendOutcome::kResent:
                  complete(back_to(payment, "resend"));
                  break;
              }
            });
          }};
}

http::Answer Dashboard::resolve(const http::Request& request) {
  const View view = view_of(request);
  const auto pairs = core::parse_form(request.body);
  const auto text_of = [&](std::string_view name, std::size_t most) {
    return core::clean_text(
        core::without_invisible(core::form_value(pairs, name).value_or("")), most);
  };
  const storage::ResolveRequest wanted{
      row_number(request.captures.at(0)),
      {text_of("by", kMaxNameBytes), text_of("note", kMaxNoteBytes)},
      uses_.clock.now()};
  if (wanted.hand.note.find_first_not_of(' ') == std::string::npos) {
    return notice(400, view, view.say({"아무것도 하지 않았습니다", "Nothing was done"}),
                  view.say({"무엇을 확인했는지 메모를 쓰세요.", "Write down what you found out."}));
  }
  return {unavailable(view), [this, view, wanted, payment = payment_in(request)](
                                 const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.resolve_finding(wanted, [view, payment, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
                return;
              }
              switch (outcome.value()) {
                case storage::ResolveOutcome::kAbsent:
                  complete(notice(404, view,
                                  view.say({"없는 항목입니다", "There is no such finding"}), ""));
                  break;
                case storage::ResolveOutcome::kOver:
                case storage::ResolveOutcome::kAlready:
                  complete(back_to(payment, "closed"));
                  break;
                case storage::ResolveOutcome::kResolved:
                  complete(back_to(payment, "resolved"));
                  break;
              }
            });
          }};
}

}  // namespace reconciled::dashboard
