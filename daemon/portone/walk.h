// Walking a list of PortOne's to its end without losing a row.
//
// What one answer lists is the list of one moment; what two pages list is not: a payment whose
// status changes leaves its place, the rows behind it move up, and the next page skips one. So a
// window of time is read as *one* page, and one that holds more is cut into shorter ones, the
// oldest first: a payment that moves, moves to a later time, into a window that is still to be read
// or into the next walk. Pages are turned only within a second that cannot be cut, and again from
// the start where the count changed meanwhile. Some windows are asked for at once, but never one that
// what changes now can move into while an older one is still to be read. A list ends where it says so, or where the page
// behind it is empty; one that never ends, or does not get shorter with its window, is a fault.
// Used by V1Client and V2Client.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/words/time.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/list_page.h"
#include "daemon/portone/task.h"

namespace reconciled::portone {

// Gets each page, and is waited for; a row may come twice.
using Take = std::function<Task<void>(const ListPage&)>;

struct ListedPage {
  ListPage page;
  std::optional<bool> has_next;
  std::optional<std::int64_t> total;
};

struct WalkRules {
  std::size_t page_size = 0;
  int max_pages = 0;                     // that PortOne turns
  std::chrono::milliseconds shortest{};  // a window that is not cut any more
  core::Time now{};                      // by the clock that the list goes by
  // Page `number` (from 0) of what lies in [from, until]; an empty one where it is beyond the end.
  std::function<Task<Asked<ListedPage>>(core::Time from, core::Time until, int number)> ask;
};

// Walks [from, until], in windows of 30 days at most. The fault that cut it short, if one did: what
// was taken until then is good, and the walk is not complete.
Task<std::optional<LookupFault>> walk_list(WalkRules rules, core::Time from, core::Time until,
                                           Take take);

}  // namespace reconciled::portone
