// Which calls a fault touches, and how many of them: the selector that all REST faults share.
//
// Plain values; `draw` is called under the lock of whoever keeps the fault.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/sandbox/call.h"

namespace reconciled::sandbox {

struct Reach {
  std::vector<std::string> where;  // "list", "v1", "v2 single"; empty: everywhere
  std::string match;               // only targets that contain it
  std::string payment;             // a payment or attempt id; empty: any
  int skip = 0;                    // how many calls go by first
  std::optional<int> count;        // how many are touched then; absent: until cleared

  // Whether the call is at one of the places; the payment is not looked at.
  [[nodiscard]] bool is_at(const Call& call) const {
    if (call.target.find(match) == std::string::npos) return false;
    const Asked& asked = call.asked;
    return where.empty() || std::any_of(where.begin(), where.end(), [&](const std::string& word) {
             return word == asked.place || word == asked.api ||
                    word == asked.api + " " + asked.place;
           });
  }
  // Whether the call is at one of the places and names the payment.
  [[nodiscard]] bool touches(const Call& call) const {
    const std::vector<std::string>& names = call.asked.names;
    return is_at(call) &&
           (payment.empty() || std::find(names.begin(), names.end(), payment) != names.end());
  }
  // Counts one call off; whether it is to be touched.
  bool draw() {
    if (skip > 0) {
      --skip;
      return false;
    }
    if (count) --*count;
    return true;
  }
  [[nodiscard]] bool spent() const { return count && *count <= 0; }
};

}  // namespace reconciled::sandbox
