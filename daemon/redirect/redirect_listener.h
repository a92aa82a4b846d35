// The redirect listener: where the buyer's browser comes back to (interface §5).
//
// Stores what the query says, which moves `ui_state` and nothing else (promise 3), and shows what
// PortOne's answers say. Handlers run on the edge's loops; storing and reading are held.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/config/config.h"
#include "daemon/http/router.h"
#include "daemon/redirect/notices.h"
#include "daemon/redirect/page_token.h"
#include "daemon/redirect/waiting_page.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lookup_requests.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/reader_pool.h"
#include "storage/writer.h"

namespace reconciled {

class RedirectListener {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    storage::Writer& writer;
    ReaderPool& readers;
    LookupRequests& lookups;
    Metrics& metrics;
  };

  // `page_key`: the secret that page tokens are sealed with.
  RedirectListener(const Uses& uses, std::string page_key);

  // Adds the routes of `path`; the listener must outlive the router's use.
  void add_routes(http::Router& router);

 private:
  struct Visit {
    core::EventId redirect;
    Language language;
    bool wants_page = true;  // else the status as JSON
    std::string token;       // that the page goes on with
    core::Time expires{};    // by the paced clock
  };
  [[nodiscard]] http::Answer receive(const http::Request& request);
  [[nodiscard]] http::Answer status(const http::Request& request);
  [[nodiscard]] std::optional<http::Response> page_of_its_own(const http::Request& request,
                                                              std::string_view form,
                                                              const core::Event& event) const;
  // Reads the payment and ends the exchange with the page, the status or a 303.
  void show(const Visit& visit, const http::Completion& complete);
  [[nodiscard]] Visit visit_of(core::EventId redirect, Language language) const;
  [[nodiscard]] http::Response answer(const Visit& visit, const storage::RedirectFacts& facts);
  [[nodiscard]] WaitingPage page_of(const Visit& visit, const storage::RedirectFacts& facts,
                                    core::WaitingState state, bool is_given_up) const;
  void add_private(WaitingPage& content, const storage::RedirectFacts& facts) const;
  [[nodiscard]] std::string next_url(core::WaitingState state,
                                     const storage::RedirectFacts& facts) const;
  [[nodiscard]] static std::string filled_in(std::string url, const storage::RedirectFacts& facts);
  void hasten(const storage::RedirectFacts& facts, core::WaitingState state);

  const Uses uses_;
  const core::RedirectConfig& config_;
  const Shop shop_;
  const Notices notices_;
  const std::string status_path_;
  PageTokens tokens_;
};

}  // namespace reconciled
