// What recipients know, as text that survives a restart (one value in the database).
//
// Pure. A recipient's key tells it by its URL, so that what an old URL was told is not taken for
// what a new one knows; nothing of the URL can be read from it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/alert/digest.h"
#include "daemon/core/config/alert_url.h"

namespace reconciled::alert {

[[nodiscard]] std::string key_of(const core::AlertUrl& url);

struct KeptDigest {
  std::map<Topic, Digest::Entry> entries;
  std::optional<core::Time> last_told;
};
using KeptDigests = std::map<std::string, KeptDigest>;  // by key

[[nodiscard]] KeptDigest kept(const Digest& digest);
[[nodiscard]] std::string to_text(const KeptDigests& digests);
// Text of another version, or none of ours, is as good as none.
[[nodiscard]] KeptDigests digests_from(std::string_view text);

}  // namespace reconciled::alert
