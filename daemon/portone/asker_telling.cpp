// What PortOne is told, beside all that it is asked.
#include "daemon/portone/asker.h"

namespace reconciled::portone {

Task<storage::PreregistrationReport> Asker::preregister(storage::Preregistration order) {
  using Outcome = storage::PreregistrationReport::Outcome;
  Asked<core::PreregistrationReply> reply =
      LookupFault{LookupOutcome::kUnreachable, kNotConfigured, {}, false};
  if (order.api == core::Api::kV1 && v1_) {
    reply = co_await v1_->prepare(order.payment_id, order.money);
  } else if (order.api == core::Api::kV2 && v2_) {
    reply = co_await v2_->preregister(order.payment_id, order.money);
  }
  storage::PreregistrationReport report{.told = std::move(order), .answered_at = clock_.now()};
  if (reply.ok()) {
    report.outcome = reply.value().is_taken ? Outcome::kTaken : Outcome::kRefused;
    report.detail = std::move(reply.value().reason);
  } else {
    report.detail = reply.error().detail;
    report.retry_after = reply.error().retry_after;
  }
  co_return report;
}

}  // namespace reconciled::portone
