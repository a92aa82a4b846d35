// Sees whether webhooks are refused for a reason that lies with us: a secret that is not PortOne's,
// a clock that runs off, an API that the configuration does not have.
//
// Told by the webhook listener, on the edge's threads; raises and lowers its warnings. A good
// signature costs one look at a counter.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/states.h"
#include "daemon/runtime/timers.h"
#include "daemon/runtime/warnings.h"

namespace reconciled {

class WebhookWatch {
 public:
  using Now = std::chrono::steady_clock::time_point;

  WebhookWatch(Warnings& warnings, Timers& timers) : warnings_(warnings), timers_(timers) {}

  // A stretch of refusals with none good since becomes a warning: at the fifth, or at the first
  // that comes more than a minute after the stretch began.
  void signature_refused(core::SignatureVerdict verdict, Now now);
  void signature_good();

  // A webhook came for an API that is not configured. The warning ends when none came for ten
  // minutes, which a timer finds out, or when the API is there.
  void not_configured(core::Api api, Now now);
  void configured(core::Api api);
  void end_if_quiet(core::Api api, Now now);

 private:
  struct Unconfigured {
    bool is_raised = false;
    Now newest{};
  };

  void look_again(core::Api api, std::chrono::milliseconds delay);
  Unconfigured& of(core::Api api) { return unconfigured_[api == core::Api::kV1 ? 0 : 1]; }

  Warnings& warnings_;
  Timers& timers_;
  std::mutex mutex_;  // held while a warning is raised or lowered, so that their order is right
  std::atomic<int> refused_{0};  // signatures since the last good one
  Now refused_since_{};
  bool is_raised_ = false;
  std::array<Unconfigured, 2> unconfigured_;
};

}  // namespace reconciled
