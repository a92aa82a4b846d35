#include "tests/simulator/wire.h"

#include <doctest/doctest.h>

#include "daemon/core/messages/redirect.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/webhook.h"

namespace reconciled::simulator {
namespace {

using core::Api;
using core::UiState;

constexpr const char* kSecret = "whsec_c2ltdWxhdG9yLXNlY3JldC1rZXk=";

core::Event v1_webhook(const World& world, const Piece& piece, const core::WebhookFact& fact) {
  std::string body = "imp_uid=" + fact.attempt_id->str() +
                     "&merchant_uid=" + world.payment_id.str() + "&status=" + piece.wire.word;
  if (!piece.wire.cancellation.empty()) body += "&cancellation_id=" + piece.wire.cancellation;
  const auto message = core::classify_webhook("application/x-www-form-urlencoded", body, false, "");
  REQUIRE(message.ok());
  return message.value().event;
}

core::Event v2_webhook(const World& world, const Piece& piece, const core::WebhookFact& fact) {
  static const core::SignatureVerifier verifier({kSecret});
  static const std::string key = *core::decode_webhook_secret(kSecret);
  const std::string body =
      R"({"type":")" + piece.wire.word + R"(","timestamp":")" +
      core::to_rfc3339(core::to_time(*fact.said_at)) +
      R"(","data":{"storeId":"store-1","paymentId":")" +
      (piece.wire.names_other ? world.stranger->payment_id : world.payment_id).str() +
      R"(","transactionId":")" + fact.attempt_id->str() + R"("}})";
  const core::Time arrived = piece.wire.arrived;
  const std::string sent = std::to_string(core::to_ms(arrived) / 1'000);
  const std::string signature = core::sign_webhook(key, piece.wire.webhook_id, sent, body);
  REQUIRE(verifier.verify({piece.wire.webhook_id, sent, signature}, body, arrived) ==
          core::SignatureVerdict::kValid);
  const auto message =
      core::classify_webhook("application/json", body, true, piece.wire.webhook_id);
  REQUIRE(message.ok());
  core::Event event = message.value().event;
  event.signed_by_portone = true;
  return event;
}

core::Event redirect(const World& world, const Piece& piece, const core::RedirectFact& fact) {
  const bool v1 = world.version == Api::kV1;
  std::string query = v1 ? "from=shop" : "transactionType=PAYMENT";
  if (piece.wire.names_payment) {
    query += (v1 ? "&merchant_uid=" : "&paymentId=") + world.payment_id.str();
  }
  if (fact.attempt_id) query += (v1 ? "&imp_uid=" : "&txId=") + fact.attempt_id->str();
  if (v1 && fact.hint == UiState::kReturnedSuccess) query += "&imp_success=true";
  if (v1 && fact.hint == UiState::kReturnedFailure) query += "&imp_success=false";
  if (!v1 && fact.hint == UiState::kReturnedFailure) query += "&code=FAILURE_TYPE_PG";
  return core::classify_redirect(query, "");
}

}  // namespace

storage::NewEvent arrival_of(const World& world, const Piece& piece, int copy) {
  storage::NewEvent arrival;
  arrival.remote_ip = "203.0.113.7";
  if (const auto* fact = std::get_if<core::WebhookFact>(&piece.fact)) {
    arrival.event =
        fact->is_signed ? v2_webhook(world, piece, *fact) : v1_webhook(world, piece, *fact);
    REQUIRE(arrival.event.status == fact->status);
  } else {
    const auto& returned = std::get<core::RedirectFact>(piece.fact);
    arrival.event = redirect(world, piece, returned);
    REQUIRE(arrival.event.hint == returned.hint);
  }
  // Our clock may have been set between two copies.
  arrival.received_at = piece.wire.arrived - std::chrono::seconds(40 * copy);
  return arrival;
}

storage::LookupReport report_of(const History& history, int look_up, const std::vector<int>& held) {
  using storage::QuestionKind;
  const World& world = history.world;
  storage::LookupReport report{
      .question = {QuestionKind::kV2Payment, world.payment_id.str(), world.payment_id}};
  report.outcome = storage::LookupReport::Outcome::kAnswered;
  report.detail = "answered";
  for (const int number : held) {
    const Piece& piece = history.pieces[static_cast<std::size_t>(number)];
    const auto* const fact = std::get_if<core::SnapshotFact>(&piece.fact);
    if (fact != nullptr && piece.look_up == look_up) report.snapshots.push_back(fact->snapshot);
  }
  REQUIRE_FALSE(report.snapshots.empty());
  const core::Snapshot& first = report.snapshots.front();
  report.number = first.look_up;
  report.asked_at = first.asked_at;
  report.answered_at = first.asked_at + std::chrono::milliseconds(40);
  const bool is_ours = first.payment_id == world.payment_id;
  if (first.api == Api::kV2 && !is_ours) {
    report.question = {QuestionKind::kV2Payment, first.payment_id.str(), first.payment_id};
  } else if (first.api == Api::kV1 && report.snapshots.size() == 1) {
    // A webhook named the attempt; whose it is stands in the answer alone.
    report.question = {QuestionKind::kV1Attempt, first.attempt_id.str(), world.payment_id};
  } else if (first.api == Api::kV1) {
    report.question.kind = QuestionKind::kV1Order;
  }
  return report;
}

}  // namespace reconciled::simulator
