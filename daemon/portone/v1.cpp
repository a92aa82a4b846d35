#include "daemon/portone/v1.h"

#include <algorithm>

#include "daemon/core/words/text.h"

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

constexpr int kPageSize = 100;
constexpr int kSweepPageSize = 500;
// Orders with more attempts than this are not walked further in one look-up.
constexpr int kMaxPages = 50;
constexpr int kMaxSweepPages = 200;

}  // namespace

V1Client::V1Client(const core::PortoneV1Config& config, V1Tokens& tokens, AccessWatch& watch,
                   const Clock& clock, bool sandbox)
    : client_(http::ClientOptions{.base_url = config.base_url}),
      tokens_(tokens),
      watch_(watch),
      clock_(clock),
      tier_(config.tier),
      sandbox_(sandbox) {}

Asked<http::ClientResponse> V1Client::get_with(const std::string& target,
                                               const std::string& token) {
  http::ClientRequest request{.method = "GET", .target = target};
  request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!tier_.empty()) request.headers.emplace_back("Tier", tier_);
  auto response = client_.send(request);
  if (response.ok()) {
    watch_.told_time(core::Api::kV1, response.value().date, clock_.wall());
    return std::move(response.value());
  }
  LookupFault fault = fault_of(response.error());
  if (!is_aborted()) watch_.unanswered(core::Api::kV1, fault.detail);
  return fault;
}

// One new login where PortOne refuses the token: it may have expired early, or been replaced.
Asked<http::ClientResponse> V1Client::get(const std::string& target) {
  for (int attempt = 0;; ++attempt) {
    const Asked<std::string> token = tokens_.get(client_);
    if (!token.ok()) return token.error();
    Asked<http::ClientResponse> response = get_with(target, token.value());
    if (!response.ok() || response.value().status != 401) return response;
    tokens_.refused(token.value(), attempt > 0);
    if (attempt > 0) return response;
  }
}

// What an answer that is none says about PortOne as a whole.
LookupFault V1Client::fault(const core::AnswerError& error, const http::ClientResponse& response) {
  LookupFault fault = fault_of(error, response);
  watch_.note(core::Api::kV1, error, fault.detail);
  return fault;
}

Asked<core::V1List> V1Client::list(const std::string& target) {
  const core::Time asked_at = clock_.now();
  const auto response = get(target);
  if (!response.ok()) return response.error();
  auto answer = core::read_v1_list(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) return fault(answer.error(), response.value());
  watch_.answered(core::Api::kV1);
  return std::move(answer.value());
}

Asked<core::V1List> V1Client::attempts(const std::vector<std::string>& imp_uids) {
  if (imp_uids.size() > 1) {
    std::string target = "/payments";
    char separator = '?';
    for (const std::string& imp_uid : imp_uids) {
      target += separator + ("imp_uid%5B%5D=" + core::percent_encode(imp_uid));
      separator = '&';
    }
    return list(target);
  }
  const core::Time asked_at = clock_.now();
  const auto response = get("/payments/" + core::percent_encode(imp_uids.front()) +
                            (sandbox_ ? "?include_sandbox=true" : ""));
  if (!response.ok()) return response.error();
  auto snapshot = core::read_v1_payment(response.value().status, response.value().body, asked_at);
  core::V1List found;
  if (!snapshot.ok()) {
    LookupFault why = fault(snapshot.error(), response.value());
    if (why.outcome != LookupOutcome::kNotFound) return why;
    return found;
  }
  watch_.answered(core::Api::kV1);
  if (snapshot.value().attempt_id.str() != imp_uids.front()) {
    return about_another("the answer names another attempt");
  }
  found.snapshots.push_back(std::move(snapshot.value()));
  return found;
}

Asked<bool> V1Client::is_certification(const std::string& imp_uid) {
  const auto response = get("/certifications/" + core::percent_encode(imp_uid));
  if (!response.ok()) return response.error();
  const auto known =
      core::read_v1_certification(response.value().status, response.value().body);
  if (known.ok()) return known.value();
  return fault(known.error(), response.value());
}

Asked<V1Client::Order> V1Client::order(const std::string& merchant_uid) {
  Order all;
  for (int page = 1; page <= kMaxPages; ++page) {
    auto answer = list("/payments/findAll/" + core::percent_encode(merchant_uid) +
                       "/?sorting=started&limit=" + std::to_string(kPageSize) +
                       "&page=" + std::to_string(page));
    if (!answer.ok()) {
      if (page == 1) return answer.error();
      all.cut_short = answer.error();
      return all;
    }
    const std::size_t rows = answer.value().snapshots.size() + answer.value().unreadable.size();
    const std::size_t before = all.snapshots.size() + all.unreadable.size();
    for (core::Snapshot& snapshot : answer.value().snapshots) {
      const bool is_known = std::any_of(
          all.snapshots.begin(), all.snapshots.end(),
          [&](const core::Snapshot& known) { return known.attempt_id == snapshot.attempt_id; });
      if (snapshot.payment_id.str() != merchant_uid) {
        all.unreadable.push_back({snapshot.attempt_id.str(), "belongs to another order"});
      } else if (!is_known) {
        all.snapshots.push_back(std::move(snapshot));
      }
    }
    for (core::UnreadableRow& row : answer.value().unreadable) {
      all.unreadable.push_back(std::move(row));
    }
    // Where the end mark cannot be read, the page behind the last is empty or brings nothing new.
    const bool is_last = !answer.value().has_next.value_or(true);
    if (is_last || rows == 0 || all.snapshots.size() + all.unreadable.size() == before) return all;
  }
  all.unreadable.push_back({{}, "more attempts than are asked for"});
  return all;
}

Asked<ListedPage> V1Client::status_page(core::Time from, core::Time until, int number) {
  // Whole seconds: rather a little more than a little less.
  const std::int64_t begin = core::to_ms(from) / 1000;
  const std::int64_t end = (core::to_ms(until) + 999) / 1000;
  const core::Time asked_at = clock_.now();
  const auto response =
      get("/payments/status/all?from=" + std::to_string(begin) + "&to=" + std::to_string(end) +
          "&sorting=started" + "&limit=" + std::to_string(kSweepPageSize) +
          "&page=" + std::to_string(number + 1));
  if (!response.ok()) return response.error();
  // A page beyond the last is answered 400 (dossier §3.1).
  if (response.value().status == 400 && number > 0) return ListedPage{{}, false, {}};
  auto answer = core::read_v1_list(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) return fault(answer.error(), response.value());
  watch_.answered(core::Api::kV1);
  return ListedPage{{std::move(answer.value().snapshots), std::move(answer.value().unreadable)},
                    answer.value().has_next,
                    answer.value().total};
}

std::optional<LookupFault> V1Client::walk(core::Time from, core::Time until, const Take& take) {
  const WalkRules rules{.page_size = kSweepPageSize,
                        .max_pages = kMaxSweepPages,
                        .shortest = 2s,
                        .ask = [this](core::Time begin, core::Time end, int number) {
                          return status_page(begin, end, number);
                        }};
  return walk_list(rules, from, until, take);
}

}  // namespace reconciled::portone
