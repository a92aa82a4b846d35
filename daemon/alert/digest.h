// What one recipient is to be told now: the difference between what stands and what it knows.
//
// Pure; one for each URL of [alert], so that one that is away holds up no other and is told, when
// it is back, what is true then. A burst is one message, messages keep a distance, and what comes
// and goes is told less and less often. Its state survives a restart (digest_state.h).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/words/time.h"

namespace reconciled::alert {

// What begins and ends: a warning about one thing, or a kind of findings.
struct Topic {
  enum class Sort { kWarning, kFinding } sort = Sort::kWarning;
  std::string name;   // "portone_unreachable", "amount_mismatch"
  std::string about;  // of a warning: "v2"
  friend auto operator<=>(const Topic&, const Topic&) = default;
};

// How it stands.
struct Standing {
  core::Time since{};
  std::string detail;                    // of a warning
  std::int64_t count = 0;                // findings that are open
  std::vector<std::string> payment_ids;  // of the newest of them, some
  std::int64_t newest = 0;               // the highest number of a finding
};
using State = std::map<Topic, Standing>;

struct Timing {
  std::chrono::milliseconds gather = std::chrono::seconds(15);  // from the first change on
  std::chrono::milliseconds gap = std::chrono::minutes(5);      // between two messages
  // After a start, before the end of a warning that stood before it is told: it may come again.
  std::chrono::milliseconds settle = std::chrono::minutes(10);
  std::chrono::milliseconds more =
      std::chrono::hours(6);  // between two tellings of further findings
  // How long what begins for the second and the third time in a day has to be over to be told over.
  std::chrono::milliseconds second_hold = std::chrono::minutes(15);
  std::chrono::milliseconds third_hold = std::chrono::hours(1);
  std::chrono::milliseconds day = std::chrono::hours(24);
  std::chrono::milliseconds retry =
      std::chrono::seconds(10);                              // the first; up to sixty times as long
  std::chrono::milliseconds beat = std::chrono::minutes(1);  // of the heartbeat
};
// So many times as many findings as were told are told at once.
inline constexpr std::int64_t kManyTimes = 10;
// What begins and is over so often between two messages is told, even if it never stood when one
// went.
inline constexpr int kUnsteady = 3;

// One reading of two clocks: what drives the waiting (it is never set), and what people are shown.
struct Instant {
  core::Time paced{};
  core::Time wall{};
};

struct Item {
  enum class Change {
    kBegins,
    kMore,  // further findings of a kind that is known to stand
    kEnds,
    kIsPast,     // it began, could not be told, and is over
    kIsUnsteady  // it comes and goes, and stood not when this was told
  } change = Change::kBegins;
  Topic topic;
  Standing standing;  // the last that was seen
  core::Time ended_at{};
  int times = 0;  // that it began since the last message
};
using Telling = std::vector<Item>;

class Digest {
 public:
  // What is known of one topic.
  struct Entry {
    bool stands = false;
    bool is_told = false;       // the recipient knows it as standing
    bool is_owed = false;       // a message that tells of its beginning was tried
    bool is_of_before = false;  // it stood before the start and was not seen since
    Standing standing;
    core::Time over_since{};  // paced
    core::Time ended_at{};    // for people
    int times = 0;            // it began since it was last told of
    int begins = 0;           // told, in a day
    core::Time last_begin{};  // paced
    std::int64_t told_newest = 0;
    std::int64_t told_count = 0;  // of findings, as they were then
    core::Time more_at{};  // paced; when further findings were last told
  };

  Digest(const Timing& timing, core::Time started) : timing_(timing), started_(started) {}

  // Findings: nothing where they could not be read.
  void observe(const State& warnings, const State* findings, const Instant& now);
  // What is to be told now; empty where nothing is, or not yet.
  [[nodiscard]] Telling due(core::Time now);
  void tried(const Telling& telling);
  void told(const Telling& telling, core::Time now);

  // Counts up with each change of what is kept over a restart.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] const std::map<Topic, Entry>& entries() const { return entries_; }
  [[nodiscard]] std::optional<core::Time> last_told() const { return last_told_; }
  void restore(std::map<Topic, Entry> entries, std::optional<core::Time> last_told);

 private:
  void observe_one(const Topic& topic, const Standing* standing, const Instant& now);
  [[nodiscard]] std::optional<Item::Change> change_of(const Topic& topic, const Entry& entry,
                                                      core::Time now) const;
  [[nodiscard]] std::chrono::milliseconds hold_of(const Topic& topic, const Entry& entry,
                                                  core::Time now) const;

  const Timing timing_;
  const core::Time started_;
  std::map<Topic, Entry> entries_;
  std::optional<core::Time> pending_since_;
  std::optional<core::Time> last_told_;
  std::uint64_t revision_ = 0;
};

}  // namespace reconciled::alert
