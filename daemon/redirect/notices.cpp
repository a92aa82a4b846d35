#include "daemon/redirect/notices.h"

namespace reconciled {

http::Response Notices::notice(int status, Language language, Face face, Said title,
                               Said text) const {
  const Frame frame{.language = language,
                    .face = face,
                    .title = title.in(language),
                    .text = text.in(language)};
  return page_response(status, render_frame(frame, shop_, [](core::Html&) {}));
}

http::Response Notices::unavailable(Language language) const {
  return notice(503, language, Face::kDelayed,
                {"잠시 후 다시 확인해 주세요", "Please try again shortly"},
                {"지금은 결제 상태를 확인할 수 없습니다. 다시 결제하지 말고 이 화면을 새로 고쳐 주세요.",
                 "The payment cannot be checked right now. Please do not pay again; reload this "
                 "page."});
}

http::Response Notices::no_order(Language language) const {
  return notice(400, language, Face::kNotice, {"주문을 찾을 수 없습니다", "Order not found"},
                {"이 주소에는 주문 번호가 없습니다. 쇼핑몰의 주문 내역을 확인해 주세요.",
                 "This address names no order. Please look at your orders in the shop."});
}

http::Response Notices::expired(Language language, bool wants_page) const {
  if (!wants_page) {
    return {
        .status = 404,
        .content_type = "application/json",
        .body = R"({"error":{"code":"not_found","message":"the token is unknown or expired"}})"};
  }
  return notice(404, language, Face::kUnknown, {"이 화면은 만료되었습니다", "This page has expired"},
                {"다시 결제하기 전에 쇼핑몰의 주문 내역에서 결제 상태를 확인해 주세요.",
                 "Before you pay again, please look at your orders in the shop."});
}

http::Response Notices::no_page(Language language, int status) const {
  return notice(status, language, Face::kNotice, {"찾는 화면이 없습니다", "There is no such page"},
                {"주소가 올바르지 않습니다. 결제하셨다면 쇼핑몰의 주문 내역을 확인해 주세요.",
                 "This address is not right. If you have paid, please look at your orders in the "
                 "shop."});
}

http::Response Notices::other_flow(Language language, core::EventKind kind, bool has_failed) const {
  struct Titles {
    Said good, bad;
  };
  static constexpr Titles kRegistered{
      {"결제 수단 등록 결과를 받았습니다", "Payment method registration received"},
      {"결제 수단 등록에 실패했습니다", "Registering the payment method failed"}};
  static constexpr Titles kIdentified{
      {"본인인증 결과를 받았습니다", "Identity verification received"},
      {"본인인증에 실패했습니다", "Identity verification failed"}};
  static constexpr Said kNext{"결제가 아닌 절차입니다. 쇼핑몰로 돌아가 계속해 주세요.",
                              "This was not a payment. Please go back to the shop to continue."};
  static constexpr Said kAgain{"결제가 아닌 절차입니다. 쇼핑몰로 돌아가 다시 시도해 주세요.",
                               "This was not a payment. Please go back to the shop and try again."};
  const bool is_identity = kind == core::EventKind::kIdentityVerification;
  const Titles& titles = is_identity ? kIdentified : kRegistered;
  if (has_failed) return notice(200, language, Face::kFailed, titles.bad, kAgain);
  // That it arrived, not that it is good: nobody asked PortOne.
  return notice(200, language, Face::kNotice, titles.good, kNext);
}

http::Response Notices::head_only(Language language) const {
  return notice(200, language, Face::kNotice, {"결제 결과", "Payment"}, {"", ""});
}

}  // namespace reconciled
