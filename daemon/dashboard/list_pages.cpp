#include "daemon/dashboard/list_pages.h"

#include "daemon/core/words/text.h"
#include "daemon/dashboard/words.h"

namespace reconciled::dashboard {
namespace {

using core::Html;

void add_option(Html& html, std::string_view value, std::string_view name, bool is_chosen) {
  html.element("option", name,
               {{"value", value},
                {"selected", is_chosen ? std::optional<std::string_view>("") : std::nullopt}});
}

void add_filter(Html& html, const View& view, const ListWish& wish) {
  html.open("section").open("form", {{"class", "filter"}, {"action", "/dashboard/payments"}});
  html.open("label").text(view.say({"결과 ", "Result "})).open("select", {{"name", "result"}});
  add_option(html, "", view.say({"모두", "any"}), !wish.result);
  for (int i = 0; i <= static_cast<int>(core::Result::kFailed); ++i) {
    const auto result = static_cast<core::Result>(i);
    add_option(html, core::to_word(result), result_name(result, view.language),
               wish.result == result);
  }
  html.close().close();
  html.open("label").text(view.say({"주문한 날 ", "Created on "}));
  html.empty("input", {{"type", "date"}, {"name", "day"}, {"value", wish.day}}).close();
  html.element("button", view.say({"보기", "Show"})).close().close();
}

void add_next(Html& html, const View& view, const std::string& address) {
  html.element("a", view.say({"더 오래된 것", "Older ones"}),
               {{"href", address}, {"class", "button"}, {"rel", "next"}});
}

}  // namespace

http::Response render_payments(const View& view, const ListWish& wish,
                               const storage::Page<storage::PaymentView>& list) {
  const std::string_view title = view.say({"결제", "Payments"});
  return page(200, view, {.title = title}, [&](Html& html) {
    html.element("h1", title);
    add_filter(html, view, wish);
    html.open("section").element("h2", view.say({"최신순", "Newest first"}));
    if (list.items.empty()) {
      html.element("p", view.say({"해당하는 결제가 없습니다.", "There are none."}));
    }
    add_payment_list(html, view, list.items);
    if (list.next_cursor) {
      std::string next = "/dashboard/payments?cursor=" + std::to_string(*list.next_cursor);
      if (wish.result) next += "&result=" + std::string(core::to_word(*wish.result));
      if (!wish.day.empty()) next += "&day=" + core::percent_encode(wish.day);
      add_next(html, view, next);
    }
    html.close();
  });
}

http::Response render_findings(const View& view, std::optional<core::FindingKind> kind,
                               const storage::Page<storage::FindingView>& list) {
  const std::string_view title = view.say({"확인할 것", "Findings"});
  return page(200, view, {.title = title}, [&](Html& html) {
    html.element("h1", title);
    html.open("section").open("form", {{"class", "filter"}, {"action", "/dashboard/findings"}});
    html.open("label").text(view.say({"종류 ", "Kind "})).open("select", {{"name", "kind"}});
    add_option(html, "", view.say({"모두", "any"}), !kind);
    for (std::size_t i = 0; i < core::kFindingKinds; ++i) {
      const auto one = static_cast<core::FindingKind>(i);
      const std::string_view word = core::to_word(one);
      add_option(html, word, finding_advice(word, view.language).title, kind == one);
    }
    html.close().close().element("button", view.say({"보기", "Show"})).close().close();
    html.open("section").element("h2", view.say({"최신순", "Newest first"}));
    if (list.items.empty()) {
      html.element("p", view.say({"확인할 것이 없습니다.", "Nothing to look at."}));
    }
    html.open("ul", {{"class", "rows"}});
    for (const storage::FindingView& finding : list.items) {
      html.open("li");
      add_finding(html, view, finding, true);
      html.close();
    }
    html.close();
    if (list.next_cursor) {
      std::string next = "/dashboard/findings?cursor=" + std::to_string(*list.next_cursor);
      if (kind) next += "&kind=" + std::string(core::to_word(*kind));
      add_next(html, view, next);
    }
    html.close();
  });
}

http::Response render_found(const View& view, const std::vector<storage::PaymentView>& found) {
  const std::string_view title = view.say({"찾은 결제", "Payments found"});
  return page(200, view, {.title = title}, [&](Html& html) {
    html.element("h1", title).open("section");
    if (found.empty()) {
      html.element("h2", view.say({"찾지 못했습니다", "Nothing found"}));
      html.element("p", view.say({"주문번호(merchant_uid, paymentId)나 거래번호(imp_uid, "
                                  "transactionId), PG사 번호(pg_tid, pgTxId)를, 적어도 앞부분을 "
                                  "넣으세요. 주문번호의 가운데나 끝은 가장 최근 결제 10,000건에서만 "
                                  "찾습니다.",
                                  "Give an order's number (merchant_uid, paymentId) or an attempt's "
                                  "(imp_uid, transactionId), the gateway's own (pg_tid, pgTxId), or how it "
                                  "begins. The middle or the end "
                                  "of an order's number is looked for among the newest 10,000 "
                                  "payments alone."}));
    } else {
      html.element("h2", count_text(found.size()) + std::string(view.say({"건", " found"})));
    }
    add_payment_list(html, view, found);
    html.close();
  });
}

http::Response render_sign_in(const View& view, SignInFault fault, const std::string& back) {
  const std::string_view title = view.say({"로그인", "Sign in"});
  Said text{};
  int status = 200;
  switch (fault) {
    case SignInFault::kNone:
      break;
    case SignInFault::kWrong:
      text = {"토큰이 맞지 않습니다. 설정의 admin.token입니다.",
              "That is not the token. It is admin.token of the configuration."};
      status = 401;
      break;
    case SignInFault::kTooMany:
      text = {"너무 많이 틀렸습니다. 1분 뒤에 다시 하세요.",
              "Too many wrong tries. Try again in a minute."};
      status = 429;
      break;
    case SignInFault::kFormOver:
      text = {"이 화면은 오래되었습니다. 다시 로그인하세요.", "This form is too old. Sign in again."};
      status = 403;
      break;
  }
  http::Response response =
      page(status, view, {.title = title, .with_navigation = false}, [&](Html& html) {
        html.open("section", {{"class", "signin"}}).element("h1", title);
        if (fault != SignInFault::kNone) {
          html.open("div", {{"role", "alert"}}).element("p", view.say(text), {{"class", "bad"}});
          html.close();
        }
        html.open("form", {{"method", "post"}, {"action", "/dashboard/sign-in"}});
        add_form_token(html, view);
        html.empty("input", {{"type", "hidden"}, {"name", "back"}, {"value", back}});
        html.open("label", {{"for", "token"}}).text(view.say({"관리자 토큰", "Admin token"})).close();
        html.empty("input", {{"type", "password"},
                             {"id", "token"},
                             {"name", "token"},
                             {"autocomplete", "current-password"},
                             {"maxlength", "1024"},
                             {"required", ""},
                             {"autofocus", ""}});
        html.element("button", title, {{"class", "main"}}).close().close();
      });
  if (fault == SignInFault::kTooMany) response.headers.emplace_back("Retry-After", "60");
  return response;
}

}  // namespace reconciled::dashboard
