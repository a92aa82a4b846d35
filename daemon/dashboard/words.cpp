#include "daemon/dashboard/words.h"

#include <algorithm>
#include <array>

namespace reconciled::dashboard {
namespace {

struct Known {
  std::string_view word;
  Said title;
  Said action;
};

// Also those that a later version finds: a page of this one never shows a blank.
constexpr std::array kFindings{
    Known{"amount_mismatch", {"금액이 주문과 다름", "Amount differs from the order"},
          {"결제된 금액이 등록된 주문과 다릅니다. 상품을 보내지 말고 주문을 고쳐 등록하거나 환불하세요.",
           "What was paid is not what was ordered. Do not deliver; correct the order or refund."}},
    Known{"currency_mismatch", {"통화가 주문과 다름", "Currency differs from the order"},
          {"주문과 다른 통화로 결제되었습니다. 상품을 보내지 말고 주문을 고쳐 등록하거나 환불하세요.",
           "Paid in another currency than ordered. Do not deliver; correct the order or refund."}},
    Known{"unregistered_order", {"등록되지 않은 주문", "Order not registered"},
          {"결제되었지만 주문이 등록되지 않았습니다. 쇼핑몰에 있는 주문이면 등록하고, 없으면 환불하세요.",
           "Paid, but no such order was registered. Register it if it exists, else refund."}},
    Known{"identity_mismatch", {"다른 결제의 번호", "Attempt of another payment"},
          {"서명된 웹훅이 다른 결제에 속한 거래를 가리켰습니다. 연동 코드를 확인하세요.",
           "A signed webhook named an attempt that belongs to another payment. Check the integration."}},
    Known{"store_mismatch", {"다른 상점의 결제", "Paid in another store"},
          {"설정된 상점이 아닌 곳에서 결제되었습니다. 상점 아이디 설정을 확인하세요.",
           "Paid in a store that is not the configured one. Check store_id."}},
    Known{"test_channel", {"테스트 결제", "Test payment"},
          {"실제 돈이 아닌 다른 채널의 결제입니다. 상품을 보내지 마세요.",
           "Paid through the other channel, no real money. Do not deliver."}},
    Known{"late_approval", {"실패 후 늦은 승인", "Approved after a failure"},
          {"실패했던 결제가 뒤늦게 승인되었습니다. 구매자가 이미 다시 결제했는지 확인하세요.",
           "An attempt that had failed was approved later. Check whether the buyer paid again."}},
    Known{"double_payment", {"중복 결제", "Paid twice"},
          {"한 주문이 두 번 결제되었습니다. 한쪽을 PortOne 콘솔에서 취소하세요.",
           "One order is paid twice. Cancel one of the two in PortOne's console."}},
    Known{"paid_after_cancel", {"취소 후 다시 결제됨", "Paid after a cancellation"},
          {"전액 취소된 거래가 다시 결제 상태입니다. PortOne 콘솔에서 확인한 뒤 해결로 표시하세요.",
           "A wholly cancelled attempt is paid again. Check PortOne's console, then resolve."}},
    Known{"dispute", {"분쟁", "Dispute"},
          {"구매자가 이의를 제기했습니다. 배송을 멈추고 PG사에 소명하세요.",
           "The buyer disputes the payment. Hold the delivery and answer the gateway."}},
    Known{"chargeback", {"차지백", "Charge-back"},
          {"카드사가 대금을 되돌렸습니다. 배송을 멈추고 PG사에 확인하세요.",
           "The card company took the money back. Hold the delivery and ask the gateway."}},
    Known{"went_backwards", {"이전 상태로 돌아감", "PortOne's answer went back"},
          {"PortOne의 응답이 이전 상태로 돌아갔습니다. PortOne 콘솔에서 결제를 확인하세요.",
           "PortOne's answer fell behind an earlier one. Check the payment in PortOne's console."}},
    Known{"redirect_contradicts", {"브라우저와 결과가 다름", "Browser said otherwise"},
          {"구매자가 본 결과와 실제 결과가 다릅니다. 구매자에게 실제 결과를 알려 주세요.",
           "The buyer was shown another result than the true one. Tell the buyer."}},
    Known{"webhook_contradicts", {"웹훅과 결과가 다름", "Webhook said otherwise"},
          {"서명된 웹훅이 PortOne의 응답과 다릅니다. PortOne에 문의하세요.",
           "A signed webhook contradicts PortOne's own answers. Ask PortOne."}},
    Known{"missing_webhook", {"웹훅이 오지 않음", "Webhook missing"},
          {"결과는 조회로 확인했지만 웹훅이 오지 않았습니다. 콘솔의 웹훅 주소와 프록시를 확인하세요.",
           "Decided by look-up; its webhook never came. Check the console's webhook URL and the proxy."}},
    Known{"unknown_payment", {"PortOne이 모르는 결제", "Unknown to PortOne"},
          {"서명된 웹훅이 왔지만 PortOne이 이 결제를 모릅니다. 상점 설정을 확인하세요.",
           "A signed webhook named it, and PortOne does not know it. Check the store's settings."}},
    Known{"stuck", {"결론이 나지 않음", "Still open"},
          {"조회 일정이 끝났지만 결과가 정해지지 않았습니다. PortOne 콘솔에서 확인하세요.",
           "The schedule ended and the result is still open. Check PortOne's console."}},
    Known{"unreadable_answer", {"읽을 수 없는 응답", "Answer cannot be read"},
          {"PortOne의 응답을 읽을 수 없습니다. 콘솔에서 결제를 확인하고 새 버전이 있는지 보세요.",
           "PortOne's answer cannot be read. Check the console, and for a newer version."}},
    Known{"poisoned", {"처리할 수 없는 이벤트", "Event put aside"},
          {"이벤트 처리가 세 번 실패했습니다. 로그를 보고, 고친 뒤 다시 처리하세요.",
           "Deciding on an event failed three times. See the log; replay it once mended."}},
    Known{"cancel_failed", {"취소 실패", "Cancellation failed"},
          {"PortOne에서 취소가 실패했습니다. 콘솔에서 다시 취소하세요.",
           "PortOne could not cancel. Cancel again in the console."}},
    Known{"cancel_stuck", {"취소 지연", "Cancellation pending"},
          {"취소 요청이 하루 넘게 끝나지 않았습니다. PG사에 확인하세요.",
           "A cancellation is open for a day. Ask the gateway."}},
    Known{"unordered_refund", {"등록되지 않은 환불", "Refund not registered"},
          {"쇼핑몰이 등록하지 않은 취소입니다. 누가 취소했는지 확인하세요.",
           "A cancellation that the shop did not register. Find out who did it."}},
    Known{"refund_missing", {"환불되지 않음", "Refund missing"},
          {"등록된 환불이 PortOne에 없습니다. 콘솔에서 취소했는지 확인하세요.",
           "A registered refund is not at PortOne. Check that it was cancelled there."}},
    Known{"schedule_missed", {"예약 결제 누락", "Scheduled payment missed"},
          {"예약된 결제가 실행되지 않았습니다. PortOne 콘솔에서 확인하세요.",
           "A scheduled payment did not run. Check PortOne's console."}},
};

constexpr std::array kDifferences{
    Known{"missing_here", {"여기에 없는 거래", "Missing here"},
          {"PortOne에 있는 거래가 여기에 없습니다. 그날을 `reconciled backfill`로 가져오고, 웹훅이 왜 오지 "
           "않았는지 확인하세요.", ""}},
    Known{"missing_at_portone", {"PortOne에 없는 거래", "Missing at PortOne"},
          {"PortOne 콘솔에서 찾아보세요. 상점이나 티어 설정이 바뀌지 않았나요? 이 거래로 상품을 보내지 마세요.",
           ""}},
    Known{"other_payment", {"다른 주문의 거래", "Another order's attempt"},
          {"PortOne은 이 거래를 다른 주문의 것으로 봅니다. PortOne이 말하는 주문만 보내고, 다른 번호를 누가 "
           "보냈는지 확인하세요.", ""}},
    Known{"status_differs", {"상태가 다름", "Status differs"},
          {"결제 화면에서 조회를 누르세요. 그래도 다르면 PortOne 콘솔을 확인하세요.", ""}},
    Known{"amount_differs", {"금액이 다름", "Amount differs"},
          {"결제 화면에서 조회를 누르세요. 그래도 다르면 PortOne에 문의하세요.", ""}},
    Known{"currency_differs", {"통화가 다름", "Currency differs"},
          {"결제 화면에서 조회를 누르세요. 그래도 다르면 PortOne에 문의하세요.", ""}},
    Known{"cancelled_amount_differs", {"취소 금액이 다름", "Cancelled amount differs"},
          {"여기에 알려지지 않은 환불이 있었습니다. 결제 화면에서 조회를 누르세요.", ""}},
    Known{"day_differs", {"결제한 날이 다름", "Paid on another day"},
          {"PortOne은 이제 다른 날에 결제되었다고 합니다. 결제 화면에서 조회를 누르세요.", ""}},
    Known{"paid_without_order", {"주문 없는 결제", "Paid without an order"},
          {"무엇을 산 것인지 찾아 주문을 등록하거나, PortOne 콘솔에서 환불하세요.", ""}},
    Known{"order_amount_differs", {"주문 금액과 다름", "Order's amount differs"},
          {"쇼핑몰의 주문과 비교하세요. 잘못 등록했으면 주문을 고치고, 아니면 환불하세요.", ""}},
    Known{"order_currency_differs", {"주문 통화와 다름", "Order's currency differs"},
          {"쇼핑몰의 주문과 비교하세요. 잘못 등록했으면 주문을 고치고, 아니면 환불하세요.", ""}},
    Known{"double_paid", {"중복 결제", "Paid twice"},
          {"둘 중 하나를 PortOne 콘솔에서 취소하세요.", ""}},
    Known{"other_channel", {"다른 채널의 결제", "Another channel"},
          {"이 상점의 돈이 아니어서 더하지 않았습니다. 설정되지 않은 채널로 누가 결제하나요?", ""}},
    Known{"other_store", {"다른 상점의 결제", "Another store"},
          {"이 상점의 돈이 아니어서 더하지 않았습니다. portone.v2.store_id가 맞나요?", ""}},
    Known{"unreadable", {"읽을 수 없는 거래", "Cannot be read"},
          {"PortOne의 목록에 있지만 뜻을 알 수 없어 대조하지 못했습니다. PortOne 콘솔에서 확인하세요.", ""}},
};

constexpr std::array kWarnings{
    Known{"webhook_signature", {"웹훅 서명이 맞지 않음", "Webhook signatures refused"}, {}},
    Known{"webhook_not_configured", {"설정되지 않은 API의 웹훅", "Webhooks of an API not configured"}, {}},
    Known{"portone_unauthorized", {"PortOne이 키를 거절함", "PortOne refuses our key"}, {}},
    Known{"portone_unreachable", {"PortOne에 연결할 수 없음", "PortOne cannot be reached"}, {}},
    Known{"sweep_failing", {"최근 결제 목록을 훑지 못함", "Sweep fails"}, {}},
    Known{"unreadable_rows", {"읽을 수 없는 목록 행", "Unreadable rows in lists"}, {}},
    Known{"database", {"데이터베이스에 쓸 수 없음", "Database cannot be written"}, {}},
    Known{"disk_low", {"디스크 공간 부족", "Disk nearly full"}, {}},
    Known{"clock", {"시계가 어긋남", "Clock is off"}, {}},
    Known{"log", {"로그가 읽히지 않음", "Log is not read"}, {}},
    Known{"notify_failing", {"쇼핑몰 서버로 알림이 가지 않음", "Messages do not reach the shop"}, {}},
    Known{"inbox_lag", {"처리가 밀림", "Decisions lag behind"}, {}},
    Known{"webhooks_undelivered", {"웹훅이 전달되지 않음", "Webhooks not delivered"}, {}},
    Known{"file_damaged", {"데이터베이스 파일 손상", "Database file damaged"}, {}},
    Known{"alert_failing", {"알림을 보낼 수 없음", "Alerts cannot be sent"}, {}},
};

constexpr std::array kMethods{
    Known{"card", {"카드", "card"}, {}},
    Known{"PaymentMethodCard", {"카드", "card"}, {}},
    Known{"vbank", {"가상계좌", "virtual account"}, {}},
    Known{"PaymentMethodVirtualAccount", {"가상계좌", "virtual account"}, {}},
    Known{"trans", {"계좌이체", "bank transfer"}, {}},
    Known{"PaymentMethodTransfer", {"계좌이체", "bank transfer"}, {}},
    Known{"phone", {"휴대폰", "mobile phone"}, {}},
    Known{"PaymentMethodMobile", {"휴대폰", "mobile phone"}, {}},
    Known{"point", {"간편결제", "easy pay"}, {}},
    Known{"PaymentMethodEasyPay", {"간편결제", "easy pay"}, {}},
    Known{"PaymentMethodGiftCertificate", {"상품권", "gift certificate"}, {}},
};

template <std::size_t size>
Advice look_up(const std::array<Known, size>& table, std::string_view word, Language language) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Known& known) { return known.word == word; });
  if (found == table.end()) return {word, ""};
  return {found->title.in(language), found->action.in(language)};
}

constexpr std::array<Said, 8> kResults{{
    {"미결정", "none yet"},
    {"결제 전", "ready"},
    {"처리 중", "pending"},
    {"입금 대기", "awaiting deposit"},
    {"결제 완료", "paid"},
    {"부분 취소", "partly cancelled"},
    {"취소", "cancelled"},
    {"실패", "failed"},
}};
constexpr std::array<std::string_view, 8> kResultClasses{"open", "open", "open", "wait",
                                                         "good", "part", "off",  "bad"};
constexpr std::array<Said, 4> kUiStates{{
    {"돌아오지 않음", "not back"},
    {"성공으로 돌아옴", "came back: success"},
    {"실패로 돌아옴", "came back: failure"},
    {"결과 없이 돌아옴", "came back, saying nothing"},
}};
constexpr std::array<Said, 8> kMessages{{
    {"결제 완료", "paid"},
    {"보류", "held"},
    {"보류 해제", "restored"},
    {"입금 대기", "awaiting deposit"},
    {"부분 취소", "partly cancelled"},
    {"취소", "cancelled"},
    {"실패", "failed"},
    {"확인할 것", "finding"},
}};
constexpr std::array<Said, 4> kMessageStates{{
    {"대기", "waiting"},
    {"전달됨", "delivered"},
    {"대체됨", "superseded"},
    {"중단", "given up"},
}};

}  // namespace

std::string_view result_name(core::Result result, Language language) {
  return kResults.at(static_cast<std::size_t>(result)).in(language);
}
std::string_view result_class(core::Result result) {
  return kResultClasses.at(static_cast<std::size_t>(result));
}
Advice finding_advice(std::string_view kind, Language language) {
  return look_up(kFindings, kind, language);
}
Advice difference_advice(std::string_view kind, Language language) {
  return look_up(kDifferences, kind, language);
}
Advice warning_advice(std::string_view kind, Language language) {
  return look_up(kWarnings, kind, language);
}
std::string_view ui_state_name(core::UiState state, Language language) {
  return kUiStates.at(static_cast<std::size_t>(state)).in(language);
}
std::string_view authority_name(core::Authority authority, Language language) {
  constexpr Said kWebhook{"웹훅", "webhook"};
  constexpr Said kLookup{"조회", "look-up"};
  return (authority == core::Authority::kWebhook ? kWebhook : kLookup).in(language);
}
std::string_view message_name(core::NotificationType type, Language language) {
  return kMessages.at(static_cast<std::size_t>(type)).in(language);
}
std::string_view message_state_name(core::NotificationState state, Language language) {
  return kMessageStates.at(static_cast<std::size_t>(state)).in(language);
}
std::string_view method_name(std::string_view method, Language language) {
  return look_up(kMethods, method, language).title;
}

}  // namespace reconciled::dashboard
