// A page of one of PortOne's lists, as it was read.
#pragma once

#include <vector>

#include "daemon/core/messages/portone_answer.h"

namespace reconciled::portone {

struct ListPage {
  std::vector<core::Snapshot> snapshots;
  std::vector<core::UnreadableRow> unreadable;
  [[nodiscard]] std::size_t rows() const { return snapshots.size() + unreadable.size(); }
};

}  // namespace reconciled::portone
