#include "daemon/redirect/waiting_page.h"

#include <algorithm>

#include "daemon/core/words/text.h"
#include "daemon/pages/bank_names.h"
#include "daemon/pages/readable.h"

namespace reconciled {
namespace {

using core::Html;
using core::Money;
using core::WaitingState;

Face face_of_deposit(const WaitingPage& page) {
  if (!page.account) return Face::kDepositElsewhere;
  const bool is_over = page.account->due && page.account->due->instant <= page.now.instant;
  if (is_over) return Face::kDepositOver;
  // Eximbay's convenience store calls the number "unknown" (dossier §7.11).
  const std::string& number = page.account->number;
  const bool can_be_paid_into = std::any_of(number.begin(), number.end(), core::is_digit);
  return can_be_paid_into ? Face::kAwaitingDeposit : Face::kDepositElsewhere;
}

void add_row(Html& html, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  html.element("dt", name).element("dd", value);
}

void add_row(Html& html, std::string_view name, const std::optional<Money>& money,
             Language language) {
  if (money) add_row(html, name, readable_money(*money, language));
}

void add_reason(Html& html, const WaitingPage& page) {
  static constexpr Said kReason{"사유: ", "Reason: "};
  static constexpr Said kWindow{"결제창에서 보낸 메시지: ", "The payment window said: "};
  if (!page.reason.empty()) {
    html.open("p", {{"class", "why"}}).text(kReason.in(page.language));
    html.element("bdi", page.reason).close();
  } else if (!page.window_reason.empty()) {
    html.open("p", {{"class", "why"}}).text(kWindow.in(page.language));
    html.element("bdi", page.window_reason).close();
  }
}

void add_account(Html& html, const WaitingPage& page) {
  static constexpr Said kHolder{"예금주 ", "Account holder: "};
  static constexpr Said kCopy{"계좌번호 복사", "Copy the number"};
  static constexpr Said kCopied{"복사했습니다", "Copied"};
  const Language language = page.language;
  const DepositAccount& account = *page.account;
  html.open("div", {{"class", "account"}});
  html.element("p", bank_name(account.bank, language), {{"class", "bank"}});
  html.element("p", account.number, {{"id", "number"}});
  if (!account.holder.empty()) {
    html.open("p").text(kHolder.in(language));
    html.element("bdi", account.holder, {{"class", "whole"}}).close();
  }
  // Only the script can copy, and shows the button.
  html.element("button", kCopy.in(language),
               {{"type", "button"},
                {"id", "copy"},
                {"hidden", ""},
                {"data-said", kCopied.in(language)}});
  html.element("p", "", {{"id", "said"}, {"role", "status"}});
  if (account.due) {
    const Due due = readable_due(*account.due, page.now, language);
    html.open("p", {{"class", "due"}}).text(due.until + ", ");
    html.element("span", due.left, {{"class", "whole"}}).close();
  }
  html.close();
}

// Large where it was paid or is to be paid. Elsewhere it would look as if it had been.
bool is_sum_large(Face face) {
  return face == Face::kPaid || face == Face::kHeld || face == Face::kAwaitingDeposit ||
         face == Face::kDepositElsewhere;
}

void add_details(Html& html, const WaitingPage& page, Face face) {
  static constexpr Said kOrder{"주문 번호", "Order"};
  static constexpr Said kAmount{"금액", "Amount"};
  static constexpr Said kPaid{"결제 금액", "Paid"};
  static constexpr Said kReturned{"취소 금액", "Returned"};
  static constexpr Said kLeft{"남은 금액", "Remaining"};
  const Language language = page.language;
  const bool has_rows = page.amount && !is_sum_large(face);
  if (page.payment_id.empty() && !has_rows) return;
  html.open("dl");
  if (has_rows && !page.returned) add_row(html, kAmount.in(language), page.amount, language);
  if (has_rows && page.returned) {
    add_row(html, kPaid.in(language), page.amount, language);
    add_row(html, kReturned.in(language), page.returned, language);
    if (face == Face::kPartlyReturned) {
      const Money left{page.amount->minor - page.returned->minor, page.amount->currency};
      add_row(html, kLeft.in(language), left, language);
    }
  }
  add_row(html, kOrder.in(language), page.payment_id);
  html.close();
}

void add_ways_on(Html& html, const WaitingPage& page, Face face) {
  static constexpr Said kRetry{"다시 결제하기", "Pay again"};
  static constexpr Said kContinue{"계속하기", "Continue"};
  static constexpr Said kBack{"쇼핑몰로 돌아가기", "Back to the shop"};
  const bool can_retry = face == Face::kFailed && !page.retry_url.empty();
  if (can_retry) {
    html.element("a", kRetry.in(page.language), {{"class", "go"}, {"href", page.retry_url}});
  }
  if (!page.next_url.empty()) {
    const Said& words = page.state == WaitingState::kPaid ? kContinue : kBack;
    html.element("a", words.in(page.language),
                 {{"class", can_retry ? "go less" : "go"}, {"href", page.next_url}});
  }
}

}  // namespace

Face face_of(const WaitingPage& page) {
  switch (page.state) {
    case WaitingState::kPaid:
      return page.returned ? Face::kPartlyReturned : Face::kPaid;
    case WaitingState::kReview:
      if (page.is_held) return Face::kHeld;
      return page.has_ended ? Face::kUnknown : Face::kDelayed;
    case WaitingState::kAwaitingDeposit:
      return face_of_deposit(page);
    case WaitingState::kCancelled:
      return page.returned ? Face::kReturned : Face::kCancelled;
    case WaitingState::kFailed:
      return Face::kFailed;
    case WaitingState::kConfirming:
      return page.has_ended ? Face::kUnknown : Face::kConfirming;
  }
  return Face::kConfirming;
}

std::string render_waiting_page(const WaitingPage& page, const Shop& shop) {
  const Face face = face_of(page);
  const Frame frame{.language = page.language,
                    .face = face,
                    .state = core::to_word(page.state),
                    .title = title_of(face).in(page.language),
                    .text = text_of(face).in(page.language),
                    .following = page.following,
                    .has_ended = page.has_ended,
                    .has_number = face == Face::kAwaitingDeposit};
  return render_frame(frame, shop, [&](Html& html) {
    if (page.amount && is_sum_large(face)) {
      html.element("p", readable_money(*page.amount, page.language), {{"class", "sum"}});
    }
    add_reason(html, page);
    if (face == Face::kAwaitingDeposit) add_account(html, page);
    add_details(html, page, face);
    add_ways_on(html, page, face);
  });
}

}  // namespace reconciled
