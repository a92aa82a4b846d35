#include "daemon/portone/v1.h"

#include <nlohmann/json.hpp>

#include "daemon/core/text.h"

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

// A token that ends within this time is not used for a new call.
constexpr auto kTokenMargin = 30s;
constexpr int kPageSize = 100;
constexpr int kSweepPageSize = 500;
// Orders with more attempts than this are not walked further in one look-up.
constexpr int kMaxPages = 50;

bool is_unknown(const core::AnswerError& error) {
  return error.fault == core::AnswerFault::kNotFound;
}

}  // namespace

V1Tokens::V1Tokens(core::PortoneV1Config config, const Clock& clock)
    : config_(std::move(config)), clock_(clock) {}

Asked<std::string> V1Tokens::get(http::Client& client) {
  const std::lock_guard lock(mutex_);
  const core::Time now = clock_.now();
  if (!token_.empty() && now < good_until_) return token_;
  http::ClientRequest request{.method = "POST",
                              .target = "/users/getToken",
                              .body = nlohmann::json{{"imp_key", config_.imp_key},
                                                     {"imp_secret", config_.imp_secret}}
                                          .dump(),
                              .content_type = "application/json"};
  const auto response = client.send(request);
  if (!response.ok()) return fault_of(response.error());
  const auto token = core::read_v1_token(response.value().status, response.value().body);
  if (!token.ok()) return fault_of(token.error(), response.value());
  token_ = token.value().access_token;
  const std::chrono::seconds life{token.value().expired_at - token.value().now};
  good_until_ = now + std::max<std::chrono::milliseconds>(life - kTokenMargin, 0s);
  return token_;
}

void V1Tokens::refused(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token_ == token) token_.clear();
}

V1Client::V1Client(const core::PortoneV1Config& config, V1Tokens& tokens, const Clock& clock,
                   bool sandbox)
    : client_(http::ClientOptions{.base_url = config.base_url}),
      tokens_(tokens),
      clock_(clock),
      tier_(config.tier),
      sandbox_(sandbox) {}

Asked<http::ClientResponse> V1Client::get_with(const std::string& target,
                                               const std::string& token) {
  http::ClientRequest request{.method = "GET", .target = target};
  request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!tier_.empty()) request.headers.emplace_back("Tier", tier_);
  auto response = client_.send(request);
  if (!response.ok()) return fault_of(response.error());
  return std::move(response.value());
}

// One new login where PortOne refuses the token: it may have expired early, or been replaced.
Asked<http::ClientResponse> V1Client::get(const std::string& target) {
  for (int attempt = 0;; ++attempt) {
    const Asked<std::string> token = tokens_.get(client_);
    if (!token.ok()) return token.error();
    Asked<http::ClientResponse> response = get_with(target, token.value());
    if (!response.ok() || response.value().status != 401 || attempt > 0) return response;
    tokens_.refused(token.value());
  }
}

Asked<std::vector<core::Snapshot>> V1Client::attempts(const std::vector<std::string>& imp_uids) {
  const core::Time asked_at = clock_.now();
  if (imp_uids.size() == 1) {
    const std::string target = "/payments/" + core::percent_encode(imp_uids.front()) +
                               (sandbox_ ? "?include_sandbox=true" : "");
    const auto response = get(target);
    if (!response.ok()) return response.error();
    auto snapshot =
        core::read_v1_payment(response.value().status, response.value().body, asked_at);
    if (snapshot.ok()) return std::vector{std::move(snapshot.value())};
    if (is_unknown(snapshot.error())) return std::vector<core::Snapshot>{};
    return fault_of(snapshot.error(), response.value());
  }
  std::string target = "/payments";
  char separator = '?';
  for (const std::string& imp_uid : imp_uids) {
    target += separator + ("imp_uid%5B%5D=" + core::percent_encode(imp_uid));
    separator = '&';
  }
  const auto response = get(target);
  if (!response.ok()) return response.error();
  auto list = core::read_v1_list(response.value().status, response.value().body, asked_at);
  if (!list.ok()) return fault_of(list.error(), response.value());
  return std::move(list.value().snapshots);
}

Asked<bool> V1Client::is_certification(const std::string& imp_uid) {
  const auto response = get("/certifications/" + core::percent_encode(imp_uid));
  if (!response.ok()) return response.error();
  const auto known =
      core::read_v1_certification(response.value().status, response.value().body);
  if (known.ok()) return known.value();
  return fault_of(known.error(), response.value());
}

std::optional<LookupFault> V1Client::walk(
    core::Time from, core::Time until,
    const std::function<void(const std::vector<core::Snapshot>&)>& take) {
  const auto seconds = [](core::Time time) {
    return std::to_string(core::to_ms(time) / 1000);
  };
  for (int page = 1;; ++page) {
    const core::Time asked_at = clock_.now();
    const std::string target = "/payments/status/all?from=" + seconds(from) +
                               "&to=" + seconds(until) + "&sorting=started" +
                               "&limit=" + std::to_string(kSweepPageSize) +
                               "&page=" + std::to_string(page);
    const auto response = get(target);
    if (!response.ok()) return response.error();
    // A page beyond the last is answered 400 (dossier §3.1).
    if (response.value().status == 400 && page > 1) return std::nullopt;
    const auto list =
        core::read_v1_list(response.value().status, response.value().body, asked_at);
    if (!list.ok()) return fault_of(list.error(), response.value());
    take(list.value().snapshots);
    if (!list.value().has_next) return std::nullopt;
  }
}

Asked<std::vector<core::Snapshot>> V1Client::order(const std::string& merchant_uid) {
  std::vector<core::Snapshot> all;
  for (int page = 1; page <= kMaxPages; ++page) {
    const core::Time asked_at = clock_.now();
    const std::string target = "/payments/findAll/" + core::percent_encode(merchant_uid) +
                               "/?sorting=started&limit=" + std::to_string(kPageSize) +
                               "&page=" + std::to_string(page);
    const auto response = get(target);
    if (!response.ok()) return response.error();
    auto list = core::read_v1_list(response.value().status, response.value().body, asked_at);
    if (!list.ok()) return fault_of(list.error(), response.value());
    for (core::Snapshot& snapshot : list.value().snapshots) all.push_back(std::move(snapshot));
    if (!list.value().has_next) break;
  }
  return all;
}

}  // namespace reconciled::portone
