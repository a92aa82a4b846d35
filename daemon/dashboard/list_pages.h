// Lists of payments and findings, what a search found, and the sign-in form. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/dashboard/frame.h"
#include "storage/reader.h"

namespace reconciled::dashboard {

// What a list of payments is asked for, as its address says it.
struct ListWish {
  std::optional<core::Result> result;
  std::string day;  // "2026-11-22"; empty: any
  std::optional<std::int64_t> cursor;
};
[[nodiscard]] http::Response render_payments(const View& view, const ListWish& wish,
                                             const storage::Page<storage::PaymentView>& list);

[[nodiscard]] http::Response render_findings(const View& view,
                                             std::optional<core::FindingKind> kind,
                                             const storage::Page<storage::FindingView>& list);

[[nodiscard]] http::Response render_found(const View& view,
                                          const std::vector<storage::PaymentView>& found);

enum class SignInFault { kNone, kWrong, kTooMany, kFormOver };
// `back`: the page of ours that it leads to.
[[nodiscard]] http::Response render_sign_in(const View& view, SignInFault fault,
                                            const std::string& back = "/");

}  // namespace reconciled::dashboard
