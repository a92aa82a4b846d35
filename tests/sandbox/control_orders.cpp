#include <nlohmann/json.hpp>

#include "tests/sandbox/control.h"
#include "tests/sandbox/orders.h"

namespace reconciled::sandbox {
namespace {

Announce read_announcement(const Json& body) {
  Announce announce;
  if (!read_webhook_word(text_of(body, "webhook").value_or("now"), announce)) {
    throw BadMember{"webhook"};
  }
  // "now" is what would happen by itself: a fault that is set holds.
  if (!body.contains("webhook")) announce.mode.reset();
  return announce;
}

Reply order_reply(const World& world, const core::Outcome<Moved, Refused>& moved) {
  if (!moved.ok()) {
    const Refused& refused = moved.error();
    return control_error(refused.status, refused.code, refused.words);
  }
  Reply reply = moved_reply(moved.value(), 200);
  Json body = Json::parse(reply.body);
  const std::string& back = world.options.return_url;
  if (!back.empty()) {
    body["return_url"] = with_query(back, redirect_query(moved.value().attempt));
  }
  return json_reply(200, body);
}

}  // namespace

std::optional<Reply> control_orders(World& world, const Call& call, const Json& body) {
  if (call.method != "POST") return std::nullopt;
  if (const auto ids = match_path("/sandbox/orders/{}/pay", call.path())) {
    Json members = body;
    members["payment_id"] = (*ids)[0];
    if (!members.contains("channel")) members["channel"] = world.options.channel;
    const auto outcome = outcome_from_word(text_of(body, "outcome").value_or("paid"));
    if (!outcome) throw BadMember{"outcome"};
    const Announce announce = read_announcement(body);
    return order_reply(world, pay_order(world, read_attempt(members), *outcome, announce));
  }
  if (const auto ids = match_path("/sandbox/orders/{}/deposit", call.path())) {
    return order_reply(world, deposit_order(world, (*ids)[0], read_announcement(body)));
  }
  if (const auto ids = match_path("/sandbox/orders/{}/cancel", call.path())) {
    const Announce announce = read_announcement(body);
    return order_reply(world, cancel_order(world, (*ids)[0], integer_of(body, "amount"), announce));
  }
  return std::nullopt;
}

}  // namespace reconciled::sandbox
