// What the admin endpoint changes: look-ups asked for, orders registered and withdrawn, findings
// closed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/admin/admin_listener.h"
#include "daemon/admin/admin_query.h"
#include "daemon/views/view_json.h"

namespace reconciled {
namespace {

constexpr const char* kPaidAlready =
    "the payment is paid: a registered amount or currency can no longer change. Where the wrong one "
    "was registered, a person corrects it: \"correct\":true with a \"note\", or `reconciled order "
    "--correct --note`";

// Of a PUT's ten seconds (interface §6): whatever PortOne does, what stands is told then.
constexpr std::chrono::seconds kTellingDeadline{9};

}  // namespace

http::Answer AdminListener::look_up(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  return reading([this, id = id.value()](storage::Reader& reader) {
    // PortOne may know what nobody has told us; a mistyped id is told by `known`.
    const bool is_known = reader.payment(id, false).has_value();
    uses_.lookups.look_up_soon(id);
    return admin::json(
        202, dump_json({{"payment_id", id.str()}, {"lookup", "asked"}, {"known", is_known}}));
  });
}

http::Answer AdminListener::replay(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto id = read_event_id(request.captures.at(0));
  return {admin::unavailable(), [this, id](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.replay(id, [id, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
              } else if (!outcome.value()) {
                complete(admin::not_found("no such event"));
              } else {
                complete(admin::json(202, dump_json({{"event", id.value}, {"replay", "asked"}})));
              }
            });
          }};
}

http::Answer AdminListener::put_order(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  const auto order = read_order_body(id.value(), request.body, uses_.clock.now());
  if (!order.ok()) return admin::bad_request(order.error());
  const auto answer_by = std::chrono::steady_clock::now() + kTellingDeadline;
  return {admin::unavailable(),
          [this, order = order.value(), answer_by](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.register_order(
                order, [this, id = order.payment_id, answer_by, complete](const auto& outcome) {
                  if (!outcome.ok()) {
                    complete(std::nullopt);
                  } else if (outcome.value() == storage::OrderOutcome::kConflict) {
                    complete(admin::error(409, "conflict", kPaidAlready));
                  } else {
                    const bool created = outcome.value() == storage::OrderOutcome::kCreated;
                    answer_order({id, created ? 201 : 200, uses_.clock.now(), answer_by}, complete);
                  }
                });
          }};
}

void AdminListener::answer_order(const StoredOrder& order, const http::Completion& complete) {
  uses_.readers.run(
      [this, order, complete](storage::Reader& reader) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            order.answer_by - std::chrono::steady_clock::now());
        const auto again = [this, order, complete] { answer_order(order, complete); };
        const bool waits = left.count() > 0 && is_being_told(order, reader) &&
                           waiters_.wait_for_telling(order.payment_id, left, again);
        // It may have been told between the reading and the waiting.
        if (waits && is_being_told(order, reader)) return;
        const storage::Reader::Moment moment(reader);
        const auto stands = reader.order(order.payment_id);
        complete(stands ? admin::json(order.status,
                                      dump_json(to_json(order.payment_id, *stands,
                                                        reader.preregistrations(order.payment_id))))
                        : admin::error(409, "conflict", "the order was withdrawn meanwhile"));
      },
      [complete] { complete(std::nullopt); });
}

// A try that failed is planned for later, and is no reason to wait.
bool AdminListener::is_being_told(const StoredOrder& order, storage::Reader& reader) const {
  const auto told = reader.preregistrations(order.payment_id);
  return std::any_of(told.begin(), told.end(), [&](const storage::PreregistrationView& one) {
    const bool is_configured =
        one.api == core::Api::kV1 ? uses_.config.v1.has_value() : uses_.config.v2.has_value();
    return is_configured && one.next_at && *one.next_at <= order.stored_at;
  });
}

http::Answer AdminListener::delete_order(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  return {admin::unavailable(), [this, id = id.value()](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.withdraw_order(
                id, uses_.clock.now(), [id, complete](const auto& outcome) {
                  if (!outcome.ok()) {
                    complete(std::nullopt);
                  } else if (outcome.value() == storage::OrderOutcome::kConflict) {
                    complete(admin::error(409, "conflict", kPaidAlready));
                  } else if (outcome.value() == storage::OrderOutcome::kAbsent) {
                    complete(admin::not_found("no such order"));
                  } else {
                    complete(admin::json(
                        200, dump_json({{"payment_id", id.str()}, {"order", "withdrawn"}})));
                  }
                });
          }};
}

http::Answer AdminListener::resolve(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto hand = read_resolve_body(request.body);
  if (!hand.ok()) return admin::bad_request(hand.error());
  storage::ResolveRequest wanted{read_event_id(request.captures.at(0)).value, hand.value(),
                                 uses_.clock.now()};
  return {admin::unavailable(), [this, wanted](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.resolve_finding(wanted, [this, id = wanted.finding,
                                                  complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
                return;
              }
              switch (outcome.value()) {
                case storage::ResolveOutcome::kAbsent:
                  complete(admin::not_found("no such finding"));
                  break;
                case storage::ResolveOutcome::kOver:
                  complete(admin::error(409, "conflict",
                                        "the finding is over: what it told of stands no longer"));
                  break;
                case storage::ResolveOutcome::kAlready:
                case storage::ResolveOutcome::kResolved:
                  read_into(
                      [id](storage::Reader& reader) {
                        const auto finding = reader.finding(id);
                        return finding ? admin::json(200, dump_json(to_json(*finding)))
                                       : admin::not_found("no such finding");
                      },
                      complete);
                  break;
              }
            });
          }};
}

}  // namespace reconciled
