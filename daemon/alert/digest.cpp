#include "daemon/alert/digest.h"

#include <algorithm>

namespace reconciled::alert {

using Change = Item::Change;

void Digest::observe(const State& warnings, const State* findings, const Instant& now) {
  const auto find = [&](const Topic& topic) -> const Standing* {
    const State& state = topic.sort == Topic::Sort::kWarning ? warnings : *findings;
    const auto found = state.find(topic);
    return found == state.end() ? nullptr : &found->second;
  };
  const auto is_known = [&](const Topic& topic) {
    return topic.sort == Topic::Sort::kWarning || findings != nullptr;
  };
  for (const State* state : {&warnings, findings}) {
    if (state == nullptr) continue;
    for (const auto& [topic, standing] : *state) entries_.try_emplace(topic);
  }
  for (auto& [topic, entry] : entries_) {
    if (is_known(topic)) observe_one(topic, find(topic), now);
  }
  // What nobody was told of, or long ago, is forgotten.
  std::erase_if(entries_, [&](const auto& one) {
    const Entry& entry = one.second;
    const bool is_idle = !entry.stands && !entry.is_told && !entry.is_owed;
    return is_idle && entry.times < kUnsteady &&
           now.paced - std::max(entry.last_begin, entry.over_since) > timing_.day;
  });
}

void Digest::observe_one(const Topic& topic, const Standing* standing, const Instant& now) {
  Entry& entry = entries_.at(topic);
  if (standing != nullptr) {
    if (!entry.stands) entry.times += entry.is_of_before ? 0 : 1;
    // One that the recipient knows goes on, as far as it can tell.
    const core::Time since = entry.is_told ? entry.standing.since : standing->since;
    entry.standing = *standing;
    if (entry.is_told) entry.standing.since = std::min(since, standing->since);
    entry.stands = true;
    entry.is_of_before = false;
  } else if (entry.stands) {
    entry.stands = false;
    entry.over_since = now.paced;
    entry.ended_at = now.wall;
  }
}

std::chrono::milliseconds Digest::hold_of(const Topic& topic, const Entry& entry,
                                          core::Time now) const {
  std::chrono::milliseconds hold{0};
  const bool is_recent = now - entry.last_begin < timing_.day;
  if (is_recent && entry.begins == 2) hold = timing_.second_hold;
  if (is_recent && entry.begins > 2) hold = timing_.third_hold;
  // Findings stand in the database; warnings have to be found out again.
  if (entry.is_of_before && topic.sort == Topic::Sort::kWarning) {
    hold = std::max(hold, timing_.settle);
  }
  return hold;
}

std::optional<Change> Digest::change_of(const Topic& topic, const Entry& entry,
                                        core::Time now) const {
  if (entry.stands) {
    if (!entry.is_told) return Change::kBegins;
    const bool is_time =
        now - entry.more_at >= timing_.more ||
        entry.standing.count >= kManyTimes * std::max<std::int64_t>(entry.told_count, 1);
    if (entry.standing.newest > entry.told_newest && is_time) return Change::kMore;
    return std::nullopt;
  }
  if (entry.is_told) {
    if (now - entry.over_since >= hold_of(topic, entry, now)) return Change::kEnds;
    return std::nullopt;
  }
  if (entry.is_owed) return Change::kIsPast;
  if (entry.times >= kUnsteady) return Change::kIsUnsteady;
  return std::nullopt;
}

Telling Digest::due(core::Time now) {
  Telling telling;
  for (const auto& [topic, entry] : entries_) {
    const std::optional<Change> change = change_of(topic, entry, now);
    if (change) telling.push_back({*change, topic, entry.standing, entry.ended_at, entry.times});
  }
  if (telling.empty()) {
    pending_since_.reset();
    return {};
  }
  if (!pending_since_) pending_since_ = now;
  const bool is_gathered = now - *pending_since_ >= timing_.gather;
  const bool is_apart = !last_told_ || now - *last_told_ >= timing_.gap;
  if (!is_gathered || !is_apart) return {};
  return telling;
}

void Digest::tried(const Telling& telling) {
  for (const Item& item : telling) {
    Entry& entry = entries_[item.topic];
    if (item.change != Change::kBegins || entry.is_owed) continue;
    entry.is_owed = true;
    ++revision_;
  }
}

void Digest::told(const Telling& telling, core::Time now) {
  for (const Item& item : telling) {
    Entry& entry = entries_[item.topic];
    entry.times = 0;
    switch (item.change) {
      case Change::kBegins:
      case Change::kIsPast:
      case Change::kIsUnsteady:
        // What comes and goes is known to be there until it stays away.
        entry.is_told = item.change != Change::kIsPast;
        entry.is_owed = false;
        entry.begins = now - entry.last_begin < timing_.day ? entry.begins + 1 : 1;
        if (item.change == Change::kIsUnsteady) entry.begins = std::max(entry.begins, 2);
        entry.last_begin = now;
        [[fallthrough]];
      case Change::kMore:
        entry.told_newest = item.standing.newest;
        entry.told_count = item.standing.count;
        entry.more_at = now;
        break;
      case Change::kEnds:
        entry.is_told = false;
        entry.is_of_before = false;
        break;
    }
  }
  last_told_ = now;
  pending_since_.reset();
  ++revision_;
}

void Digest::restore(std::map<Topic, Entry> entries, std::optional<core::Time> last_told) {
  // A clock that was set back must not have anything wait for what is long past.
  const auto past = [this](core::Time time) { return std::min(time, started_); };
  entries_ = std::move(entries);
  for (auto& [topic, entry] : entries_) {
    entry.stands = false;
    entry.is_of_before = entry.is_told;
    entry.over_since = started_;
    entry.ended_at = started_;
    entry.last_begin = past(entry.last_begin);
    entry.more_at = past(entry.more_at);
  }
  last_told_ = last_told;
  if (last_told_) last_told_ = past(*last_told_);
}

}  // namespace reconciled::alert
