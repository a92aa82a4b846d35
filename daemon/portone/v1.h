// PortOne V1 over REST (dossier §3.1): the token, attempts by imp_uid, and all attempts of an order.
//
// A V1Client belongs to one look-up thread; the token is shared by all of them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/clock.h"
#include "daemon/core/config.h"
#include "daemon/portone/fault.h"

namespace reconciled::portone {

// The access token, asked for once and used by every thread until shortly before it expires. Life
// is computed from `expired_at - now` of the answer, so that our clock may be wrong.
class V1Tokens {
 public:
  V1Tokens(core::PortoneV1Config config, const Clock& clock);

  // The token, by logging in through `client` where none is held. Threads that need one meanwhile
  // wait for that one login.
  [[nodiscard]] Asked<std::string> get(http::Client& client);
  // PortOne refused `token`: the next `get` logs in anew, unless somebody already has.
  void refused(const std::string& token);

 private:
  core::PortoneV1Config config_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  core::Time good_until_{};
};

class V1Client {
 public:
  // `sandbox`: this daemon takes test-channel payments, which PortOne hides otherwise.
  V1Client(const core::PortoneV1Config& config, V1Tokens& tokens, const Clock& clock,
           bool sandbox);

  static constexpr std::size_t kMaxBatch = 100;
  // The attempts that PortOne knows of `attempts` (1..kMaxBatch); one that is missing in the
  // answer is unknown to PortOne.
  [[nodiscard]] Asked<std::vector<core::Snapshot>> attempts(
      const std::vector<std::string>& imp_uids);
  // All attempts of an order, all pages; empty where PortOne knows none.
  [[nodiscard]] Asked<std::vector<core::Snapshot>> order(const std::string& merchant_uid);

  // Whether the id is an identity verification's: it looks like a payment's (dossier §6).
  [[nodiscard]] Asked<bool> is_certification(const std::string& imp_uid);
  // Walks the payments whose present status came about in [from, until], page by page.
  [[nodiscard]] std::optional<LookupFault> walk(
      core::Time from, core::Time until,
      const std::function<void(const std::vector<core::Snapshot>&)>& take);

  void abort() { client_.abort(); }

 private:
  [[nodiscard]] Asked<http::ClientResponse> get(const std::string& target);
  [[nodiscard]] Asked<http::ClientResponse> get_with(const std::string& target,
                                                     const std::string& token);

  http::Client client_;
  V1Tokens& tokens_;
  const Clock& clock_;
  std::string tier_;
  bool sandbox_;
};

}  // namespace reconciled::portone
