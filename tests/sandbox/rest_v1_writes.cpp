#include <nlohmann/json.hpp>

#include "daemon/core/words/money.h"
#include "tests/sandbox/answers.h"
#include "tests/sandbox/errors.h"
#include "tests/sandbox/moves.h"
#include "tests/sandbox/rest.h"

namespace reconciled::sandbox {
namespace {

std::optional<std::int64_t> to_minor(const std::string& decimal, const std::string& currency) {
  const std::optional<core::Currency> known = core::Currency::make(currency);
  if (!known) return std::nullopt;
  return core::minor_from_major(decimal, *known);
}

std::optional<Attempt> attempt_to_cancel(World& world, const Call& call, const Fields& fields) {
  const std::string imp_uid = field(fields, "imp_uid");
  std::optional<Attempt> found;
  if (!imp_uid.empty()) {  // wins over merchant_uid
    found = world.store.find(imp_uid);
  } else {
    const std::vector<Attempt> attempts = world.store.attempts_of(field(fields, "merchant_uid"));
    if (const Attempt* one = representative(attempts)) found = *one;
  }
  if (found && (found->version != Api::kV1 || found->tier != call.tier)) found.reset();
  return found;
}

Reply refused_cancel(Refusal refusal) {
  switch (refusal) {
    case Refusal::kAlreadyCancelled:
      return v1_error(200, 1, "이미 전액취소된 주문입니다.");
    case Refusal::kAmountTooLarge:
      return v1_error(200, 1, "취소할 금액이 취소가능 금액보다 큽니다.");
    case Refusal::kUnknownAttempt:
    case Refusal::kUnknownStatus:
    case Refusal::kAttemptExists:
    case Refusal::kNothingToResolve:
    case Refusal::kBadAmount:
      break;
  }
  return v1_error(200, 1, "취소할 수 없습니다.");
}

// What a /prepare body says; the currency may be absent, the amount is then taken as won.
struct PrepareRequest {
  std::string merchant_uid;
  Prepared prepared;
};

std::optional<PrepareRequest> read_prepare(const Call& call) {
  const std::optional<Fields> fields = body_fields(call);
  if (!fields) return std::nullopt;
  PrepareRequest request;
  request.merchant_uid = field(*fields, "merchant_uid");
  request.prepared.currency = field(*fields, "currency");
  const std::string currency =
      request.prepared.currency.empty() ? "KRW" : request.prepared.currency;
  const auto amount = to_minor(field(*fields, "amount"), currency);
  if (request.merchant_uid.empty() || !amount) return std::nullopt;
  request.prepared.amount = *amount;
  return request;
}

Reply prepared_reply(const std::string& merchant_uid, const Prepared& prepared) {
  const std::string& currency = prepared.currency;
  return v1_ok(Json{{"merchant_uid", merchant_uid},
                    {"amount", v1_amount(prepared.amount, currency.empty() ? "KRW" : currency)},
                    {"currency", currency.empty() ? Json(nullptr) : Json(currency)}});
}

}  // namespace

Reply v1_get_token(World& world, const Call& call, const Captures&) {
  const std::optional<Fields> fields = body_fields(call);
  if (!fields || field(*fields, "imp_key") != world.options.imp_key ||
      field(*fields, "imp_secret") != world.options.imp_secret) {
    return v1_error(401, -1,
                    "imp_key, imp_secret 인증에 실패하였습니다. API키와 secret을 확인하세요.");
  }
  const PortoneTime clock = now();
  const V1Token token = world.tokens.v1_token(clock);
  const Clocks lies = world.faults.clocks();
  return v1_ok(Json{{"access_token", token.text},
                    {"now", to_seconds(clock + lies.token_now)},
                    {"expired_at", to_seconds(token.expires_at + lies.token_expiry)}});
}

Reply v1_cancel(World& world, const Call& call, const Captures&) {
  const std::optional<Fields> fields = body_fields(call);
  if (!fields) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
  const std::optional<Attempt> attempt = attempt_to_cancel(world, call, *fields);
  // HTTP 200 with a code other than 0: the trap of this call.
  if (!attempt) return v1_error(200, 1, kV1NotFound);
  if (!attempt->paid_at) return v1_error(200, 1, "결제완료되지 않은 주문은 취소할 수 없습니다.");
  const std::string checksum = field(*fields, "checksum");
  const std::int64_t left = attempt->amount - attempt->cancelled_amount();
  if (!checksum.empty() && to_minor(checksum, attempt->currency) != left) {
    return v1_error(200, 1, "취소가능 금액이 일치하지 않습니다.");
  }
  Change change;
  change.status = "cancelled";
  change.reason = field(*fields, "reason");
  change.trigger = "API";
  const std::string amount = field(*fields, "amount");
  if (!amount.empty()) {
    const auto minor = to_minor(amount, attempt->currency);
    if (!minor) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
    if (*minor != 0) change.cancel_amount = minor;  // 0 cancels everything, like no amount
  }
  Announce announce;
  announce.by_api = true;
  const std::string enable = field(*fields, "enable_webhook");
  if (enable == "true" || enable == "1") announce.webhook = true;
  const auto moved = move(world, attempt->attempt_id, change, announce);
  if (!moved.ok()) return refused_cancel(moved.error());
  return v1_ok(v1_payment(moved.value().attempt));
}

Reply v1_prepare(World& world, const Call& call, const Captures&) {
  const std::optional<PrepareRequest> request = read_prepare(call);
  if (!request) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
  if (!world.store.prepare({Api::kV1, request->merchant_uid}, request->prepared)) {
    return v1_error(200, 1, "이미 등록된 merchant_uid입니다.");
  }
  return prepared_reply(request->merchant_uid, request->prepared);
}

Reply v1_change_prepared(World& world, const Call& call, const Captures&) {
  const std::optional<PrepareRequest> request = read_prepare(call);
  if (!request) return v1_error(400, -1, "파라메터가 잘못되었습니다.");
  if (!world.store.prepared({Api::kV1, request->merchant_uid})) {
    return v1_error(404, -1, "등록된 결제사전정보를 찾을 수 없습니다.");
  }
  world.store.set_prepared({Api::kV1, request->merchant_uid}, request->prepared);
  return prepared_reply(request->merchant_uid, request->prepared);
}

Reply v1_get_prepared(World& world, const Call&, const Captures& ids) {
  const std::optional<Prepared> prepared = world.store.prepared({Api::kV1, ids[0]});
  if (!prepared) return v1_error(404, -1, "등록된 결제사전정보를 찾을 수 없습니다.");
  return prepared_reply(ids[0], *prepared);
}

}  // namespace reconciled::sandbox
