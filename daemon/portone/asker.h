// Puts the reconciler's questions to PortOne, over whichever API they belong to.
//
// One Asker belongs to one look-up thread. It decides nothing and stores nothing: answers come back
// as reports.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/portone/v1.h"
#include "daemon/portone/v2.h"
#include "storage/records.h"

namespace reconciled::portone {

class Asker {
 public:
  // `tokens` is null where V1 is not configured.
  Asker(const core::Config& config, std::shared_ptr<V1Tokens> tokens, const Clock& clock,
        Metrics& metrics);

  // How many questions of that kind may be asked at once.
  [[nodiscard]] static std::size_t batch_size(storage::QuestionKind kind);

  // Answers the questions, all of one kind and at most batch_size of them, in their order. The
  // reports' `events` are left empty.
  [[nodiscard]] std::vector<storage::LookupReport> ask(
      const std::vector<storage::Question>& questions);

  // Walks PortOne's list of what changed in that time; `take` gets each page. The fault that cut it
  // short, if one did.
  using Take = std::function<void(const std::vector<core::Snapshot>&)>;
  [[nodiscard]] std::optional<LookupFault> walk(core::Api api, core::Time from, core::Time until,
                                                const Take& take);

  // Ends a call in flight; any thread.
  void abort();

 private:
  [[nodiscard]] std::vector<storage::LookupReport> ask_attempts(
      const std::vector<storage::Question>& questions);
  [[nodiscard]] storage::LookupReport ask_order(const storage::Question& question);
  [[nodiscard]] storage::LookupReport ask_v2(const storage::Question& question);
  [[nodiscard]] std::optional<LookupFault> add_other_attempts(
      const storage::Question& question, std::vector<core::Snapshot>& snapshots);
  [[nodiscard]] std::vector<core::Snapshot> find_by_order(const storage::Question& question);
  void explain_unknown(storage::LookupReport& report);
  void note(core::Api api, core::Time began, const storage::LookupReport& report,
            const LookupFault* fault);

  std::shared_ptr<V1Tokens> tokens_;
  std::optional<V1Client> v1_;
  std::optional<V2Client> v2_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace reconciled::portone
