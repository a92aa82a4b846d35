#include "daemon/redirect/page_face.h"

#include <array>
#include <cstddef>

namespace reconciled {
namespace {

using core::Markup;

struct Look {
  std::string_view style;
  Markup icon;
  bool needs_help;
  Said title;
  Said text;
};

constexpr Markup kCheck = R"(<path d="M16 33l11 11 21-24"/>)";
constexpr Markup kBack = R"(<path d="M18 26h21a10 10 0 0 1 0 20H25M27 17l-9 9 9 9"/>)";
constexpr Markup kTurning = R"(<path class="spin" d="M32 14a18 18 0 1 1-18 18"/>)";
constexpr Markup kHourglass = R"(<path d="M19 13h26M19 51h26M23 13v8l9 11 9-11v-8M23 51v-8l9-11 9 11v8"/>)";
constexpr Markup kEye = R"(<circle cx="29" cy="29" r="14"/><path d="M39 39l11 11"/>)";
constexpr Markup kBank = R"(<path d="M12 27l20-13 20 13zM18 29v15m9-15v15m10-15v15m9-15v15M12 49h40"/>)";
constexpr Markup kClock = R"(<circle cx="32" cy="32" r="19"/><path d="M32 20v13l9 6"/>)";
constexpr Markup kCross = R"(<path d="M19 19l26 26m0-26L19 45"/>)";
constexpr Markup kQuestion = R"(<path d="M22 25a10 10 0 1 1 14 9c-3 2-4 3-4 7m0 8v1"/>)";
constexpr Markup kInformation = R"(<path d="M32 29v20m0-34v1"/>)";

// In the order of Face.
constexpr std::array<Look, 13> kLooks{{
    {"good", kCheck, false,
     {"결제가 완료되었습니다", "Payment complete"},
     {"결제가 확인되었습니다. 감사합니다.", "Your payment is confirmed. Thank you."}},
    {"good", kBack, false,
     {"일부 금액이 취소되었습니다", "Part of your payment was returned"},
     {"나머지 결제는 그대로 유효합니다. 취소한 금액은 카드사나 은행에 따라 며칠 뒤에 돌아올 수 있습니다.",
      "The rest of your payment stands. Depending on your card or bank the money may take some days "
      "to arrive."}},
    {"busy", kTurning, false,
     {"결제를 확인하고 있습니다", "Confirming your payment"},
     {"보통 몇 초면 끝납니다. 다시 결제하지 말고 기다려 주세요.",
      "This usually takes a few seconds. Please wait and do not pay again."}},
    {"slow", kHourglass, true,
     {"결제 확인이 늦어지고 있습니다", "Your payment is taking longer"},
     {"결제 결과가 아직 도착하지 않았습니다. 다시 결제하지 말고 조금 더 기다려 주세요.",
      "The result has not arrived yet. Please wait a little longer and do not pay again."}},
    {"slow", kEye, true,
     {"결제 내용을 검토하고 있습니다", "Your payment is under review"},
     {"결제는 접수되었고 쇼핑몰에서 내용을 살펴보고 있습니다. 다시 결제하지 말고 쇼핑몰의 안내를 "
      "기다려 주세요.",
      "Your payment arrived and the shop is looking into it. Please do not pay again; the shop will "
      "contact you."}},
    {"pay", kBank, false,
     {"입금을 기다리고 있습니다", "Waiting for your deposit"},
     {"아래 계좌로 기한 안에 입금하시면 주문이 완료됩니다.",
      "Your order is complete once you have paid into the account below in time."}},
    {"pay", kBank, false,
     {"입금을 기다리고 있습니다", "Waiting for your deposit"},
     {"결제창에서 안내받은 계좌로 기한 안에 입금하시면 주문이 완료됩니다.",
      "Your order is complete once you have paid in time, as the payment window told you."}},
    {"lost", kClock, true,
     {"입금 기한이 지났습니다", "The time to pay is over"},
     {"이제는 입금하지 마세요. 이미 입금하셨다면 쇼핑몰에 문의해 주세요.",
      "Please do not pay into the account any more. If you already have, please contact the shop."}},
    {"off", kBack, true,
     {"결제가 취소되었습니다", "Payment cancelled"},
     {"궁금한 점은 쇼핑몰에 문의해 주세요.", "If you have any questions, please contact the shop."}},
    {"off", kBack, true,
     {"결제가 취소되었습니다", "Payment cancelled"},
     {"취소한 금액은 카드사나 은행에 따라 며칠 뒤에 돌아올 수 있습니다.",
      "Depending on your card or bank the money may take some days to arrive."}},
    {"bad", kCross, true,
     {"결제가 완료되지 않았습니다", "Payment not completed"},
     {"주문은 아직 결제되지 않았습니다. 다시 결제하실 수 있습니다.",
      "Your order is not paid yet. You can try again."}},
    {"lost", kQuestion, true,
     {"결제를 확인하지 못했습니다", "We could not confirm your payment"},
     {"다시 결제하기 전에 카드나 계좌에서 돈이 나갔는지 확인하고 쇼핑몰에 문의해 주세요.",
      "Before you pay again, please check whether your card or account was charged, and contact the "
      "shop."}},
    {"off", kInformation, true, {"", ""}, {"", ""}},
}};

const Look& look_of(Face face) { return kLooks.at(static_cast<std::size_t>(face)); }

}  // namespace

std::string_view class_of(Face face) { return look_of(face).style; }
core::Markup icon_of(Face face) { return look_of(face).icon; }
bool needs_help(Face face) { return look_of(face).needs_help; }
Said title_of(Face face) { return look_of(face).title; }
Said text_of(Face face) { return look_of(face).text; }

}  // namespace reconciled
