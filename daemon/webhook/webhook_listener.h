// The webhook listener: takes PortOne's deliveries and confirm calls in (interface §4).
//
// Handlers run on the edge's loops: they verify and classify, hand the event to the writer, and let
// the edge hold the answer until the commit is on disk. They never wait.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "daemon/core/config/config.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/webhook.h"
#include "daemon/core/words/address.h"
#include "daemon/http/edge.h"
#include "daemon/http/router.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/timers.h"
#include "daemon/runtime/warnings.h"
#include "daemon/webhook/webhook_watch.h"
#include "storage/writer.h"

namespace reconciled {

class WebhookListener {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    storage::Writer& writer;
    Metrics& metrics;
    Warnings& warnings;
    Timers& timers;
  };

  explicit WebhookListener(const Uses& uses);

  // Adds the routes of `path` and `confirm_path`. The listener must outlive the router's use.
  void add_routes(http::Router& router);

  // Keeps what the edge refused by itself below this listener; any thread.
  void note_refusal(const http::EdgeRefusal& refusal);

  // Takes over secrets and allow-lists; any thread, requests in flight keep the old ones.
  void reload(const core::Config& config);

 private:
  struct Trust {
    std::optional<core::SignatureVerifier> verifier;  // absent: V2 is not configured
    bool takes_v1 = false;
    core::AddressRanges source_ips;
    bool enforces_source = false;
  };
  // A delivery that is not taken: what to answer, and what to keep of it.
  struct Refusal {
    int status;
    EventOutcome outcome;
    std::string reason;
    std::string text;  // one line for the sender
    std::optional<core::Api> api;
  };
  using Verified = core::Outcome<core::Event, Refusal>;

  // `may_charge`: at the confirm path, where a plain 200 charges the buyer.
  [[nodiscard]] http::Answer receive(const http::Request& request, bool may_charge);
  [[nodiscard]] Verified verify(const http::Request& request, const Trust& trust);
  [[nodiscard]] std::optional<Refusal> check_signature(const http::Request& request,
                                                       const Trust& trust);
  [[nodiscard]] http::Answer refuse(const http::Request& request, const Refusal& refusal);
  // Counts a refused delivery and keeps it for people.
  void note(const http::Request& request, const Refusal& refusal);
  [[nodiscard]] bool may_note(core::Time now);
  [[nodiscard]] http::Answer store(storage::NewEvent event);
  [[nodiscard]] http::Answer confirm(storage::NewEvent question);
  void keep_refusal(const core::Outcome<storage::Confirmed, storage::WriteFailure>& outcome);
  [[nodiscard]] std::shared_ptr<const Trust> trust() const;

  const Uses uses_;
  WebhookWatch watch_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Trust> trust_;
  core::Time noted_since_{};  // refused deliveries, and how many since then
  int noted_ = 0;
};

}  // namespace reconciled
