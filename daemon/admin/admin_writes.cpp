// What the admin endpoint changes: look-ups asked for, orders registered and withdrawn.
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/admin/admin_listener.h"
#include "daemon/admin/admin_query.h"
#include "daemon/views/view_json.h"

namespace reconciled {
namespace {

constexpr const char* kPaidAlready =
    "the payment is paid: a registered amount or currency can no longer change";

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
  return {admin::unavailable(),
          [this, order = order.value()](const http::Completion& complete) {
            limit_write(complete);
            uses_.writer.register_order(order, [order, complete](const auto& outcome) {
              if (!outcome.ok()) {
                complete(std::nullopt);
              } else if (outcome.value() == storage::OrderOutcome::kConflict) {
                complete(admin::error(409, "conflict", kPaidAlready));
              } else {
                const bool created = outcome.value() == storage::OrderOutcome::kCreated;
                const core::ExpectedOrder registered{order.amount, order.currency, order.name,
                                                     false, order.at};
                complete(admin::json(created ? 201 : 200,
                                     dump_json(to_json(order.payment_id, registered))));
              }
            });
          }};
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

}  // namespace reconciled
