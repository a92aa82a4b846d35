#include "daemon/portone/v2.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

constexpr int kPageSize = 500;
// PortOne's own limit: (number + 1) * size <= 60 000 (dossier §3.2).
constexpr int kMaxListed = 60'000;
constexpr int kMaxCursorPages = 200;

// A GET's body travels in the query (dossier §3.2).
std::string with_body(const char* path, const nlohmann::json& body) {
  return std::string(path) + "?requestBody=" + core::percent_encode(core::write_json(body));
}

}  // namespace

V2Client::V2Client(const core::PortoneV2Config& config, AccessWatch& watch, const Clock& clock)
    : client_(http::ClientOptions{.base_url = config.base_url,
                                  .read_timeout = std::chrono::seconds(60),
                                  .total_deadline = std::chrono::seconds(60)}),
      watch_(watch),
      clock_(clock),
      authorization_("PortOne " + config.api_secret),
      store_id_(config.store_id) {}

Asked<http::ClientResponse> V2Client::get(const std::string& target) {
  http::ClientRequest request{.method = "GET", .target = target};
  request.headers.emplace_back("Authorization", authorization_);
  auto response = client_.send(request);
  if (response.ok()) {
    watch_.told_time(core::Api::kV2, response.value().date, clock_.wall());
    return std::move(response.value());
  }
  LookupFault why = fault_of(response.error());
  if (!is_aborted()) watch_.unanswered(core::Api::kV2, why.detail);
  return why;
}

// What an answer that is none says about PortOne as a whole.
LookupFault V2Client::fault(const core::AnswerError& error, const http::ClientResponse& response) {
  LookupFault fault = fault_of(error, response);
  watch_.note(core::Api::kV2, error, fault.detail);
  return fault;
}

Asked<core::V2List> V2Client::list(const std::string& target, Reader read) {
  const core::Time asked_at = clock_.now();
  const auto response = get(target);
  if (!response.ok()) return response.error();
  auto answer = read(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) return fault(answer.error(), response.value());
  watch_.answered(core::Api::kV2);
  return std::move(answer.value());
}

Asked<std::optional<core::Snapshot>> V2Client::payment(const std::string& payment_id) {
  const core::Time asked_at = clock_.now();
  const auto response = get("/payments/" + core::percent_encode(payment_id) +
                            "?storeId=" + core::percent_encode(store_id_));
  if (!response.ok()) return response.error();
  auto snapshot = core::read_v2_payment(response.value().status, response.value().body, asked_at);
  if (!snapshot.ok()) {
    LookupFault why = fault(snapshot.error(), response.value());
    if (why.outcome != LookupOutcome::kNotFound) return why;
    return std::optional<core::Snapshot>{};
  }
  watch_.answered(core::Api::kV2);
  // An answer about another payment than the one asked for would bind money to the wrong order.
  if (snapshot.value().payment_id.str() != payment_id) {
    return about_another("the answer names another payment");
  }
  return std::optional(std::move(snapshot.value()));
}

Asked<core::V2List> V2Client::transactions(const std::string& payment_id) {
  auto all = list("/payments/" + core::percent_encode(payment_id) +
                      "/transactions?storeId=" + core::percent_encode(store_id_),
                  core::read_v2_transactions);
  if (!all.ok()) {
    if (all.error().outcome != LookupOutcome::kNotFound) return all.error();
    return core::V2List{};
  }
  core::V2List own{{}, std::move(all.value().unreadable), {}, {}};
  for (core::Snapshot& snapshot : all.value().snapshots) {
    if (snapshot.payment_id.str() == payment_id) {
      own.snapshots.push_back(std::move(snapshot));
    } else {
      own.unreadable.push_back({snapshot.payment_id.str(), "belongs to another payment"});
    }
  }
  return own;
}

Asked<ListedPage> V2Client::page(core::Time from, core::Time until, int number) {
  // By change of status: it also finds what was begun long ago and paid just now.
  const nlohmann::json body{{"page", {{"number", number}, {"size", kPageSize}}},
                            {"filter",
                             {{"storeId", store_id_},
                              {"timestampType", "STATUS_CHANGED_AT"},
                              {"from", core::to_rfc3339(from)},
                              {"until", core::to_rfc3339(until)}}}};
  auto answer = list(with_body("/payments", body), core::read_v2_page);
  if (!answer.ok()) return answer.error();
  return ListedPage{{std::move(answer.value().snapshots), std::move(answer.value().unreadable)},
                    {},
                    answer.value().total};
}

std::optional<LookupFault> V2Client::walk(core::Time from, core::Time until, const Take& take) {
  const WalkRules rules{.page_size = kPageSize,
                        .max_pages = kMaxListed / kPageSize,
                        .shortest = 10ms,
                        .ask = [this](core::Time begin, core::Time end, int number) {
                          return page(begin, end, number);
                        }};
  std::optional<LookupFault> fault = walk_list(rules, from, until, take);
  const bool may_have_the_other = fault && (fault->outcome == LookupOutcome::kMalformed ||
                                            fault->outcome == LookupOutcome::kServerError);
  if (!may_have_the_other || is_aborted()) return fault;
  const std::optional<LookupFault> other = walk_by_cursor(from, until, take);
  fault->detail += other ? "; the list by creation: " + other->detail
                         : "; only the list by creation was read, which is not complete";
  return fault;
}

std::optional<LookupFault> V2Client::walk_by_cursor(core::Time from, core::Time until,
                                                    const Take& take) {
  std::string cursor;
  for (int number = 0; number < kMaxCursorPages; ++number) {
    nlohmann::json body{{"storeId", store_id_},
                        {"from", core::to_rfc3339(from)},
                        {"until", core::to_rfc3339(until)},
                        {"size", kPageSize}};
    if (!cursor.empty()) body["cursor"] = cursor;
    auto answer = list(with_body("/payments-by-cursor", body), core::read_v2_cursor_page);
    if (!answer.ok()) return answer.error();
    const std::string next = answer.value().last_cursor;
    const ListPage read{std::move(answer.value().snapshots), std::move(answer.value().unreadable)};
    take(read);
    const bool is_last = read.rows() < kPageSize || next.empty() || next == cursor;
    if (is_last) return std::nullopt;
    cursor = next;
  }
  return std::nullopt;
}

}  // namespace reconciled::portone
