// What can be asked of PortOne.
//
// The reconciler and the sweep know this much of it; RestClient stands behind it, and tests stand in
// for it. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "daemon/portone/fault.h"
#include "daemon/portone/list_page.h"
#include "storage/records.h"

namespace reconciled::portone {

class PortOne {
 public:
  using Answered = std::function<void(std::vector<storage::LookupReport>)>;
  using TakePage = std::function<void(const ListPage&)>;

  PortOne() = default;
  PortOne(const PortOne&) = delete;
  PortOne& operator=(const PortOne&) = delete;
  virtual ~PortOne() = default;

  // How many dialogues with that API may be under way now.
  [[nodiscard]] virtual int limit(core::Api api) const = 0;
  // How many questions of that kind may be asked at once.
  [[nodiscard]] virtual std::size_t batch_size(storage::QuestionKind kind) const = 0;
  // Asks them, all of one kind and at most batch_size of them; `answered` gets a report for each in
  // their order, later and on another thread, and must not block. Their `events` and `number` are
  // left empty. False once it has stopped: nobody is answered.
  [[nodiscard]] virtual bool ask(std::vector<storage::Question> questions, Answered answered) = 0;
  // Lists what changed in V2 in that time, payment by payment as PortOne has it now, the oldest first:
  // `listed` gets what was read of these payments until enough was or a fault, on another thread, in
  // the order in which it was read. It tells nothing of what is not there. False once it has stopped.
  using PaymentIds = std::unordered_set<std::string>;
  using Listed = std::function<void(std::vector<core::Snapshot>)>;
  [[nodiscard]] virtual bool list_v2(core::Time from, core::Time until, PaymentIds of,
                                     Listed listed) = 0;
  // How many orders that API may be told of at once.
  [[nodiscard]] virtual int telling_limit(core::Api api) const = 0;
  // Tells PortOne of an order, so that its payment window opens for that amount alone; `told` hears
  // how PortOne took it, later and on another thread, and must not block. Whatever was told before
  // about the payment must have ended. False once it has stopped: nobody is told.
  using Told = std::function<void(storage::PreregistrationReport)>;
  [[nodiscard]] virtual bool preregister(storage::Preregistration order, Told told) = 0;
  // Walks PortOne's list of what changed in that time, and waits for its end: `take` gets each page
  // on the caller's thread, with what in it cannot be read, and a row may come twice. What `take`
  // throws ends the walk and comes out of it. The fault that cut it short, if one did: then something
  // may be missing. See walk.h.
  [[nodiscard]] virtual std::optional<LookupFault> walk(core::Api api, core::Time from,
                                                        core::Time until,
                                                        const TakePage& take) = 0;
};

}  // namespace reconciled::portone
