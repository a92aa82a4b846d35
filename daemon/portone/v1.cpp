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

// Page `number` (from 0) of all payments whose status came about in that time.
std::string list_target(core::Time from, core::Time until, const char* sorting, int limit,
                        int number) {
  // Whole seconds: rather a little more than a little less.
  const std::int64_t begin = core::to_ms(from) / 1000;
  const std::int64_t end = (core::to_ms(until) + 999) / 1000;
  return "/payments/status/all?from=" + std::to_string(begin) + "&to=" + std::to_string(end) +
         "&sorting=" + sorting + "&limit=" + std::to_string(limit) +
         "&page=" + std::to_string(number + 1);
}

}  // namespace

V1Client::V1Client(const core::PortoneV1Config& config, Calls& calls, AccessWatch& watch,
                   bool sandbox)
    : calls_(calls), tokens_(config, calls, watch), tier_(config.tier), sandbox_(sandbox) {}

Task<Asked<http::ClientResponse>> V1Client::send_with(http::ClientRequest request,
                                                      std::string token) {
  request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!tier_.empty()) request.headers.emplace_back("Tier", tier_);
  co_return co_await calls_.send(std::move(request));
}

Task<Asked<http::ClientResponse>> V1Client::get(std::string target) {
  http::ClientRequest request{.method = "GET", .target = std::move(target)};
  co_return co_await send(std::move(request));
}

// One new login where PortOne refuses the token: it may have expired early, or been replaced. What
// came with it was not done.
Task<Asked<http::ClientResponse>> V1Client::send(http::ClientRequest request) {
  for (int attempt = 0;; ++attempt) {
    const Asked<std::string> token = co_await tokens_.get();
    if (!token.ok()) co_return token.error();
    Asked<http::ClientResponse> response = co_await send_with(request, token.value());
    if (!response.ok() || response.value().status != 401) co_return std::move(response);
    tokens_.refused(token.value(), attempt > 0);
    if (attempt > 0) co_return std::move(response);
  }
}

Task<Asked<core::V1List>> V1Client::list(std::string target) {
  const core::Time asked_at = calls_.now();
  const Asked<http::ClientResponse> response = co_await get(std::move(target));
  if (!response.ok()) co_return response.error();
  auto answer = core::read_v1_list(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) co_return calls_.refused(answer.error(), response.value());
  calls_.answered();
  co_return std::move(answer.value());
}

Task<Asked<core::V1List>> V1Client::attempts(std::vector<std::string> imp_uids) {
  if (imp_uids.size() > 1) {
    std::string target = "/payments";
    char separator = '?';
    for (std::string imp_uid : imp_uids) {
      target += separator + ("imp_uid%5B%5D=" + core::percent_encode(imp_uid));
      separator = '&';
    }
    co_return co_await list(std::move(target));
  }
  const core::Time asked_at = calls_.now();
  const Asked<http::ClientResponse> response = co_await get("/payments/" + core::percent_encode(imp_uids.front()) +
                            (sandbox_ ? "?include_sandbox=true" : ""));
  if (!response.ok()) co_return response.error();
  auto snapshot = core::read_v1_payment(response.value().status, response.value().body, asked_at);
  core::V1List found;
  if (!snapshot.ok()) {
    LookupFault why = calls_.refused(snapshot.error(), response.value());
    if (why.outcome != LookupOutcome::kNotFound) co_return why;
    co_return found;
  }
  calls_.answered();
  if (snapshot.value().attempt_id.str() != imp_uids.front()) {
    co_return about_another("the answer names another attempt");
  }
  found.snapshots.push_back(std::move(snapshot.value()));
  co_return found;
}

Task<Asked<core::PreregistrationReply>> V1Client::prepare(core::PaymentId merchant_uid,
                                                          core::Money money) {
  Asked<core::PreregistrationReply> posted = co_await prepare_by("POST", merchant_uid, money);
  if (!posted.ok() || posted.value().is_taken) co_return std::move(posted);
  // It was prepared before, perhaps with another amount: that is changed by PUT (dossier §3.1).
  Asked<core::PreregistrationReply> put = co_await prepare_by("PUT", merchant_uid, money);
  // Where there is nothing to change, why it could not be prepared is the reason.
  if (put.ok() && !put.value().is_taken) co_return std::move(posted);
  co_return std::move(put);
}

Task<Asked<core::PreregistrationReply>> V1Client::prepare_by(const char* method,
                                                             core::PaymentId merchant_uid,
                                                             core::Money money) {
  // As a form: its text keeps the decimal exact.
  http::ClientRequest request{
      .method = method,
      .target = "/payments/prepare",
      .headers = {},
      .body = "merchant_uid=" + core::percent_encode(merchant_uid.str()) +
              "&amount=" + core::major_from_minor(money.minor, money.currency) +
              "&currency=" + money.currency.code(),
      .content_type = "application/x-www-form-urlencoded",
      .at_most = kTellingPatience};
  const Asked<http::ClientResponse> response = co_await send(std::move(request));
  if (!response.ok()) co_return response.error();
  auto reply = core::read_v1_prepared(response.value().status, response.value().body, merchant_uid,
                                      money);
  if (!reply.ok()) co_return calls_.refused(reply.error(), response.value());
  calls_.answered();
  co_return std::move(reply.value());
}

Task<Asked<bool>> V1Client::is_certification(std::string imp_uid) {
  const Asked<http::ClientResponse> response = co_await get("/certifications/" + core::percent_encode(imp_uid));
  if (!response.ok()) co_return response.error();
  const auto known =
      core::read_v1_certification(response.value().status, response.value().body);
  if (known.ok()) co_return known.value();
  co_return calls_.refused(known.error(), response.value());
}

Task<Asked<V1Client::Order>> V1Client::order(std::string merchant_uid) {
  Order all;
  for (int page = 1; page <= kMaxPages; ++page) {
    Asked<core::V1List> answer = co_await list("/payments/findAll/" + core::percent_encode(merchant_uid) +
                       "/?sorting=started&limit=" + std::to_string(kPageSize) +
                       "&page=" + std::to_string(page));
    if (!answer.ok()) {
      if (page == 1) co_return answer.error();
      all.cut_short = answer.error();
      co_return all;
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
    if (is_last || rows == 0 || all.snapshots.size() + all.unreadable.size() == before) co_return all;
  }
  all.unreadable.push_back({{}, "more attempts than are asked for"});
  co_return all;
}

Task<Asked<ListedPage>> V1Client::status_page(core::Time from, core::Time until, int number) {
  const core::Time asked_at = calls_.now();
  const Asked<http::ClientResponse> response =
      co_await get(list_target(from, until, "started", kSweepPageSize, number));
  if (!response.ok()) co_return response.error();
  // A page beyond the last is answered 400 (dossier §3.1).
  if (response.value().status == 400 && number > 0) co_return ListedPage{{}, false, {}};
  auto answer = core::read_v1_list(response.value().status, response.value().body, asked_at);
  if (!answer.ok()) co_return calls_.refused(answer.error(), response.value());
  calls_.answered();
  co_return ListedPage{{std::move(answer.value().snapshots), std::move(answer.value().unreadable)},
                    answer.value().has_next,
                    answer.value().total};
}

Task<Asked<core::WebhookPage>> V1Client::webhooks(core::Time from, core::Time until, int number) {
  const Asked<http::ClientResponse> response =
      co_await get(list_target(from, until, "-updated", kWebhookPageSize, number));
  if (!response.ok()) co_return response.error();
  if (response.value().status == 400 && number > 0) co_return core::WebhookPage{.has_next = false};
  auto answer = core::read_v1_webhooks(response.value().status, response.value().body);
  if (!answer.ok()) co_return calls_.refused(answer.error(), response.value());
  calls_.answered();
  co_return std::move(answer.value());
}

Task<std::optional<LookupFault>> V1Client::walk(core::Time from, core::Time until, core::Time now,
                                                Take take) {
  WalkRules rules{.page_size = kSweepPageSize,
                        .max_pages = kMaxSweepPages,
                        .shortest = 2s,
                        .now = now,
                        .ask = [this](core::Time begin, core::Time end, int number) {
                          return status_page(begin, end, number);
                        }};
  co_return co_await walk_list(std::move(rules), from, until, std::move(take));
}

}  // namespace reconciled::portone
