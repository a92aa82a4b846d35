// PortOne's REST API, both versions on one origin.
//
// Which API a call belongs to is told by its credential (scheme PortOne or a JWT: V2), else by its
// path; an unknown credential answers 401 in the shape of the API that it was meant for.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

// Places, by which faults name endpoints (V1 and V2 share the words):
//   login          POST /users/getToken; /login/api-secret, /token/refresh
//   single         GET /payments/{id}
//   batch          GET /payments?imp_uid[]=…
//   order          GET /payments/find/…, /payments/findAll/…
//   list           GET /payments/status/…; V2's GET /payments
//   cursor, events GET /payments-by-cursor, /payment-events-by-cursor
//   transactions   GET /payments/{id}/transactions
//   certification  GET /certifications/{id}; /identity-verifications/{id}
//   cancel, prepare, resend   what changes something
inline constexpr std::array<std::string_view, 12> kPlaces{
    "login",  "single",       "batch",         "order",  "list",    "cursor",
    "events", "transactions", "certification", "cancel", "prepare", "resend"};

using Captures = std::vector<std::string>;
struct Route {
  std::string_view method;
  std::string_view pattern;  // "/payments/{}/cancel"
  std::string_view place;
  bool open;  // needs no credential
  Reply (*handle)(World& world, const Call& call, const Captures& ids);
};

struct Endpoint {
  Api api = Api::kV1;
  const Route* route = nullptr;  // null: no such endpoint
  Captures ids;
  [[nodiscard]] std::string label() const;  // "v1 GET /payments/{}"
};

[[nodiscard]] Endpoint find_endpoint(const Call& call);
// What the call is about: the ids in its path, query and body, and what belongs to them.
[[nodiscard]] Asked asked_of(const World& world, const Call& call, const Endpoint& endpoint);
// Checks the credential and answers.
[[nodiscard]] Reply answer(World& world, const Call& call, const Endpoint& endpoint);

[[nodiscard]] const std::vector<Route>& v1_routes();
[[nodiscard]] const std::vector<Route>& v2_routes();

// V1: calls that change something (rest_v1_writes.cpp).
Reply v1_get_token(World& world, const Call& call, const Captures& ids);
Reply v1_cancel(World& world, const Call& call, const Captures& ids);
Reply v1_prepare(World& world, const Call& call, const Captures& ids);
Reply v1_change_prepared(World& world, const Call& call, const Captures& ids);
Reply v1_get_prepared(World& world, const Call& call, const Captures& ids);

// V2: lists (rest_v2_lists.cpp) and calls that change something (rest_v2_writes.cpp).
Reply v2_list(World& world, const Call& call, const Captures& ids);
Reply v2_list_by_cursor(World& world, const Call& call, const Captures& ids);
Reply v2_events_by_cursor(World& world, const Call& call, const Captures& ids);
Reply v2_login(World& world, const Call& call, const Captures& ids);
Reply v2_refresh(World& world, const Call& call, const Captures& ids);
Reply v2_cancel(World& world, const Call& call, const Captures& ids);
Reply v2_resend_webhook(World& world, const Call& call, const Captures& ids);
Reply v2_pre_register(World& world, const Call& call, const Captures& ids);

// The attempts of a payment in one store (empty: our own). V2 sees nothing of the others.
[[nodiscard]] std::vector<Attempt> v2_visible(World& world, const std::string& payment_id,
                                              const std::string& store_id);
[[nodiscard]] Reply v2_payment_not_found();
// A Payment with PortOne's record of the attempt's webhooks.
[[nodiscard]] Json v2_recorded_payment(const World& world, const Attempt& attempt);
// That record; absent where there is none.
void add_webhooks(const World& world, const Attempt& attempt, Json& body);
// Whether `store_id` is given and not ours.
[[nodiscard]] bool foreign_store(const World& world, const std::string& store_id);

}  // namespace reconciled::sandbox
