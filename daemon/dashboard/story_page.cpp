#include "daemon/dashboard/story_page.h"

#include <algorithm>

#include "daemon/core/words/text.h"
#include "daemon/dashboard/words.h"
#include "daemon/pages/bank_names.h"

namespace reconciled::dashboard {
namespace {

using core::Html;
using storage::AttemptView;
using storage::PaymentView;

void add_fact(Html& html, std::string_view name, std::string_view value) {
  html.element("dt", name).open("dd").element("bdi", value).close();
}

void add_done(Html& html, const View& view, const std::string& done) {
  struct Deed {
    std::string_view word;
    Said said;
  };
  static constexpr Deed kDeeds[]{
      {"lookup", {"PortOne에 물었습니다. 잠시 뒤 새로고침하세요.", "PortOne is being asked. Reload in a moment."}},
      {"replay", {"이벤트를 다시 처리합니다. 잠시 뒤 새로고침하세요.", "The event is decided on again. Reload in a moment."}},
      {"resend", {"알림을 다시 보냅니다.", "The message is sent again."}},
      {"resolved", {"해결로 표시했습니다.", "The finding is closed."}},
      {"closed", {"이미 끝난 항목입니다.", "The finding was closed already."}},
      {"superseded", {"그 알림은 더 이상 사실이 아니어서 보내지 않습니다.",
                      "That message no longer holds, and is not sent."}},
      {"expired", {"보관 기간이 지나 알림의 내용이 남아 있지 않아 다시 보낼 수 없습니다.",
                   "Its text has left with storage.retention_days: it cannot be sent again."}},
  };
  for (const Deed& deed : kDeeds) {
    if (deed.word != done) continue;
    html.open("section", {{"class", "done"}, {"role", "status"}});
    html.element("p", view.say(deed.said)).close();
  }
}

// Why a paid one is held: a finding is open, or a person closed it, which lifts nothing.
void add_reason(Html& html, const View& view, const storage::PaymentDetail& detail) {
  const auto is_open = [](const storage::FindingView& finding) { return finding.open; };
  if (std::any_of(detail.findings.begin(), detail.findings.end(), is_open)) {
    html.element("p", view.say({"이유는 위에 있습니다.", "The reason stands above."}));
    return;
  }
  bool is_told = false;
  for (const storage::FindingView& finding : detail.findings) {
    if (finding.closed_by != "person") continue;
    is_told = true;
    html.open("p").element("b", finding_advice(core::to_word(finding.kind), view.language).title);
    html.text(": ").element("bdi", plain(finding.detail, 500), {{"lang", "en"}}).close();
    html.open("p").text(view.say({"해결로 표시한 사람 ", "Closed by "}));
    html.element("bdi", plain(finding.by, 100)).text(" – ").element("bdi", plain(finding.note)).close();
  }
  html.element("p", is_told ? view.say({"해결로 표시해도 보류는 풀리지 않습니다. 주문을 고쳐 등록하거나 "
                                        "(reconciled order … --correct) 환불해야 합니다.",
                                        "Closing lifts no hold: a correction of the order does "
                                        "(reconciled order … --correct), or a refund."})
                            : view.say({"PortOne에 확인하는 중입니다.",
                                        "It is being confirmed with PortOne."}));
}

// The one sentence that whoever packs the goods needs.
void add_verdict(Html& html, const View& view, const storage::PaymentDetail& detail) {
  const PaymentView& payment = detail.payment;
  if (payment.deliverable) {
    html.element("p", view.say({"✓ 배송해도 됩니다", "✓ May be delivered"}), {{"class", "good"}});
  } else if (payment.result == core::Result::kPaid) {
    html.element("p", view.say({"✕ 결제되었지만 배송하면 안 됩니다.",
                                "✕ Paid, and must not be delivered."}),
                 {{"class", "bad"}});
    add_reason(html, view, detail);
  }
  if (payment.unverified) {
    html.element("p", view.say({"등록된 주문이 없어 금액을 비교하지 않았습니다.",
                                "No order is registered: the amount was not compared."}),
                 {{"class", "wait"}});
  }
}

void add_facts(Html& html, const View& view, const PaymentView& payment) {
  html.open("dl");
  add_fact(html, view.say({"주문 금액", "Ordered"}),
           money_text(payment.expected_amount, payment.currency, view.language));
  if (payment.cancelled_amount.value_or(0) > 0) {
    add_fact(html, view.say({"취소 금액", "Given back"}),
             money_text(payment.cancelled_amount, payment.currency, view.language));
  }
  if (payment.authority) {
    add_fact(html, view.say({"근거", "On the word of"}),
             authority_name(*payment.authority, view.language));
  }
  add_fact(html, view.say({"구매자 브라우저", "The buyer's browser"}),
           ui_state_name(payment.ui_state, view.language));
  add_fact(html, view.say({"웹훅이 말한 상태", "What webhooks say"}),
           result_name(payment.webhook_status, view.language));
  add_fact(html, view.say({"만든 때", "Created"}),
           clock_text(payment.created_at, view.now) + " (" +
               ago_text(payment.created_at, view.now, view.language) + ")");
  if (payment.next_lookup_at) {
    add_fact(html, view.say({"다음 조회", "Next look-up"}),
             ago_text(*payment.next_lookup_at, view.now, view.language));
  } else if (payment.asking_ended_at) {
    add_fact(html, view.say({"조회를 끝낸 때", "Asking ended"}),
             clock_text(*payment.asking_ended_at, view.now));
  }
  html.close();
}

// Whom to call when a deposit does not come; at any other time nobody needs it.
void add_account(Html& html, const View& view, const AttemptView& attempt) {
  if (!attempt.virtual_account || attempt.result != core::Result::kAwaitingDeposit) return;
  const core::VirtualAccount& account = *attempt.virtual_account;
  html.open("details").element("summary", view.say({"입금 계좌 보기", "Show the account"}));
  html.open("dl");
  add_fact(html, view.say({"은행", "Bank"}), bank_name(account.bank, view.language));
  add_fact(html, view.say({"계좌번호", "Account"}), plain(account.number, 60));
  if (!account.holder.empty()) {
    add_fact(html, view.say({"예금주", "Holder"}), plain(account.holder, 120));
  }
  if (account.due_at) {
    const core::Time due = core::to_time(*account.due_at);
    add_fact(html, view.say({"기한", "Due"}),
             clock_text(due, view.now) + " (" + ago_text(due, view.now, view.language) + ")");
  }
  html.close().close();
}

void add_attempts(Html& html, const View& view, const storage::PaymentDetail& detail) {
  if (detail.attempts.empty()) return;
  html.open("section").element("h2", view.say({"거래", "Attempts"}));
  html.open("ul", {{"class", "rows"}});
  for (const AttemptView& attempt : detail.attempts) {
    html.open("li");
    add_result(html, view, attempt.result);
    html.text(" " + money_text(attempt.total_amount, detail.payment.currency, view.language));
    std::string how(core::to_word(attempt.api) == "v1" ? "V1" : "V2");
    if (!attempt.method.empty()) {
      how += " · " + plain(method_name(attempt.method, view.language), 60);
    }
    if (!attempt.pg_provider.empty()) how += " · " + plain(attempt.pg_provider, 60);
    html.element("p", how, {{"class", "dim"}});
    html.open("p").element("code", plain(attempt.attempt_id.str(), 256)).close();
    if (!attempt.failure_reason.empty()) {
      html.open("p").element("bdi", plain(attempt.failure_reason)).close();
    }
    add_account(html, view, attempt);
    html.close();
  }
  html.close().close();
}

void add_resolving(Html& html, const View& view, const storage::FindingView& finding) {
  html.open("form", {{"class", "note"},
                     {"method", "post"},
                     {"action", "/dashboard/findings/" + std::to_string(finding.id) + "/resolve"}});
  add_form_token(html, view);
  html.empty("input", {{"type", "hidden"},
                       {"name", "payment"},
                       {"value", core::percent_encode(finding.payment_id.str())}});
  html.open("label").text(view.say({"확인한 내용 ", "What you found out "}));
  html.empty("input", {{"name", "note"}, {"maxlength", "300"}, {"required", ""}}).close();
  html.open("label").text(view.say({"이름 ", "Your name "}));
  html.empty("input", {{"name", "by"}, {"maxlength", "30"}, {"autocomplete", "name"}}).close();
  html.element("button", view.say({"해결로 표시", "Resolve"})).close();
}

void add_open_findings(Html& html, const View& view, const storage::PaymentDetail& detail) {
  for (const storage::FindingView& finding : detail.findings) {
    if (!finding.open) continue;
    html.open("section", {{"class", "alarm"}});
    add_finding(html, view, finding, false);
    add_resolving(html, view, finding);
    html.close();
  }
}

}  // namespace

http::Response render(const View& view, const StoryPage& content) {
  const storage::PaymentDetail& detail = content.story.detail;
  const PaymentView& payment = detail.payment;
  const std::string name = plain(payment.payment_id.str(), 256);
  return page(200, view, {.title = name}, [&](Html& html) {
    add_done(html, view, content.done);
    html.open("h1").element("bdi", name).close();
    add_open_findings(html, view, detail);
    html.open("div", {{"class", "grid"}}).open("section");
    html.open("p");
    add_result(html, view, payment.result);
    html.close();
    const auto amount = payment.total_amount ? payment.total_amount : payment.expected_amount;
    html.element("p", money_text(amount, payment.currency, view.language), {{"class", "sum"}});
    add_verdict(html, view, detail);
    add_facts(html, view, payment);
    html.open("div", {{"class", "acts"}});
    add_button(html, view, address_of(payment.payment_id) + "/lookup",
               view.say({"PortOne에 지금 묻기", "Ask PortOne now"}));
    html.close().close();
    add_attempts(html, view, detail);
    html.close();
    add_story(html, view, content);
  });
}

}  // namespace reconciled::dashboard
