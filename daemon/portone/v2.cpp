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

V2Client::V2Client(const core::PortoneV2Config& config, Calls& calls, bool own_only)
    : calls_(calls),
      authorization_("PortOne " + config.api_secret),
      store_id_(config.store_id),
      own_only_(own_only) {}

Task<Asked<http::ClientResponse>> V2Client::get(std::string target) {
  http::ClientRequest request{.method = "GET", .target = std::move(target)};
  co_return co_await send(std::move(request));
}

Task<Asked<http::ClientResponse>> V2Client::send(http::ClientRequest request) {
  request.headers.emplace_back("Authorization", authorization_);
  co_return co_await calls_.send(std::move(request));
}

Task<Asked<core::V2List>> V2Client::list(std::string target, Reader read) {
  const core::Time asked_at = calls_.now();
  const Asked<http::ClientResponse> response = co_await get(std::move(target));
  if (!response.ok()) co_return response.error();
  auto answer = read(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) co_return calls_.refused(answer.error(), response.value());
  calls_.answered();
  co_return std::move(answer.value());
}

Task<Asked<std::optional<core::Snapshot>>> V2Client::payment(std::string payment_id) {
  const core::Time asked_at = calls_.now();
  const Asked<http::ClientResponse> response = co_await get("/payments/" + core::percent_encode(payment_id) +
                            "?storeId=" + core::percent_encode(store_id_));
  if (!response.ok()) co_return response.error();
  auto snapshot = core::read_v2_payment(response.value().status, response.value().body, asked_at);
  if (!snapshot.ok()) {
    LookupFault why = calls_.refused(snapshot.error(), response.value());
    if (why.outcome != LookupOutcome::kNotFound) co_return why;
    co_return std::optional<core::Snapshot>{};
  }
  calls_.answered();
  // An answer about another payment than the one asked for would bind money to the wrong order.
  if (snapshot.value().payment_id.str() != payment_id) {
    co_return about_another("the answer names another payment");
  }
  co_return std::optional(std::move(snapshot.value()));
}

Task<Asked<core::PreregistrationReply>> V2Client::preregister(core::PaymentId payment_id,
                                                              core::Money money) {
  const nlohmann::json body{{"storeId", store_id_},
                            {"totalAmount", money.minor},
                            {"currency", money.currency.code()}};
  http::ClientRequest request{
      .method = "POST",
      .target = "/payments/" + core::percent_encode(payment_id.str()) + "/pre-register",
      .headers = {},
      .body = core::write_json(body),
      .content_type = "application/json",
      .at_most = kTellingPatience};
  const Asked<http::ClientResponse> response = co_await send(std::move(request));
  if (!response.ok()) co_return response.error();
  auto reply = core::read_v2_preregistered(response.value().status, response.value().body);
  if (!reply.ok()) co_return calls_.refused(reply.error(), response.value());
  calls_.answered();
  co_return std::move(reply.value());
}

Task<Asked<core::V2List>> V2Client::transactions(std::string payment_id) {
  Asked<core::V2List> all = co_await list("/payments/" + core::percent_encode(payment_id) +
                      "/transactions?storeId=" + core::percent_encode(store_id_),
                  core::read_v2_transactions);
  if (!all.ok()) {
    if (all.error().outcome != LookupOutcome::kNotFound) co_return all.error();
    co_return core::V2List{};
  }
  core::V2List own{{}, std::move(all.value().unreadable), {}, {}};
  for (core::Snapshot& snapshot : all.value().snapshots) {
    if (snapshot.payment_id.str() == payment_id) {
      own.snapshots.push_back(std::move(snapshot));
    } else {
      own.unreadable.push_back({snapshot.payment_id.str(), "belongs to another payment"});
    }
  }
  co_return own;
}

Task<Asked<ListedPage>> V2Client::page(core::Time from, core::Time until, int number) {
  // By change of status: it also finds what was begun long ago and paid just now.
  nlohmann::json body{{"page", {{"number", number}, {"size", kPageSize}}},
                            {"filter",
                             {{"storeId", store_id_},
                              {"timestampType", "STATUS_CHANGED_AT"},
                              {"from", core::to_rfc3339(from)},
                              {"until", core::to_rfc3339(until)},
                              {"sortBy", "STATUS_CHANGED_AT"},
                              {"sortOrder", "ASC"}}}};
  if (own_only_) body["filter"]["version"] = "V2";
  Asked<core::V2List> answer = co_await list(with_body("/payments", body), core::read_v2_page);
  if (!answer.ok()) co_return answer.error();
  co_return ListedPage{{std::move(answer.value().snapshots), std::move(answer.value().unreadable)},
                    {},
                    answer.value().total};
}

Task<Asked<core::WebhookPage>> V2Client::webhooks(core::Time from, core::Time until, int number) {
  const nlohmann::json body{{"page", {{"number", number}, {"size", kWebhookPageSize}}},
                            {"filter",
                             {{"storeId", store_id_},
                              {"isTest", true},
                              {"timestampType", "STATUS_CHANGED_AT"},
                              {"from", core::to_rfc3339(from)},
                              {"until", core::to_rfc3339(until)},
                              {"sortBy", "STATUS_CHANGED_AT"},
                              {"sortOrder", "DESC"}}}};
  const Asked<http::ClientResponse> response = co_await get(with_body("/payments", body));
  if (!response.ok()) co_return response.error();
  auto answer = core::read_v2_webhooks(response.value().status, response.value().body);
  if (!answer.ok()) co_return calls_.refused(answer.error(), response.value());
  calls_.answered();
  co_return std::move(answer.value());
}

Task<std::optional<LookupFault>> V2Client::turn_pages(core::Time from, core::Time until,
                                                      TakeSome take) {
  for (int number = 0; number < kMostTurned; ++number) {
    const Asked<ListedPage> read = co_await page(from, until, number);
    if (!read.ok()) co_return read.error();
    const bool is_last = read.value().page.rows() < kPageSize;
    if (!take(read.value().page) || is_last) co_return std::nullopt;
  }
  co_return std::nullopt;
}

Task<std::optional<LookupFault>> V2Client::walk(core::Time from, core::Time until, core::Time now,
                                                Take take) {
  WalkRules rules{.page_size = kPageSize,
                        .max_pages = kMaxListed / kPageSize,
                        .shortest = 10ms,
                        .now = now,
                        .ask = [this](core::Time begin, core::Time end, int number) {
                          return page(begin, end, number);
                        }};
  std::optional<LookupFault> fault = co_await walk_list(std::move(rules), from, until, take);
  const bool may_have_the_other = fault && (fault->outcome == LookupOutcome::kMalformed ||
                                            fault->outcome == LookupOutcome::kServerError);
  if (!may_have_the_other || calls_.is_aborted()) co_return fault;
  const std::optional<LookupFault> other = co_await walk_by_cursor(from, until, take);
  fault->detail += other ? "; the list by creation: " + other->detail
                         : "; only the list by creation was read, which is not complete";
  co_return fault;
}

Task<std::optional<LookupFault>> V2Client::walk_by_cursor(core::Time from, core::Time until,
                                                    Take take) {
  std::string cursor;
  for (int number = 0; number < kMaxCursorPages; ++number) {
    nlohmann::json body{{"storeId", store_id_},
                        {"from", core::to_rfc3339(from)},
                        {"until", core::to_rfc3339(until)},
                        {"size", kPageSize}};
    if (!cursor.empty()) body["cursor"] = cursor;
    Asked<core::V2List> answer = co_await list(with_body("/payments-by-cursor", body), core::read_v2_cursor_page);
    if (!answer.ok()) co_return answer.error();
    const std::string next = answer.value().last_cursor;
    const ListPage read{std::move(answer.value().snapshots), std::move(answer.value().unreadable)};
    co_await take(read);
    const bool is_last = read.rows() < kPageSize || next.empty() || next == cursor;
    if (is_last) co_return std::nullopt;
    cursor = next;
  }
  co_return std::nullopt;
}

}  // namespace reconciled::portone
