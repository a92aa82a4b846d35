// Puts the reconciler's questions to PortOne, over whichever API they belong to.
//
// One Asker belongs to one look-up thread. It decides nothing and stores nothing: answers come back
// as reports. One odd attempt among many is reported alone, and a side question adds to the main
// answer and never vetoes it (interface §1.1).
#pragma once

#include <map>
#include <memory>
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
  // `tokens` is null where V1 is not configured. `watch` sees how every call ended.
  Asker(const core::Config& config, std::shared_ptr<V1Tokens> tokens, AccessWatch& watch,
        const Clock& clock, Metrics& metrics);

  // How many questions of that kind may be asked at once.
  [[nodiscard]] static std::size_t batch_size(storage::QuestionKind kind);

  // Answers the questions, all of one kind and at most batch_size of them, in their order. The
  // reports' `events` are left empty.
  [[nodiscard]] std::vector<storage::LookupReport> ask(
      const std::vector<storage::Question>& questions);

  // Walks PortOne's list of what changed in that time; `take` gets each page with what in it cannot
  // be read, and a row may come twice. The fault that cut it short, if one did: then something may
  // be missing. See walk.h.
  using Take = portone::Take;
  [[nodiscard]] std::optional<LookupFault> walk(core::Api api, core::Time from, core::Time until,
                                                const Take& take);

  // Ends a call in flight, and every later one at once; any thread.
  void abort();

 private:
  // What is known of one attempt after the calls about it: nothing at all is "unknown to PortOne".
  struct AttemptAnswer {
    std::optional<core::Snapshot> snapshot;
    std::optional<LookupFault> fault;
  };
  using AttemptAnswers = std::map<std::string, AttemptAnswer>;

  [[nodiscard]] std::vector<storage::LookupReport> ask_attempts(
      const std::vector<storage::Question>& questions);
  [[nodiscard]] AttemptAnswers ask_in_batches(const std::vector<std::string>& ids);
  [[nodiscard]] std::vector<std::string> sort_batch(const std::vector<std::string>& asked,
                                                    const core::V1List& list,
                                                    AttemptAnswers& answers);
  [[nodiscard]] storage::LookupReport ask_order(const storage::Question& question);
  [[nodiscard]] storage::LookupReport ask_v2(const storage::Question& question);
  void add_other_attempts(storage::LookupReport& report);
  [[nodiscard]] std::optional<LookupFault> find_by_order(storage::LookupReport& report);
  void explain_unknown(storage::LookupReport& report);
  void name_unreadable(core::Api api, UnreadableWhere where, storage::LookupReport& report,
                       const std::vector<core::UnreadableRow>& rows);
  void take_fault(core::Api api, storage::LookupReport& report, const LookupFault& fault,
                  UnreadableWhere where = UnreadableWhere::kPayment);
  void note(core::Api api, const storage::LookupReport& report, const LookupFault* fault);

  std::shared_ptr<V1Tokens> tokens_;
  std::optional<V1Client> v1_;
  std::optional<V2Client> v2_;
  AccessWatch& watch_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace reconciled::portone
