// PortOne V1 over REST (dossier §3.1): attempts by imp_uid, all attempts of an order, and the
// lists.
//
// Belongs to the loop's thread. An answer about something else than was asked is never taken: it is
// unreadable.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/core/messages/webhook_record.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/calls.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/task.h"
#include "daemon/portone/v1_tokens.h"
#include "daemon/portone/walk.h"

namespace reconciled::portone {

class V1Client {
 public:
  // `sandbox`: this daemon takes test-channel payments, which PortOne hides otherwise.
  V1Client(const core::PortoneV1Config& config, Calls& calls, AccessWatch& watch, bool sandbox);

  static constexpr std::size_t kMaxBatch = 100;
  // The attempts that PortOne knows of `imp_uids` (1..kMaxBatch). One that is in neither list of
  // the answer is unknown to PortOne, unless a row of it has no name. A single one that cannot be
  // read is a fault.
  Task<Asked<core::V1List>> attempts(std::vector<std::string> imp_uids);

  // All attempts of an order, all pages; empty where PortOne knows none.
  struct Order {
    std::vector<core::Snapshot> snapshots;
    std::vector<core::UnreadableRow> unreadable;  // also what stands behind the last page walked
    std::optional<LookupFault> cut_short;         // a page after the first could not be had
  };
  Task<Asked<Order>> order(std::string merchant_uid);

  // Prepares the order's payment with that amount, whether or not it was prepared before. Making the
  // same call twice is as good as once: a second POST is refused by PortOne, and a PUT says the whole.
  Task<Asked<core::PreregistrationReply>> prepare(core::PaymentId merchant_uid, core::Money money);

  // Whether the id is an identity verification's: it looks like a payment's (dossier §6).
  Task<Asked<bool>> is_certification(std::string imp_uid);
  // Walks the payments whose present status came about in [from, until] (see walk.h). `now` is
  // PortOne's.
  Task<std::optional<LookupFault>> walk(core::Time from, core::Time until, core::Time now, Take take);

  // Page `number` (from 0) of the payments whose present status came about in [from, until], the
  // newest first: which webhooks PortOne sends about those of the test channel.
  static constexpr int kWebhookPageSize = 100;
  Task<Asked<core::WebhookPage>> webhooks(core::Time from, core::Time until, int number);

 private:
  Task<Asked<http::ClientResponse>> get(std::string target);
  Task<Asked<http::ClientResponse>> send(http::ClientRequest request);
  Task<Asked<http::ClientResponse>> send_with(http::ClientRequest request, std::string token);
  Task<Asked<core::PreregistrationReply>> prepare_by(const char* method, core::PaymentId merchant_uid,
                                                     core::Money money);
  Task<Asked<core::V1List>> list(std::string target);
  Task<Asked<ListedPage>> status_page(core::Time from, core::Time until, int number);

  Calls& calls_;
  V1Tokens tokens_;
  std::string tier_;
  bool sandbox_;
};

}  // namespace reconciled::portone
