#include <nlohmann/json.hpp>

#include "tests/sandbox/answers.h"
#include "tests/sandbox/errors.h"
#include "tests/sandbox/moves.h"
#include "tests/sandbox/rest.h"

namespace reconciled::sandbox {
namespace {

Reply invalid() { return v2_error(400, "INVALID_REQUEST", "요청이 올바르지 않습니다."); }

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Reply token_reply(const V2Tokens& tokens) {
  return json_reply(200, Json{{"accessToken", tokens.access}, {"refreshToken", tokens.refresh}});
}

Reply refused_cancel(Refusal refusal) {
  switch (refusal) {
    case Refusal::kUnknownAttempt:
      return v2_payment_not_found();
    case Refusal::kAlreadyCancelled:
      return v2_error(409, "PAYMENT_ALREADY_CANCELLED", "결제가 이미 취소되었습니다.");
    case Refusal::kAmountTooLarge:
      return v2_error(409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT",
                      "취소 금액이 취소 가능 금액을 초과했습니다.");
    case Refusal::kUnknownStatus:
    case Refusal::kAttemptExists:
    case Refusal::kNothingToResolve:
    case Refusal::kBadAmount:
      break;
  }
  return invalid();
}

// The integer member `name`; `bad` is set where it is there and is none.
std::optional<std::int64_t> integer(const Json& object, const char* name, bool& bad) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_integer()) {
    bad = true;
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

}  // namespace

Reply v2_login(World& world, const Call& call, const Captures&) {
  const std::optional<Json> body = json_object(call.body);
  if (!body || !body->contains("apiSecret")) return invalid();
  if (text(*body, "apiSecret") != world.options.api_secret) {
    return v2_error(401, "UNAUTHORIZED", "인증 정보가 올바르지 않습니다.");
  }
  return token_reply(world.tokens.v2_login(now()));
}

Reply v2_refresh(World& world, const Call& call, const Captures&) {
  const std::optional<Json> body = json_object(call.body);
  if (!body || !body->contains("refreshToken")) return invalid();
  const auto tokens = world.tokens.v2_refresh(text(*body, "refreshToken"), now());
  if (!tokens) return v2_error(401, "UNAUTHORIZED", "리프레시 토큰이 올바르지 않습니다.");
  return token_reply(*tokens);
}

Reply v2_cancel(World& world, const Call& call, const Captures& ids) {
  const std::optional<Json> body = json_object(call.body);
  if (!body || text(*body, "reason").empty()) return invalid();
  bool bad = false;
  const auto amount = integer(*body, "amount", bad);
  const auto cancellable = integer(*body, "currentCancellableAmount", bad);
  if (bad || (amount && *amount <= 0)) return invalid();
  const std::vector<Attempt> attempts = v2_visible(world, ids[0], text(*body, "storeId"));
  const Attempt* attempt = representative(attempts);
  if (attempt == nullptr) return v2_payment_not_found();
  if (!attempt->paid_at) return v2_error(409, "PAYMENT_NOT_PAID", "결제가 완료되지 않았습니다.");
  const std::int64_t left = attempt->amount - attempt->cancelled_amount();
  if (cancellable && *cancellable != left) {
    return v2_error(409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN",
                    "취소 가능 잔액 검증에 실패했습니다.");
  }
  Change change;
  change.status = "cancelled";
  change.cancel_amount = amount;
  change.reason = text(*body, "reason");
  change.trigger = "API";
  Announce announce;
  announce.by_api = true;
  if (body->contains("skipWebhook") && (*body)["skipWebhook"] == true) announce.webhook = false;
  const auto moved = move(world, attempt->attempt_id, change, announce);
  if (!moved.ok()) return refused_cancel(moved.error());
  const Cancellation& cancellation = moved.value().attempt.cancellations.back();
  return json_reply(200, Json{{"cancellation", v2_cancellation(cancellation)}});
}

Reply v2_resend_webhook(World& world, const Call& call, const Captures& ids) {
  const std::optional<Json> body = json_object(call.body);
  if (!body) return invalid();
  if (v2_visible(world, ids[0], text(*body, "storeId")).empty()) return v2_payment_not_found();
  const std::string wanted = text(*body, "webhookId");
  std::optional<SentMessage> found;
  for (const SentMessage& sent : world.sender.messages_of(ids[0])) {
    if (wanted.empty() || sent.message.id == wanted) found = sent;
  }
  if (!found) return v2_error(404, "WEBHOOK_NOT_FOUND", "웹훅을 찾을 수 없습니다.");
  found->message.trigger = "MANUAL";
  world.sender.send({found->message}, std::chrono::milliseconds(0));
  return json_reply(
      200, Json{{"webhook", v2_webhook(*found, 1 + world.options.v2_webhook_retries)}});
}

Reply v2_pre_register(World& world, const Call& call, const Captures& ids) {
  const std::optional<Json> body = json_object(call.body);
  if (!body) return invalid();
  bool bad = false;
  Prepared prepared;
  prepared.amount = integer(*body, "totalAmount", bad).value_or(0);
  prepared.currency = text(*body, "currency");
  if (bad || prepared.amount < 0) return invalid();
  if (foreign_store(world, text(*body, "storeId"))) {
    return v2_error(403, "FORBIDDEN", "접근 권한이 없는 상점입니다.");
  }
  const std::vector<Attempt> attempts = v2_visible(world, ids[0], "");
  const Attempt* attempt = representative(attempts);
  if (attempt != nullptr && attempt->paid_at) {
    return v2_error(409, "ALREADY_PAID", "결제가 이미 완료되었습니다.");
  }
  world.store.set_prepared({Api::kV2, ids[0]}, prepared);
  return json_reply(200, Json::object());
}

}  // namespace reconciled::sandbox
