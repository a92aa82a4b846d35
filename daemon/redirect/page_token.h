// The token of a waiting page: which redirect it belongs to, and until when (interface §5).
//
// Unguessable because it is signed with a key that the database keeps, so it also survives a
// restart. Pure but for the key; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/time.h"

namespace reconciled {

class PageTokens {
 public:
  explicit PageTokens(std::string key) : key_(std::move(key)) {}

  // Good for `kLife` from `now`.
  static constexpr std::chrono::minutes kLife{30};
  [[nodiscard]] std::string make(core::EventId redirect, core::Time now) const;
  struct Meaning {
    core::EventId redirect;
    core::Time expires{};
  };
  // Nothing where the token is forged, broken or too old.
  [[nodiscard]] std::optional<Meaning> read(std::string_view token, core::Time now) const;

 private:
  [[nodiscard]] std::string seal(std::string_view payload) const;
  std::string key_;
};

}  // namespace reconciled
