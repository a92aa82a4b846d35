// Puts the reconciler's questions to PortOne, over whichever API they belong to.
//
// Belongs to the loop's thread, and may be asked many things at once; it must outlive its tasks. It
// decides nothing and stores nothing: answers come back as reports. One odd attempt among many is
// reported alone, and a side question adds to the main answer and never vetoes it (interface §1.1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/portone/v1.h"
#include "daemon/portone/v2.h"
#include "daemon/runtime/metrics.h"
#include "storage/records.h"

namespace reconciled::portone {

class Asker {
 public:
  // What outlives it, and any other that is made of a later configuration.
  struct World {
    http::ClientLoop& loop;
    AccessWatch& watch;  // sees how every call ended
    http::InFlightLimit& v1_limit;
    http::InFlightLimit& v2_limit;
    const Clock& clock;
    Metrics& metrics;
  };
  Asker(const core::Config& config, const World& world);
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // How many questions of that kind may be asked at once.
  [[nodiscard]] static std::size_t batch_size(storage::QuestionKind kind);

  // Answers the questions, all of one kind and at most batch_size of them, in their order. The
  // reports' `events` are left empty.
  Task<std::vector<storage::LookupReport>> ask(std::vector<storage::Question> questions);

  // Tells PortOne of an order.
  Task<storage::PreregistrationReport> preregister(storage::Preregistration order);

  // Walks PortOne's list of what changed in that time; `take` gets each page with what in it cannot
  // be read, and a row may come twice. The fault that cut it short, if one did: then something may
  // be missing. See walk.h.
  using Take = portone::Take;
  Task<std::optional<LookupFault>> walk(core::Api api, core::Time from, core::Time until,
                                        Take take);
  // Turns pages of V2's list of what changed in that time, the oldest first, as long as `take` wants
  // more. What moves meanwhile may be missing.
  Task<std::optional<LookupFault>> turn_v2_pages(core::Time from, core::Time until,
                                                 V2Client::TakeSome take);

 private:
  static constexpr const char* kNotConfigured = "this API is not configured";

  // What is known of one attempt after the calls about it: nothing at all is "unknown to PortOne".
  struct AttemptAnswer {
    std::optional<core::Snapshot> snapshot;
    std::optional<LookupFault> fault;
  };
  using AttemptAnswers = std::map<std::string, AttemptAnswer>;

  Task<std::vector<storage::LookupReport>> ask_attempts(std::vector<storage::Question> questions);
  Task<AttemptAnswers> ask_in_batches(std::vector<std::string> ids);
  [[nodiscard]] std::vector<std::string> sort_batch(const std::vector<std::string>& asked,
                                                    const core::V1List& list,
                                                    AttemptAnswers& answers);
  Task<storage::LookupReport> ask_order(storage::Question question);
  Task<storage::LookupReport> ask_v2(storage::Question question);
  // These add to the report of the caller's, which waits for them.
  Task<void> add_other_attempts(storage::LookupReport& report);
  Task<std::optional<LookupFault>> find_by_order(storage::LookupReport& report);
  Task<void> explain_unknown(storage::LookupReport& report);
  void name_unreadable(core::Api api, UnreadableWhere where, storage::LookupReport& report,
                       const std::vector<core::UnreadableRow>& rows);
  void take_fault(core::Api api, storage::LookupReport& report, const LookupFault& fault,
                  UnreadableWhere where = UnreadableWhere::kPayment);
  void note(core::Api api, const storage::LookupReport& report, const LookupFault* fault);

  std::optional<Calls> v1_calls_;
  std::optional<Calls> v2_calls_;
  std::optional<V1Client> v1_;
  std::optional<V2Client> v2_;
  AccessWatch& watch_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace reconciled::portone
