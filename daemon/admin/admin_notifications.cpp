// Messages to the shop's backend: sent again, made to wait (interface §2 and §6).
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/admin/admin_listener.h"
#include "daemon/admin/admin_query.h"
#include "daemon/views/view_json.h"

namespace reconciled {
namespace {

constexpr const char* kNobody = "nothing is sent: notify.url is empty";
constexpr const char* kNoLongerTrue =
    "the message says that the payment may be delivered, and that no longer holds: it is not sent";
constexpr const char* kBodyLeft =
    "the message is older than storage.retention_days and its text has left: it cannot be sent again; "
    "GET /payments/{payment_id} tells what the payment is now";

// Slice after slice, each a commit of its own: nothing else waits for all of them.
void resend_all(storage::Writer& writer, const storage::ResendRequest& request,
                const storage::ResendSlice& so_far, core::Time now, const http::Completion& complete) {
  writer.resend_some(request, so_far, now,
                     [&writer, request, so_far, now, complete](const auto& outcome) {
                       if (!outcome.ok()) {
                         complete(std::nullopt);
                         return;
                       }
                       storage::ResendSlice slice = outcome.value();
                       slice.resent += so_far.resent;
                       slice.superseded += so_far.superseded;
                       slice.expired += so_far.expired;
                       if (slice.has_more) {
                         resend_all(writer, request, slice, now, complete);
                         return;
                       }
                       complete(admin::json(202, dump_json({{"resent", slice.resent},
                                                            {"superseded", slice.superseded},
                                                            {"expired", slice.expired}})));
                     });
}

}  // namespace

void AdminListener::add_notification_writes(http::Router& router) {
  using Request = http::Request;
  router.on("POST", "/notifications/([0-9]+)/resend", [this](const Request& r) { return resend(r); });
  router.on("POST", "/notifications/resend", [this](const Request& r) { return resend_many(r); });
  router.on("POST", "/notifications/pause", [this](const Request& r) { return pause(r, true); });
  router.on("POST", "/notifications/resume", [this](const Request& r) { return pause(r, false); });
}

http::Answer AdminListener::resend(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  if (!uses_.notifications.is_on()) return admin::error(409, "conflict", kNobody);
  const std::int64_t id = read_event_id(request.captures.at(0)).value;
  return {admin::unavailable(), [this, id](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.resend(id, uses_.clock.now(), [this, id, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
                return;
              }
              switch (outcome.value()) {
                case storage::ResendOutcome::kAbsent:
                  complete(admin::not_found("no such notification"));
                  break;
                case storage::ResendOutcome::kSuperseded:
                  complete(admin::error(409, "superseded", kNoLongerTrue));
                  break;
                case storage::ResendOutcome::kExpired:
                  complete(admin::error(409, "expired", kBodyLeft));
                  break;
                case storage::ResendOutcome::kResent:
                  uses_.notifications.send_now();
                  complete(admin::json(202, dump_json({{"notification", id}, {"resend", "asked"}})));
                  break;
              }
            });
          }};
}

http::Answer AdminListener::resend_many(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  if (!uses_.notifications.is_on()) return admin::error(409, "conflict", kNobody);
  const auto wanted = read_resend_body(request.body, uses_.clock.now());
  if (!wanted.ok()) return admin::bad_request(wanted.error());
  return {admin::unavailable(), [this, wanted = wanted.value()](const http::Completion& complete) {
            limit_write(complete);
            uses_.notifications.send_now();
            resend_all(uses_.writer, wanted, {}, uses_.clock.now(), complete);
          }};
}

http::Answer AdminListener::pause(const http::Request& request, bool paused) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  if (!uses_.notifications.is_on()) return admin::error(409, "conflict", kNobody);
  return {admin::unavailable(), [this, paused](const http::Completion& complete) {
            limit_write(complete);
            uses_.notifications.pause(paused, [paused, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
                return;
              }
              complete(admin::json(200, dump_json({{"paused", paused}})));
            });
          }};
}

}  // namespace reconciled
