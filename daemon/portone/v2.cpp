#include "daemon/portone/v2.h"

#include <nlohmann/json.hpp>

#include "daemon/core/json.h"
#include "daemon/core/text.h"

namespace reconciled::portone {
namespace {

constexpr std::int64_t kPageSize = 500;
// PortOne's own limit: (number + 1) * size <= 60 000 (dossier §3.2).
constexpr std::int64_t kMaxListed = 60'000;

bool is_unknown(const core::AnswerError& error) {
  return error.fault == core::AnswerFault::kNotFound;
}

// A GET's body travels in the query (dossier §3.2).
std::string with_body(const char* path, const nlohmann::json& body) {
  return std::string(path) + "?requestBody=" + core::percent_encode(core::write_json(body));
}

}  // namespace

V2Client::V2Client(const core::PortoneV2Config& config, const Clock& clock)
    : client_(http::ClientOptions{.base_url = config.base_url,
                                  .read_timeout = std::chrono::seconds(60),
                                  .total_deadline = std::chrono::seconds(60)}),
      clock_(clock),
      authorization_("PortOne " + config.api_secret),
      store_id_(config.store_id) {}

core::Outcome<http::ClientResponse, http::ClientError> V2Client::get(const std::string& target) {
  http::ClientRequest request{.method = "GET", .target = target};
  request.headers.emplace_back("Authorization", authorization_);
  return client_.send(request);
}

Asked<std::optional<core::Snapshot>> V2Client::payment(const std::string& payment_id) {
  const core::Time asked_at = clock_.now();
  const auto response = get("/payments/" + core::percent_encode(payment_id) +
                            "?storeId=" + core::percent_encode(store_id_));
  if (!response.ok()) return fault_of(response.error());
  auto snapshot = core::read_v2_payment(response.value().status, response.value().body, asked_at);
  if (snapshot.ok()) {
    // An answer about another payment than the one asked for would bind money to the wrong order.
    if (snapshot.value().payment_id.str() != payment_id) {
      return LookupFault{LookupOutcome::kMalformed, "the answer names another payment", {}};
    }
    return std::optional(std::move(snapshot.value()));
  }
  if (is_unknown(snapshot.error())) return std::optional<core::Snapshot>{};
  return fault_of(snapshot.error(), response.value());
}

Asked<std::vector<core::Snapshot>> V2Client::transactions(const std::string& payment_id) {
  const core::Time asked_at = clock_.now();
  const auto response = get("/payments/" + core::percent_encode(payment_id) +
                            "/transactions?storeId=" + core::percent_encode(store_id_));
  if (!response.ok()) return fault_of(response.error());
  auto all = core::read_v2_transactions(response.value().status, response.value().body, asked_at);
  if (all.ok()) {
    std::erase_if(all.value(), [&](const core::Snapshot& snapshot) {
      return snapshot.payment_id.str() != payment_id;
    });
    return std::move(all.value());
  }
  if (is_unknown(all.error())) return std::vector<core::Snapshot>{};
  return fault_of(all.error(), response.value());
}

std::optional<LookupFault> V2Client::walk(core::Time from, core::Time until, const Take& take) {
  // By change of status: it also finds what was begun long ago and paid just now.
  const auto fault = walk_by_page(from, until, take);
  if (!fault) return std::nullopt;
  return walk_by_cursor(from, until, take);
}

std::optional<LookupFault> V2Client::walk_by_page(core::Time from, core::Time until,
                                                  const Take& take) {
  for (std::int64_t number = 0; (number + 1) * kPageSize <= kMaxListed; ++number) {
    const core::Time asked_at = clock_.now();
    const nlohmann::json body{{"page", {{"number", number}, {"size", kPageSize}}},
                              {"filter",
                               {{"storeId", store_id_},
                                {"timestampType", "STATUS_CHANGED_AT"},
                                {"from", core::to_rfc3339(from)},
                                {"until", core::to_rfc3339(until)}}}};
    const auto response = get(with_body("/payments", body));
    if (!response.ok()) return fault_of(response.error());
    const auto page = core::read_v2_page(response.value().status, response.value().body, asked_at);
    if (!page.ok()) return fault_of(page.error(), response.value());
    take(page.value().snapshots);
    const bool is_last = page.value().snapshots.empty() ||
                         (number + 1) * kPageSize >= page.value().total;
    if (is_last) return std::nullopt;
  }
  return LookupFault{LookupOutcome::kMalformed, "more payments than PortOne lists", {}};
}

std::optional<LookupFault> V2Client::walk_by_cursor(core::Time from, core::Time until,
                                                    const Take& take) {
  std::string cursor;
  for (;;) {
    const core::Time asked_at = clock_.now();
    nlohmann::json body{{"storeId", store_id_},
                        {"from", core::to_rfc3339(from)},
                        {"until", core::to_rfc3339(until)},
                        {"size", kPageSize}};
    if (!cursor.empty()) body["cursor"] = cursor;
    const auto response = get(with_body("/payments-by-cursor", body));
    if (!response.ok()) return fault_of(response.error());
    const auto page =
        core::read_v2_cursor_page(response.value().status, response.value().body, asked_at);
    if (!page.ok()) return fault_of(page.error(), response.value());
    take(page.value().snapshots);
    const bool is_last =
        static_cast<std::int64_t>(page.value().snapshots.size()) < kPageSize ||
        page.value().last_cursor.empty() || page.value().last_cursor == cursor;
    if (is_last) return std::nullopt;
    cursor = page.value().last_cursor;
  }
}

}  // namespace reconciled::portone
