// PortOne V2 over REST (dossier §3.2): one payment by its id, its attempts, and the lists.
//
// Belongs to the loop's thread. An answer about something else than was asked is never taken: it is
// unreadable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/core/messages/webhook_record.h"
#include "daemon/portone/calls.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/task.h"
#include "daemon/portone/walk.h"

namespace reconciled::portone {

class V2Client {
 public:
  // With `own_only` the lists leave out V1's payments: V1's own lists tell of them.
  V2Client(const core::PortoneV2Config& config, Calls& calls, bool own_only);

  // PortOne's answer about the payment; nothing where it knows none.
  Task<Asked<std::optional<core::Snapshot>>> payment(std::string payment_id);

  // Registers the payment's amount before its window opens. The last one counts, so that making the
  // same call twice is as good as once.
  Task<Asked<core::PreregistrationReply>> preregister(core::PaymentId payment_id, core::Money money);

  // All attempts of the payment that can be read, and those that cannot; none where PortOne knows
  // none.
  Task<Asked<core::V2List>> transactions(std::string payment_id);

  // Turns the pages of what changed in [from, until], the oldest first, as long as `take` wants more,
  // and kMostTurned at most. What moves meanwhile may be missing.
  using TakeSome = std::function<bool(const ListPage&)>;
  static constexpr int kMostTurned = 16;
  Task<std::optional<LookupFault>> turn_pages(core::Time from, core::Time until, TakeSome take);

  // Walks the payments whose status changed in [from, until] (see walk.h). Where PortOne refuses
  // that list or it cannot be read, `take` gets the one by creation too, which is unstable and does
  // not show what was begun earlier: the walk then still ends with the first one's fault, which
  // says so. `now` is PortOne's.
  Task<std::optional<LookupFault>> walk(core::Time from, core::Time until, core::Time now, Take take);

  // Page `number` (from 0) of the test channel's payments whose status changed in [from, until], the
  // newest first, with what PortOne keeps of their webhooks.
  static constexpr int kWebhookPageSize = 100;
  Task<Asked<core::WebhookPage>> webhooks(core::Time from, core::Time until, int number);

 private:
  using Reader = core::Outcome<core::V2List, core::AnswerError> (*)(int, std::string_view,
                                                                    core::Time);
  Task<Asked<http::ClientResponse>> get(std::string target);
  Task<Asked<http::ClientResponse>> send(http::ClientRequest request);
  Task<Asked<core::V2List>> list(std::string target, Reader read);
  Task<Asked<ListedPage>> page(core::Time from, core::Time until, int number);
  Task<std::optional<LookupFault>> walk_by_cursor(core::Time from, core::Time until,
                                                          Take take);

  Calls& calls_;
  std::string authorization_;
  std::string store_id_;
  bool own_only_;
};

}  // namespace reconciled::portone
