#include "daemon/alert/words.h"

#include <algorithm>
#include <array>
#include <span>

namespace reconciled::alert {
namespace {

// In English each warning's own detail says what to do.
constexpr std::array<Words, 15> kWarnings{{
    {"webhook_signature",
     {"웹훅 서명 오류", "webhooks refused for their signature"},
     {"포트원 웹훅을 서명 때문에 거절하고 있습니다. 포트원 콘솔의 웹훅 시크릿과 설정의 "
      "portone.v2.webhook_secrets, 서버 시계를 확인하세요. 그동안 결제 결과는 조회로 확인합니다.",
      ""}},
    {"webhook_not_configured",
     {"설정에 없는 API의 웹훅", "webhooks for an API that is not configured"},
     {"설정에 없는 API 버전의 웹훅이 들어옵니다. 설정에 추가하거나 포트원 콘솔에서 이 주소를 "
      "지우세요.",
      ""}},
    {"portone_unauthorized",
     {"포트원 인증 실패", "PortOne refuses our key"},
     {"포트원이 API 키나 시크릿을 거절합니다. 결제 결과를 확인할 수 없어 새 주문이 확정되지 "
      "않습니다. 키를 확인하고 서버에서 reconciled check --online 을 실행하세요.",
      ""}},
    {"portone_unreachable",
     {"포트원 응답 없음", "PortOne does not answer"},
     {"포트원이 쓸 수 있는 응답을 하지 않습니다. 응답이 돌아오면 밀린 주문은 자동으로 처리됩니다. "
      "포트원 장애 공지와 서버의 네트워크(DNS, 방화벽, 프록시)를 확인하세요.",
      ""}},
    {"sweep_failing",
     {"최근 결제 목록 조회 실패", "PortOne's recent payments cannot be listed"},
     {"웹훅 없이 바뀐 결제를 늦게 알게 됩니다. 포트원 응답 오류가 함께 있으면 그것부터 보세요.",
      ""}},
    {"unreadable_rows",
     {"읽을 수 없는 결제 내역", "rows of PortOne's list cannot be read"},
     {"포트원 목록 중 일부를 읽지 못해 제외했습니다. 포트원 콘솔에서 그 결제를 직접 확인하세요.",
      ""}},
    {"database",
     {"데이터베이스에 쓸 수 없음", "the database cannot be written"},
     {"웹훅에 503으로 응답하고 있습니다. 디스크 공간과 파일 상태를 바로 확인하세요. V2 웹훅은 "
      "포트원이 다시 보냅니다.",
      ""}},
    {"disk_low",
     {"디스크 공간 부족", "the disk is almost full"},
     {"공간을 확보하세요. 가득 차면 웹훅을 받을 수 없습니다.", ""}},
    {"clock",
     {"서버 시계 오차", "this machine's clock is off"},
     {"서버 시계가 포트원과 1분 넘게 다릅니다. 시간 동기화(NTP)를 확인하세요. 5분 넘게 벌어지면 "
      "웹훅이 거절됩니다.",
      ""}},
    {"log",
     {"로그를 남기지 못함", "the log is not read"},
     {"로그를 받는 쪽이 읽지 않아 일부가 버려집니다. 결제 처리는 계속됩니다. journald와 디스크를 "
      "확인하세요.",
      ""}},
    {"notify_failing",
     {"쇼핑몰 백엔드에 결과 전달 실패", "your backend does not take messages"},
     {"결제 결과가 쇼핑몰 백엔드에 전달되지 않고 있습니다. 백엔드와 notify.url을 확인하세요. 밀린 "
      "메시지는 계속 다시 보냅니다.",
      ""}},
    {"inbox_lag",
     {"웹훅 처리 지연", "webhooks wait too long for a decision"},
     {"받은 웹훅이 5분 넘게 확정되지 않고 있습니다. 포트원 응답과 데이터베이스 상태를 확인하세요.",
      ""}},
    {"alert_failing",
     {"알림 전달 실패", "an alert URL does not take messages"},
     {"알림 주소 하나가 메시지를 받지 않습니다. 서버에서 reconciled alert test 를 실행하세요.",
      ""}},
    {"file_damaged",
     {"데이터베이스 파일 손상", "the database file is damaged"},
     {"파일 일부가 손상되었습니다. 파일을 복사해 보관하고, README의 복구 절차를 따르세요.", ""}},
    {"webhooks_undelivered",
     {"웹훅이 도착하지 않음", "webhooks do not reach this machine"},
     {"포트원은 웹훅을 보냈는데 앞단이 대신 응답한 것으로 보입니다. 리버스 프록시와 방화벽을 "
      "확인하세요.",
      ""}},
}};

constexpr std::array<Words, 24> kFindings{{
    {"amount_mismatch",
     {"결제 금액 불일치", "paid amount differs from the order"},
     {"상품을 보내지 마세요. 브라우저에서 금액이 조작되었을 수 있습니다. 환불하거나 주문 금액을 "
      "바로잡으세요.",
      "Do not deliver: the amount may have been tampered with. Refund it or correct the order."}},
    {"currency_mismatch",
     {"결제 통화 불일치", "paid in another currency than the order"},
     {"상품을 보내지 마세요. 환불하거나 주문을 바로잡으세요.",
      "Do not deliver. Refund it or correct the order."}},
    {"unregistered_order",
     {"등록되지 않은 주문의 결제", "paid, but never registered"},
     {"올바른 금액으로 주문을 등록하거나 환불하세요. 그때까지 보류됩니다.",
      "Register the order with its true amount, or refund it. It is held until then."}},
    {"identity_mismatch",
     {"웹훅과 포트원의 주문번호 불일치", "a webhook names another order's attempt"},
     {"서명된 웹훅이 다른 주문의 결제를 가리킵니다. 그 웹훅은 반영하지 않았습니다. 포트원에 "
      "문의하세요.",
      "Nothing was taken from that webhook. Ask PortOne's support."}},
    {"store_mismatch",
     {"다른 상점의 결제", "paid in another store"},
     {"상품을 보내지 마세요. portone.v2.store_id를 확인하세요.",
      "Do not deliver. Check portone.v2.store_id."}},
    {"test_channel",
     {"다른 채널(테스트/실연동)의 결제", "paid through the other channel"},
     {"실제로 결제되지 않았을 수 있습니다. 상품을 보내지 말고 포트원 콘솔에서 확인하세요.",
      "There may be no money. Do not deliver; look at it in the console."}},
    {"late_approval",
     {"실패 후 뒤늦은 승인", "approved after it had failed"},
     {"그사이 주문을 취소했거나 고객이 다른 방법으로 결제하지 않았는지 확인하세요.",
      "Make sure that the order was not given up or paid another way meanwhile."}},
    {"double_payment",
     {"중복 결제", "one order was paid twice"},
     {"둘 중 하나를 환불하세요.", "Refund one of the two."}},
    {"paid_after_cancel",
     {"취소 후 다시 결제됨", "paid again after a full cancel"},
     {"포트원 콘솔에서 확인하세요. 확인할 때까지 보류됩니다.",
      "Look at it in the console. It is held until you resolve it."}},
    {"dispute",
     {"구매자 이의 제기", "the buyer disputes a payment"},
     {"배송을 멈추고 이의 제기에 답하세요.", "Hold the goods and answer the dispute."}},
    {"chargeback",
     {"차지백", "a payment was charged back"},
     {"대금이 회수되었습니다. 배송을 멈추세요.", "The money is gone. Stop the delivery."}},
    {"went_backwards",
     {"포트원 응답이 이전 상태로 돌아감", "PortOne's answer fell behind an earlier one"},
     {"최신 응답을 따릅니다. 포트원 콘솔과 비교하세요.",
      "Its newest answer counts. Compare it with the console."}},
    {"redirect_contradicts",
     {"브라우저와 결제 결과가 다름", "the browser said otherwise"},
     {"고객이 결제 여부를 잘못 알고 있을 수 있습니다. 다시 결제하기 전에 알려 주세요.",
      "The buyer may believe the wrong thing. Tell them before they pay again."}},
    {"webhook_contradicts",
     {"웹훅과 결제 결과가 다름", "a signed webhook said otherwise"},
     {"그 웹훅은 반영하지 않았습니다. 포트원 콘솔과 비교하세요.",
      "Nothing was decided by that webhook. Compare with the console."}},
    {"missing_webhook",
     {"웹훅 누락", "a webhook has not come"},
     {"결과는 조회로 확인했습니다. 포트원 콘솔의 웹훅 주소와 수신 거절 여부를 확인하세요.",
      "The result was looked up. Check the webhook URL in the console, and GET /rejected."}},
    {"unknown_payment",
     {"포트원이 모르는 결제", "PortOne does not know a payment of a webhook"},
     {"상점 ID와 API 시크릿이 웹훅을 보내는 상점의 것인지 확인하세요.",
      "Check that store id and API secret belong to the store that sends the webhooks."}},
    {"stuck",
     {"끝나지 않는 결제", "a payment does not come to an end"},
     {"포트원 콘솔에서 확인하고 주문을 철회하거나 다시 조회하세요.",
      "Look at it in the console, and withdraw the order or ask again."}},
    {"unreadable_answer",
     {"읽을 수 없는 포트원 응답", "PortOne's answer cannot be read"},
     {"포트원 콘솔에서 직접 확인하고 처리하세요. 로그에 이유가 있습니다.",
      "Look at it in the console and decide by hand. The log says why."}},
    {"cancel_failed",
     {"취소 실패", "a cancellation failed"},
     {"환불되지 않았습니다. 포트원 콘솔에서 확인하세요.",
      "Not refunded. Look at it in the console."}},
    {"cancel_stuck",
     {"취소가 끝나지 않음", "a cancellation does not end"},
     {"하루가 지나도 취소가 끝나지 않았습니다. 포트원 콘솔에서 확인하세요.",
      "It is open for a day. Look at it in the console."}},
    {"unordered_refund",
     {"등록되지 않은 환불", "a refund that nobody registered"},
     {"누가 환불했는지 확인하세요.", "Find out who refunded it."}},
    {"refund_missing",
     {"환불이 이루어지지 않음", "a registered refund has not come"},
     {"포트원 콘솔에서 취소를 확인하세요.", "Look for the cancellation in the console."}},
    {"schedule_missed",
     {"예약 결제가 실행되지 않음", "a scheduled payment did not run"},
     {"포트원 콘솔에서 예약을 확인하세요.", "Look at the schedule in the console."}},
    {"poisoned",
     {"처리할 수 없는 메시지", "a message that cannot be processed"},
     {"세 번 실패해 따로 두었습니다. 다른 결제에는 영향이 없습니다. 로그를 확인하세요.",
      "It failed three times and was put aside; others go on. See the log."}},
}};

}  // namespace

const Words* words_of(Topic::Sort sort, std::string_view name) {
  const std::span<const Words> all = sort == Topic::Sort::kWarning
                                         ? std::span<const Words>(kWarnings)
                                         : std::span<const Words>(kFindings);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Words& words) { return words.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace reconciled::alert
