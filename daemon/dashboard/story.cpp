// What came when, in four lanes: the buyer's browser, PortOne's webhooks, PortOne's answers, and what
// the daemon decided and told the shop.
#include <algorithm>
#include <functional>
#include <vector>

#include "daemon/core/words/text.h"
#include "daemon/dashboard/story_page.h"
#include "daemon/dashboard/words.h"

namespace reconciled::dashboard {
namespace {

using core::Html;
using storage::AnswerView;
using storage::ChangeView;
using storage::EventView;

constexpr int kLanes = 4;

struct Happening {
  core::Time at{};
  int lane = 0;
  std::function<void(Html&)> tell;
};

// The lanes as lines, and a dot where this one stands; an image of what the words beside it say.
void draw(Html& html, int lane) {
  html.open("svg", {{"aria-hidden", "true"}});
  for (int i = 0; i < kLanes; ++i) {
    const std::string x = std::to_string(9 + 18 * i);
    html.open("line", {{"class", "rail"}, {"x1", x}, {"x2", x}, {"y1", "0"}, {"y2", "100%"}}).close();
  }
  const std::string style = "l" + std::to_string(lane);
  html.open("g", {{"class", style}});
  html.open("circle", {{"class", "dot"},
                       {"cx", std::to_string(9 + 18 * lane)},
                       {"cy", "18"},
                       {"r", "7"}});
  html.close().close().close();
}

void add_act(Html& html, const View& view, const core::PaymentId& payment, const std::string& action,
             std::string_view label) {
  html.open("form", {{"method", "post"}, {"action", action}});
  add_form_token(html, view);
  html.empty("input", {{"type", "hidden"}, {"name", "payment"}, {"value", core::percent_encode(payment.str())}});
  html.element("button", label).close();
}

void tell_event(Html& html, const View& view, const EventView& event,
                const core::PaymentId& payment) {
  std::string what;
  if (event.source == core::EventSource::kRedirect) {
    what = view.say({"브라우저: ", "Browser "});
    what += ui_state_name(event.hint, view.language);
  } else if (event.source == core::EventSource::kConfirm) {
    what = view.say({"PortOne이 승인해도 되는지 물음", "PortOne asked whether to charge"});
  } else {
    what = view.say({"웹훅: ", "Webhook: "});
    what += event.status ? result_name(*event.status, view.language)
                         : std::string_view(event.type);
  }
  html.element("b", plain(what, 120));
  if (event.source == core::EventSource::kWebhook) {
    html.text(event.is_signed ? view.say({" · 서명 확인됨", " · signed"})
                              : view.say({" · 서명 없음", " · unsigned"}));
  }
  if (event.copies > 1) {
    html.text(" · " + std::to_string(event.copies) + std::string(view.say({"번 옴", " times"})));
  }
  if (!event.reason_message.empty()) {
    html.open("p").element("bdi", plain(event.reason_message)).close();
  }
  html.open("details").element("summary", view.say({"자세히", "More"})).open("dl");
  if (event.attempt_id) {
    html.element("dt", view.say({"거래번호", "Attempt"}));
    html.element("dd", plain(event.attempt_id->str(), 256));
  }
  html.element("dt", view.say({"보낸 주소", "Came from"}));
  html.element("dd", event.remote_ip.empty() ? "–" : plain(event.remote_ip, 60));
  html.element("dt", view.say({"처리", "Decided"}));
  html.element("dd", event.processed_at ? clock_text(*event.processed_at, view.now)
                                        : std::string(view.say({"아직", "not yet"})));
  html.close().open("div", {{"class", "acts"}});
  add_act(html, view, payment,
          "/dashboard/events/" + std::to_string(event.id.value) + "/replay",
          view.say({"다시 처리", "Replay"}));
  html.close().close();
}

void tell_answer(Html& html, const View& view, const AnswerView& answer) {
  html.element("b", std::string(view.say({"PortOne 응답: ", "PortOne says: "})) +
                        std::string(result_name(answer.result, view.language)) + " " +
                        money_text(answer.total.minor, answer.total.currency, view.language));
  if (answer.cancelled_amount > 0) {
    html.text(std::string(view.say({" · 취소 ", " · given back "})) +
              money_text(answer.cancelled_amount, answer.total.currency, view.language));
  }
  if (answer.repeats > 0) {
    html.text(std::string(view.say({" · 같은 응답 ", " · the same again "})) +
              std::to_string(answer.repeats) + std::string(view.say({"번 더", " times"})));
  }
  if (!answer.failure_reason.empty()) {
    html.open("p").element("bdi", plain(answer.failure_reason)).close();
  }
  html.element("p", plain(answer.attempt_id.str(), 256), {{"class", "dim"}});
}

void tell_change(Html& html, const View& view, const ChangeView& change) {
  std::string what;
  if (change.from != change.to) {
    what = view.say({"결정: ", "Decided: "});
    what += result_name(change.from, view.language);
    what += " → ";
    what += result_name(change.to, view.language);
    if (change.authority) {
      what += view.say({" (근거: ", " (by "});
      what += authority_name(*change.authority, view.language);
      what += ")";
    }
  } else if (change.cause == "order") {
    what = view.say({"주문에 따라", "By the order"});  // which is told by itself
  } else if (change.from_ui != change.to_ui) {
    what = view.say({"구매자 화면: ", "The buyer's page: "});
    what += ui_state_name(change.to_ui, view.language);
  } else if (change.webhook_status != core::Result::kNone) {
    what = view.say({"웹훅이 말한 상태: ", "What webhooks say: "});
    what += result_name(change.webhook_status, view.language);
  } else {
    what = view.say({"처음 알게 됨", "First heard of"});
  }
  html.element("b", what);
  if (change.was_deliverable != change.is_deliverable) {
    html.text(" · ").element("b", change.is_deliverable
                                      ? view.say({"배송해도 됨", "deliverable"})
                                      : view.say({"배송하면 안 됨", "no longer deliverable"}),
                             {{"class", change.is_deliverable ? "good" : "bad"}});
  }
}

// `before`: the version that stood until then.
void tell_order(Html& html, const View& view, const storage::OrderVersionView& order,
                const storage::OrderVersionView* before) {
  const auto amount = [&](const storage::OrderVersionView& one) {
    return money_text(one.amount.minor, one.amount.currency, view.language);
  };
  std::string what;
  if (order.is_withdrawn) {
    what = view.say({"주문 등록이 취소됨", "The order was withdrawn"});
  } else if (before == nullptr || before->is_withdrawn) {
    what = std::string(view.say({"주문 등록: ", "Order registered: "})) + amount(order);
  } else {
    what = std::string(view.say({"주문 고침: ", "Order changed: "})) + amount(*before) + " → " +
           amount(order);
  }
  html.element("b", what);
  if (!order.by.empty()) {
    html.text(view.say({" · 고친 사람: ", " · corrected by "})).element("bdi", plain(order.by, 100));
  }
  if (!order.note.empty()) html.open("p").element("bdi", plain(order.note)).close();
}

void tell_closing(Html& html, const View& view, const storage::FindingView& finding) {
  const std::string title(finding_advice(core::to_word(finding.kind), view.language).title);
  const bool by_person = finding.closed_by == "person";
  html.element("b", std::string(by_person ? view.say({"해결로 표시: ", "Closed: "})
                                          : view.say({"더는 해당 없음: ", "Over: "})) +
                        title);
  if (!finding.by.empty()) {
    html.text(view.say({" · 확인한 사람: ", " · by "})).element("bdi", plain(finding.by, 100));
  }
  if (!finding.note.empty()) html.open("p").element("bdi", plain(finding.note)).close();
}

void tell_message(Html& html, const View& view, const storage::NotificationView& message,
                  bool can_resend) {
  html.element("b", std::string(view.say({"쇼핑몰에 알림: ", "Message to the shop: "})) +
                        std::string(message_name(message.type, view.language)));
  const bool is_lost = message.state == core::NotificationState::kParked ||
                       (message.state == core::NotificationState::kWaiting && message.failing_since);
  html.text(" · ").element("span", message_state_name(message.state, view.language),
                           {{"class", is_lost ? "bad" : "dim"}});
  if (message.tries > 1) {
    html.text(" · " + std::to_string(message.tries) + std::string(view.say({"번 시도", " tries"})));
  }
  if (is_lost) html.element("p", plain(message.outcome), {{"class", "dim"}});
  if (!can_resend || message.state == core::NotificationState::kSuperseded) return;
  html.open("details").element("summary", view.say({"자세히", "More"}));
  html.open("div", {{"class", "acts"}});
  add_act(html, view, message.payment_id,
          "/dashboard/notifications/" + std::to_string(message.id) + "/resend",
          view.say({"다시 보내기", "Send again"}));
  html.close().close();
}

std::vector<Happening> happenings_of(const View& view, const StoryPage& content) {
  const storage::Story& story = content.story;
  const core::PaymentId& payment = story.detail.payment.payment_id;
  std::vector<Happening> list;
  for (const EventView& event : story.events) {
    list.push_back({event.received_at, event.source == core::EventSource::kRedirect ? 0 : 1,
                    [&](Html& html) { tell_event(html, view, event, payment); }});
  }
  for (const AnswerView& answer : story.answers) {
    list.push_back({answer.asked_at, 2, [&](Html& html) { tell_answer(html, view, answer); }});
  }
  for (std::size_t i = 0; i < story.orders.size(); ++i) {
    const storage::OrderVersionView& order = story.orders[i];
    const storage::OrderVersionView* const before = i == 0 ? nullptr : &story.orders[i - 1];
    list.push_back(
        {order.at, 3, [&, before](Html& html) { tell_order(html, view, order, before); }});
  }
  for (const ChangeView& change : story.changes) {
    const bool is_told_by_order = change.cause == "order" && change.from == change.to &&
                                  change.was_deliverable == change.is_deliverable;
    if (is_told_by_order) continue;
    list.push_back({change.at, 3, [&](Html& html) { tell_change(html, view, change); }});
  }
  for (const storage::FindingView& finding : story.detail.findings) {
    list.push_back({finding.opened_at, 3, [&](Html& html) {
                      html.element("b", finding_advice(core::to_word(finding.kind), view.language).title,
                                   {{"class", "bad"}});
                    }});
    if (!finding.closed_at) continue;
    list.push_back(
        {*finding.closed_at, 3, [&](Html& html) { tell_closing(html, view, finding); }});
  }
  for (const storage::NotificationView& message : story.notifications) {
    list.push_back({message.created_at, 3, [&](Html& html) {
                      tell_message(html, view, message, content.notifies);
                    }});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Happening& a, const Happening& b) { return a.at < b.at; });
  return list;
}

void add_lanes(Html& html, const View& view) {
  constexpr Said kNames[kLanes]{{"브라우저", "browser"},
                                {"웹훅", "webhook"},
                                {"PortOne 응답", "PortOne's answer"},
                                {"주문, 결정, 알림", "order, decision, message"}};
  html.open("ul", {{"class", "lanes"}});
  for (int i = 0; i < kLanes; ++i) {
    html.open("li").open("span", {{"class", "l" + std::to_string(i)}}).open("i").close().close();
    html.text(view.say(kNames[i])).close();
  }
  html.close();
}

}  // namespace

void add_story(Html& html, const View& view, const StoryPage& content) {
  html.open("section").element("h2", view.say({"있었던 일", "What happened"}));
  add_lanes(html, view);
  if (content.story.is_cut) {
    html.element("p", view.say({"종류별로 가장 최근 100건만 보입니다.",
                                "Of each kind the newest 100 are shown."}),
                 {{"class", "dim"}});
  }
  html.open("ol", {{"class", "story"}});
  for (const Happening& one : happenings_of(view, content)) {
    html.open("li");
    draw(html, one.lane);
    html.open("div").open("span", {{"class", "dim"}});
    add_time(html, view, one.at);
    html.close().text(" ");
    one.tell(html);
    html.close().close();
  }
  html.close().close();
}

}  // namespace reconciled::dashboard
