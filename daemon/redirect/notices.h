// The redirect listener's pages about no payment: errors, and returns from flows that pay nothing.
//
// They look like the waiting page and name whom to turn to. Pure; made once, any thread.
#pragma once

#include <string_view>

#include "daemon/core/messages/evidence.h"
#include "daemon/http/exchange.h"
#include "daemon/redirect/page_frame.h"

namespace reconciled {

class Notices {
 public:
  explicit Notices(Shop shop) : shop_(std::move(shop)) {}

  // 503: the database is away, or too many came.
  [[nodiscard]] http::Response unavailable(Language language) const;
  // 400: an address without a payment's ids.
  [[nodiscard]] http::Response no_order(Language language) const;
  // 404: a token that is too old, forged or broken; as JSON where no page is wanted.
  [[nodiscard]] http::Response expired(Language language, bool wants_page) const;
  // 404 and 405 of addresses and methods that nobody serves.
  [[nodiscard]] http::Response no_page(Language language, int status) const;
  // 200: a payment method was registered, somebody was identified, or not.
  [[nodiscard]] http::Response other_flow(Language language, core::EventKind kind,
                                          bool has_failed) const;
  // HEAD names no visit, and whoever previews links is no buyer: nothing is stored or promised.
  [[nodiscard]] http::Response head_only(Language language) const;

 private:
  [[nodiscard]] http::Response notice(int status, Language language, Face face, Said title,
                                      Said text) const;

  Shop shop_;
};

}  // namespace reconciled
