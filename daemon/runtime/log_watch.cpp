#include "daemon/runtime/log_watch.h"

#include <chrono>
#include <string>

#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

constexpr std::chrono::seconds kCalm{15};

}  // namespace

void LogWatch::look(core::Time now, std::uint64_t dropped, bool is_flowing) {
  const bool more = dropped > seen_;
  if (more) {
    if (!stands_) before_ = seen_;
    stands_ = true;
    calm_at_ = now + kCalm;
    warnings_.raise(WarningKind::kLog, "",
                    std::to_string(dropped - before_) +
                        " line(s) of the log were dropped: whoever reads standard error does not, "
                        "or its disk is full");
  }
  seen_ = dropped;
  if (more || !stands_ || now < calm_at_ || !is_flowing) return;
  stands_ = false;
  log_warn("log lines were dropped", {{"lines", dropped - before_}});
  warnings_.lower(WarningKind::kLog, "");
}

}  // namespace reconciled
