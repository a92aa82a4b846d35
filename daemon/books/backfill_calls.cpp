// What the admin endpoint is asked about the backfill: begin, show, stop.
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/books/backfill.h"
#include "daemon/views/view_json.h"

namespace reconciled::books {
namespace {

using Phase = BackfillState::Phase;

constexpr std::chrono::seconds kWriteDeadline{10};

}  // namespace

void Backfill::add_routes(http::Router& router) {
  router.on("POST", "/backfill", [this](const http::Request& r) { return begin(r); });
  router.on("GET", "/backfill", [this](const http::Request& r) { return show(r); });
  router.on("DELETE", "/backfill", [this](const http::Request& r) { return cancel(r); });
}

http::Answer Backfill::show(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return admin::json(200, shown());
}

std::string Backfill::shown() {
  auto shared = shared_.lock();
  BackfillState state = shared->state;
  if (state.phase == Phase::kRunning) {
    state.listed += shared->listed_now;
    state.found += shared->found_now;
  }
  nlohmann::ordered_json json = to_json(state);
  if (shared->state.phase == Phase::kNone) return dump_json(json);
  json["trouble"] = shared->trouble.empty() ? nlohmann::ordered_json()
                                            : nlohmann::ordered_json(shared->trouble);
  return dump_json(json);
}

http::Answer Backfill::begin(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const core::Time now = uses_.clock.now();
  const auto wanted = read_backfill_body(request.body, now);
  if (!wanted.ok()) return admin::bad_request(wanted.error());
  BackfillState fresh;
  fresh.phase = Phase::kRunning;
  fresh.from = wanted.value().from;
  fresh.to = wanted.value().to;
  fresh.notify = wanted.value().notify;
  fresh.begin = wanted.value().begin;
  fresh.end = wanted.value().end;
  fresh.walked_to = {fresh.begin, fresh.begin};
  fresh.started_at = now;
  return {admin::unavailable(),
          [this, fresh](const http::Completion& complete) { begin(fresh, complete); }};
}

void Backfill::begin(const BackfillState& fresh, const http::Completion& complete) {
  uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
  const std::lock_guard in_order(order_);
  BackfillState before;
  BackfillState begun;
  int number = 0;
  {
    auto shared = shared_.lock();
    before = shared->state;
    begun = fresh;
    if (before.is_same_range(fresh) && before.phase == Phase::kStopped) {
      // What was stopped before its end goes on where it was.
      begun = before;
      begun.phase = Phase::kRunning;
      begun.end = fresh.end;
      begun.ended_at = std::nullopt;
    }
    if (before.phase != Phase::kRunning) {
      shared->state = begun;
      shared->trouble.clear();
      shared->is_kept = false;
      number = ++shared->run;
    }
  }
  if (before.phase == Phase::kRunning) {
    complete(before.is_same_range(fresh)
                 ? admin::json(202, shown())
                 : admin::error(409, "conflict",
                                "a backfill from " + before.from + " to " + before.to +
                                    " is under way, and there is one at a time: GET /backfill tells "
                                    "how far it is, DELETE /backfill stops it"));
    return;
  }
  uses_.writer.note_backfilled({.found = {}, .progress = to_text(begun), .at = fresh.started_at},
                               [this, complete, number, before](const auto& done) {
                                 {
                                   auto shared = shared_.lock();
                                   if (shared->run == number) {
                                     shared->is_kept = true;
                                     if (!done.ok()) shared->state = before;
                                   }
                                 }
                                 wake_.notify_all();
                                 complete(done.ok() ? std::optional(admin::json(202, shown()))
                                                    : std::nullopt);
                               });
}

http::Answer Backfill::cancel(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return {admin::unavailable(), [this](const http::Completion& complete) {
            uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
            const std::lock_guard in_order(order_);
            std::string stopped;
            {
              auto shared = shared_.lock();
              if (shared->state.phase == Phase::kRunning) {
                shared->state.phase = Phase::kStopped;
                shared->state.ended_at = uses_.clock.now();
                shared->trouble.clear();
                ++shared->run;
                stopped = to_text(shared->state);
              }
            }
            if (stopped.empty()) {
              complete(admin::not_found("no backfill is under way"));
              return;
            }
            wake_.notify_all();
            uses_.writer.note_backfilled(
                {.found = {}, .progress = stopped}, [this, complete](const auto& done) {
                  complete(done.ok() ? std::optional(admin::json(200, shown())) : std::nullopt);
                });
          }};
}

}  // namespace reconciled::books
