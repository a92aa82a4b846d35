// What of a text may stand in a bug report: no secret, and nobody's name, address or number.
//
// Pure. Of a log line the keys that are known to hold words of ours are shown, ids as marks that tell
// them apart, free text without what looks like a person's; of what is no line of ours only its length.
#pragma once

#include <string>
#include <string_view>

namespace reconciled::commands {

// Free text of ours, of curl's or SQLite's: mail addresses, numbers of seven digits and more, URLs
// behind their hosts and all that is not ASCII are left out.
[[nodiscard]] std::string without_people(std::string_view text);
// A line of our log, text or JSON, without its time.
[[nodiscard]] std::string shown_log_line(std::string_view line);
// "#1a2b3c4d": tells an id from others and not what it is.
[[nodiscard]] std::string mark_of(std::string_view id);

}  // namespace reconciled::commands
