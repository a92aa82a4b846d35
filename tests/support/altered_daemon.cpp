// `reconciled serve` with a writer altered: for benchmarks, and for tests of the tests.
//
// usage: altered-daemon [OPTION...] --config FILE serve
//   --one-a-commit      every unit of work is a transaction of its own
//   --complete-early    acknowledges before the commit, which is what never may happen
//   --hurry             people are told in seconds, not minutes
//   --die-on ID         deciding on this payment kills the process
//   --die-on-answer ID  the same, once PortOne's answer about it is among the evidence
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/commands/commands.h"
#include "daemon/commands/serve.h"

namespace {

using reconciled::core::Decision;
using reconciled::core::DecisionPolicy;
using reconciled::core::PaymentEvidence;

std::function<Decision(const PaymentEvidence&, const DecisionPolicy&)> dying_on(
    const std::string& payment_id, bool only_with_answers) {
  return [payment_id, only_with_answers](const PaymentEvidence& evidence,
                                         const DecisionPolicy& policy) {
    const bool is_guilty = evidence.payment_id.str() == payment_id &&
                           !(only_with_answers && evidence.snapshots.empty());
    if (is_guilty) ::raise(SIGKILL);
    return reconciled::core::decide(evidence, policy);
  };
}

// A minute is a second.
reconciled::alert::Timing hurried() {
  using namespace std::chrono_literals;
  return {.gather = 500ms,
          .gap = 2s,
          .settle = 10s,
          .more = 6min,
          .second_hold = 4s,
          .third_hold = 15s,
          .day = 24min,
          .retry = 200ms,
          .beat = 1s};
}

}  // namespace

int main(int argc, char** argv) {
  reconciled::storage::WriterOptions writer;
  reconciled::alert::Timing timing;
  std::string config_path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--one-a-commit") writer.max_batch = 1;
    if (argument == "--complete-early") writer.completes_early = true;
    if (argument == "--hurry") timing = hurried();
    if (argument == "--die-on" && i + 1 < argc) writer.decide = dying_on(argv[++i], false);
    if (argument == "--die-on-answer" && i + 1 < argc) writer.decide = dying_on(argv[++i], true);
    if (argument == "--config" && i + 1 < argc) config_path = argv[++i];
  }
  auto config = reconciled::commands::load_config(config_path);
  if (!config) return EXIT_FAILURE;
  try {
    return reconciled::commands::serve(std::move(*config), config_path, std::move(writer),
                                       timing);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "altered-daemon: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
