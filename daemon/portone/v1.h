// PortOne V1 over REST (dossier §3.1): attempts by imp_uid, all attempts of an order, and the
// lists.
//
// A V1Client belongs to one look-up thread; the token is shared by all of them. An answer about
// something else than was asked is never taken: it is unreadable.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/v1_tokens.h"
#include "daemon/portone/walk.h"
#include "daemon/runtime/clock.h"

namespace reconciled::portone {

class V1Client {
 public:
  // `sandbox`: this daemon takes test-channel payments, which PortOne hides otherwise.
  V1Client(const core::PortoneV1Config& config, V1Tokens& tokens, AccessWatch& watch,
           const Clock& clock, bool sandbox);

  static constexpr std::size_t kMaxBatch = 100;
  // The attempts that PortOne knows of `imp_uids` (1..kMaxBatch). One that is in neither list of
  // the answer is unknown to PortOne, unless a row of it has no name. A single one that cannot be
  // read is a fault.
  [[nodiscard]] Asked<core::V1List> attempts(const std::vector<std::string>& imp_uids);

  // All attempts of an order, all pages; empty where PortOne knows none.
  struct Order {
    std::vector<core::Snapshot> snapshots;
    std::vector<core::UnreadableRow> unreadable;  // also what stands behind the last page walked
    std::optional<LookupFault> cut_short;         // a page after the first could not be had
  };
  [[nodiscard]] Asked<Order> order(const std::string& merchant_uid);

  // Whether the id is an identity verification's: it looks like a payment's (dossier §6).
  [[nodiscard]] Asked<bool> is_certification(const std::string& imp_uid);
  // Walks the payments whose present status came about in [from, until] (see walk.h).
  [[nodiscard]] std::optional<LookupFault> walk(core::Time from, core::Time until,
                                                const Take& take);

  // Ends a call in flight and every later one; any thread.
  void abort() { client_.abort(); }
  [[nodiscard]] bool is_aborted() const { return client_.is_aborted(); }

 private:
  [[nodiscard]] Asked<http::ClientResponse> get(const std::string& target);
  [[nodiscard]] Asked<http::ClientResponse> get_with(const std::string& target,
                                                     const std::string& token);
  [[nodiscard]] Asked<core::V1List> list(const std::string& target);
  [[nodiscard]] Asked<ListedPage> status_page(core::Time from, core::Time until, int number);
  [[nodiscard]] LookupFault fault(const core::AnswerError& error,
                                  const http::ClientResponse& response);

  http::Client client_;
  V1Tokens& tokens_;
  AccessWatch& watch_;
  const Clock& clock_;
  std::string tier_;
  bool sandbox_;
};

}  // namespace reconciled::portone
