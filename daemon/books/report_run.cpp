#include "daemon/books/report_run.h"

#include <algorithm>
#include <deque>
#include <future>

namespace reconciled::books {
namespace {

using namespace std::chrono_literals;
using core::DifferenceKind;
using storage::LookupReport;
using storage::QuestionKind;

constexpr int kTries = 3;  // of a list
constexpr std::chrono::milliseconds kPause = 1s;
constexpr std::chrono::milliseconds kLongestPause = 30s;
constexpr std::size_t kAskedAtOnce = 8;
constexpr std::size_t kMostNotes = 50;

std::string name_of(core::Api api) { return api == core::Api::kV1 ? "V1" : "V2"; }

// Whether money moved, as far as is known.
bool is_money(const core::BookEntry& entry) {
  return entry.paid_at || entry.cancelled_amount > 0 || entry.holds_money();
}

}  // namespace

ReportRun::ReportRun(const Uses& uses, const core::BookDay& day, const std::string& zone)
    : uses_(uses) {
  report_.day = day;
  report_.timezone = zone;
}

Report ReportRun::make() {
  const core::Time now = uses_.clock.now();
  report_.made_at = now;
  report_.is_day_over = report_.day.end <= now;
  if (!report_.is_day_over) report_.notes.emplace_back("The day is not over: more may come.");
  if (uses_.askable.v1) walk(core::Api::kV1);
  if (uses_.askable.v2) walk(core::Api::kV2);
  // Without PortOne's whole list nobody can tell what it does not have.
  if (report_.is_complete()) read_ours();
  settle_doubts();
  return std::move(report_);
}

void ReportRun::walk(core::Api api) {
  std::chrono::milliseconds pause = kPause;
  for (int attempt = 1;; ++attempt) {
    const auto fault = walk_once(api);
    if (!fault) return;
    stop_if_asked();
    if (attempt >= kTries) {
      add_gap("PortOne's list (" + name_of(api) + ") could not be read to its end: " + fault->detail);
      return;
    }
    if (uses_.pause(std::min(fault->retry_after.value_or(pause), kLongestPause))) {
      throw ReportStopped{};
    }
    pause *= 2;
  }
}

// What changed on the day, and what has changed since.
std::optional<portone::LookupFault> ReportRun::walk_once(core::Api api) {
  const core::Time now = std::max(uses_.clock.now(), report_.day.begin);
  const core::Time border = std::min(report_.day.end, now);
  bool is_stopped = false;
  const auto taking = [&](bool is_later) {
    return [this, api, is_later, &is_stopped](const portone::ListPage& page) {
      if (uses_.pause(0ms)) {
        is_stopped = true;
        throw std::runtime_error("stopping");
      }
      take(api, page, is_later);
    };
  };
  try {
    auto fault = uses_.portone.walk(api, report_.day.begin, border, taking(false));
    if (fault || border == now) return fault;
    return uses_.portone.walk(api, border, now, taking(true));
  } catch (const std::exception&) {
    if (is_stopped) throw ReportStopped{};
    throw;
  }
}

void ReportRun::take(core::Api api, const portone::ListPage& page, bool is_later) {
  const storage::Reader::Moment moment(uses_.reader);
  report_.listed += static_cast<std::int64_t>(page.rows());
  uses_.progress(report_.listed);
  for (const core::Snapshot& row : page.snapshots) {
    // V1's own list tells of V1 payments.
    if (api == core::Api::kV2 && row.version == core::Api::kV1 && uses_.askable.v1) continue;
    const core::BookEntry entry = core::book_entry(row);
    if (core::is_about(entry, report_.day) && is_first(entry.attempt_id)) take_row(entry);
  }
  for (const core::UnreadableRow& row : page.unreadable) note_unreadable(row, is_later);
}

void ReportRun::take_row(const core::BookEntry& entry) {
  const core::OurBooking ours = uses_.reader.booking(entry.attempt_id, entry.payment_id);
  std::vector<core::Difference> differences =
      core::compare_books(report_.day, entry, ours, uses_.policy);
  const bool is_certain = differences.empty() || core::is_foreign(entry, uses_.policy);
  if (is_certain || doubts_.size() >= kMostDoubts) {
    book(entry, ours, std::move(differences));
  } else {
    doubts_.push_back({entry.attempt_id, entry.payment_id, entry.version});
  }
}

void ReportRun::note_unreadable(const core::UnreadableRow& row, bool is_later) {
  const std::string name = row.id.empty() ? "without an id" : row.id;
  if (!odd_rows_.insert(name + row.reason).second || odd_rows_.size() > Report::kMostTold) return;
  if (is_later) {
    if (report_.notes.size() < kMostNotes) {
      report_.notes.push_back("A row of a later day cannot be read: " + name + " (" + row.reason + ").");
    }
    return;
  }
  report_.add({DifferenceKind::kUnreadable, row.id, {}, "It cannot be read: " + row.reason + ".", {},
               {}, {}});
}

// Those of ours that no list showed.
void ReportRun::read_ours() {
  std::optional<std::int64_t> cursor;
  do {
    stop_if_asked();
    const storage::Reader::Moment moment(uses_.reader);
    const auto slice = uses_.reader.booked_on(report_.day, cursor);
    for (const core::AttemptId& id : slice.attempts) {
      if (!is_first(id)) continue;
      const core::OurBooking ours = uses_.reader.booking(id, std::nullopt);
      if (ours.entry && core::is_about(*ours.entry, report_.day)) doubt(ours, id);
    }
    cursor = slice.next;
  } while (cursor);
}

void ReportRun::doubt(const core::OurBooking& booking, const core::AttemptId& id) {
  const core::BookEntry& entry = *booking.entry;
  if (!is_money(entry)) return;
  if (core::is_foreign(entry, uses_.policy)) return;
  if (!asks(entry.version)) {
    add_gap(name_of(entry.version) + " is not configured any more: its payments are not compared");
  } else if (doubts_.size() >= kMostDoubts) {
    add_gap("more than " + std::to_string(kMostDoubts) +
            " attempts of ours are not in PortOne's list: is it the right store, key and tier?");
  } else {
    doubts_.push_back({id, entry.payment_id, entry.version});
  }
}

void ReportRun::settle_doubts() {
  std::vector<Doubt> by_attempt;
  std::vector<Doubt> by_payment;
  for (Doubt& one : doubts_) {
    (asks(one.version) == core::Api::kV1 ? by_attempt : by_payment).push_back(std::move(one));
  }
  for (const auto kind : {QuestionKind::kV1Attempt, QuestionKind::kV2Payment}) {
    auto& doubts = kind == QuestionKind::kV1Attempt ? by_attempt : by_payment;
    for (Asked& asked : ask(std::move(doubts), kind)) {
      for (std::size_t i = 0; i < asked.doubts.size(); ++i) {
        settle(asked.doubts[i], asked.reports.at(i));
      }
    }
  }
}

// A few at once: look-ups go on beside it.
std::vector<ReportRun::Asked> ReportRun::ask(std::vector<Doubt> doubts, QuestionKind kind) {
  using Answer = std::future<std::vector<LookupReport>>;
  std::vector<Asked> all;
  std::deque<std::pair<std::size_t, Answer>> under_way;
  const auto collect = [&] {
    all[under_way.front().first].reports = under_way.front().second.get();
    under_way.pop_front();
  };
  const std::size_t size = std::max<std::size_t>(uses_.portone.batch_size(kind), 1);
  for (std::size_t at = 0; at < doubts.size(); at += size) {
    Asked& asked = all.emplace_back();
    std::vector<storage::Question> questions;
    for (std::size_t i = at; i < std::min(at + size, doubts.size()); ++i) {
      const Doubt& one = doubts[i];
      asked.doubts.push_back(one);
      const bool is_v1 = kind == QuestionKind::kV1Attempt;
      questions.push_back({kind, is_v1 ? one.attempt.str() : one.payment.str(), one.payment,
                           {one.attempt}, false});
    }
    auto promise = std::make_shared<std::promise<std::vector<LookupReport>>>();
    const std::size_t count = questions.size();
    under_way.emplace_back(all.size() - 1, promise->get_future());
    const bool is_asked = uses_.portone.ask(
        std::move(questions), [promise, count](std::vector<LookupReport> reports) {
          reports.resize(count);
          promise->set_value(std::move(reports));
        });
    if (!is_asked) throw ReportStopped{};
    if (under_way.size() >= kAskedAtOnce) collect();
    stop_if_asked();
  }
  while (!under_way.empty()) collect();
  return all;
}

void ReportRun::settle(const Doubt& doubt, const LookupReport& report) {
  const storage::Reader::Moment moment(uses_.reader);
  std::optional<core::BookEntry> portone;
  for (const core::Snapshot& snapshot : report.snapshots) {
    if (snapshot.attempt_id == doubt.attempt) portone = core::book_entry(snapshot);
  }
  const bool cannot_tell = report.outcome == LookupReport::Outcome::kUnusable || report.side_failed;
  if (!portone && cannot_tell && report.is_unreadable) {
    report_.add({DifferenceKind::kUnreadable, doubt.payment.str(), doubt.attempt.str(),
                 "It cannot be read: " + report.detail + ".", {}, {}, {}});
    return;
  }
  if (!portone && cannot_tell) {
    stop_if_asked();
    add_gap("PortOne gave no usable answer about some attempts: " + report.detail);
    return;
  }
  const core::OurBooking ours = uses_.reader.booking(doubt.attempt, doubt.payment);
  if (!portone && !ours.entry) return;
  book(portone, ours, core::compare_books(report_.day, portone, ours, uses_.policy));
}

void ReportRun::book(const std::optional<core::BookEntry>& portone, const core::OurBooking& ours,
                     std::vector<core::Difference> differences) {
  report_.compared += 1;
  const core::BookEntry& known = portone ? *portone : *ours.entry;
  if (!core::is_foreign(known, uses_.policy)) {
    if (portone) report_.totals.add_portone(*portone, report_.day);
    report_.totals.add_ours(ours, report_.day);
  }
  for (core::Difference& one : differences) {
    // Both attempts tell of it.
    const bool is_told =
        one.kind == DifferenceKind::kDoublePaid && !doubled_.insert(one.payment_id).second;
    if (!is_told) report_.add(std::move(one));
  }
}

bool ReportRun::is_first(const core::AttemptId& id) {
  return seen_.insert(std::hash<std::string>{}(id.str())).second;
}

// Which API answers about attempts of that version.
std::optional<core::Api> ReportRun::asks(core::Api version) const {
  if (version == core::Api::kV1 && uses_.askable.v1) return core::Api::kV1;
  if (uses_.askable.v2) return core::Api::kV2;
  return std::nullopt;
}

void ReportRun::add_gap(const std::string& gap) {
  if (std::find(report_.gaps.begin(), report_.gaps.end(), gap) != report_.gaps.end()) return;
  if (report_.gaps.size() < kMostNotes) report_.gaps.push_back(gap);
}

void ReportRun::stop_if_asked() {
  if (uses_.pause(0ms)) throw ReportStopped{};
}

}  // namespace reconciled::books
