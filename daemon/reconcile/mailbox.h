// What reaches the reconciler from other threads between two of its rounds, and what wakes it.
//
// The writer's thread, PortOne's and the listeners' put things in; the reconciler's takes all at
// once. Never waits, but in `wait`. Bounded: what does not fit is found again in the inbox.
#pragma once

#include <condition_variable>
#include <deque>
#include <vector>

#include "daemon/runtime/lock_guarded.h"
#include "storage/writer.h"

namespace reconciled {

class Mailbox {
 public:
  struct Mail {
    std::deque<storage::CommitNotice::Pending> events;
    std::vector<core::PaymentId> payments;
    std::vector<storage::Question> questions;
    std::vector<storage::Question> unwritten;  // their answers could not be written
    std::vector<storage::Question> unknown;  // that only redirects named, and PortOne does not know
    std::vector<core::EventId> unanswered;   // that only redirects brought: no plan asks again
    bool overflowed = false;                 // of events
  };

  void put_events(const std::vector<storage::CommitNotice::Pending>& events);
  void put_payment(const core::PaymentId& payment_id);
  void put_question(const storage::Question& question);
  void put_unwritten(const storage::Question& question);
  // What only a redirect asked: an unknown is believed for a while, a failure is asked again later.
  void put_for_redirect(const storage::LookupReport& report);
  void wake();

  [[nodiscard]] Mail take();
  // Until something was put in since the last `take`, or somebody woke it.
  void wait(std::chrono::milliseconds at_most);

 private:
  struct State {
    Mail mail;
    bool is_awake = false;
  };
  LockGuarded<State> state_;
  std::condition_variable wake_;
};

}  // namespace reconciled
