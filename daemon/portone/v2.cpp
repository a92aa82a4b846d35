#include "daemon/portone/v2.h"

#include "daemon/core/text.h"

namespace reconciled::portone {

V2Client::V2Client(const core::PortoneV2Config& config, const Clock& clock)
    : client_(http::ClientOptions{.base_url = config.base_url,
                                  .read_timeout = std::chrono::seconds(60),
                                  .total_deadline = std::chrono::seconds(60)}),
      clock_(clock),
      authorization_("PortOne " + config.api_secret),
      store_id_(config.store_id) {}

Asked<std::optional<core::Snapshot>> V2Client::payment(const std::string& payment_id) {
  const core::Time asked_at = clock_.now();
  http::ClientRequest request{
      .method = "GET",
      .target = "/payments/" + core::percent_encode(payment_id) +
                "?storeId=" + core::percent_encode(store_id_)};
  request.headers.emplace_back("Authorization", authorization_);
  const auto response = client_.send(request);
  if (!response.ok()) return fault_of(response.error());
  auto snapshot = core::read_v2_payment(response.value().status, response.value().body, asked_at);
  if (snapshot.ok()) {
    // An answer about another payment than the one asked for would bind money to the wrong order.
    if (snapshot.value().payment_id.str() != payment_id) {
      return LookupFault{LookupOutcome::kMalformed, "the answer names another payment", {}};
    }
    return std::optional(std::move(snapshot.value()));
  }
  if (snapshot.error().fault == core::AnswerFault::kNotFound) {
    return std::optional<core::Snapshot>{};
  }
  return fault_of(snapshot.error(), response.value());
}

}  // namespace reconciled::portone
