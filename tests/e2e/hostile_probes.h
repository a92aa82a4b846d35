// What hostile peers send at once, and all that they may be told: tables, without behaviour.
//
// Whatever could be read as a second request carries one, `smuggled`: a second answer, or an event
// more than allowed, means that somebody's bytes were taken for a request.
#pragma once

#include <string>
#include <vector>

namespace reconciled::e2e {

enum class Door { kWebhook, kRedirect, kAdmin };

struct Probe {
  std::string name;
  std::string bytes;
  std::vector<int> statuses{};  // of all answers until the close; none: closed without a word
  int stored = 0;               // how many events it may leave behind
  Door door = Door::kWebhook;
  bool finishes = false;  // closes its own side once all is sent
  std::string sql{};      // asked of the database afterwards; its answer is `row`
  std::string row{};
};
using Probes = std::vector<Probe>;

[[nodiscard]] Probes framing_probes();  // where a request ends
[[nodiscard]] Probes line_probes();     // the bytes between lines
[[nodiscard]] Probes head_probes();     // request lines and headers
[[nodiscard]] Probes size_probes();     // without end
[[nodiscard]] Probes chunk_probes();
[[nodiscard]] Probes json_probes();
[[nodiscard]] Probes body_probes();      // other bodies, signatures
[[nodiscard]] Probes identity_probes();  // who they claim to be, and what they would inject
[[nodiscard]] Probes sequence_probes();  // several requests, half of one, other protocols

// `text` so many times.
[[nodiscard]] std::string times(std::size_t count, const std::string& text);
// An unsigned V1 webhook about that payment.
[[nodiscard]] std::string v1_body(const std::string& payment_id);
// A POST to the webhook path up to its framing: `lines` are header lines, each with its end.
[[nodiscard]] std::string post_head(const std::string& lines);
// A complete one, of JSON unless `lines` say otherwise.
[[nodiscard]] std::string post(const std::string& body, const std::string& lines = "",
                               const std::string& type = "application/json",
                               bool keep_alive = false);
// A webhook that must never be seen.
[[nodiscard]] std::string smuggled();

}  // namespace reconciled::e2e
