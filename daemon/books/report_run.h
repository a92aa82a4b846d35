// Makes one day's books: walks PortOne's lists of what changed since the day began, compares each
// attempt of the day with ours, then asks PortOne about those of ours that no list showed.
//
// A payment that was paid on the day and cancelled later stands in a later day's list, so the walk
// goes on to now. Nothing is said to differ on the word of one moment: what seems to is asked about
// by itself at the end, and ours is read again. Memory holds a number for each attempt of the day and
// what differs, whatever the lists hold. For one thread, which may wait for PortOne; nothing is
// written.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "daemon/books/report.h"
#include "daemon/portone/portone.h"
#include "daemon/runtime/clock.h"
#include "storage/reader.h"

namespace reconciled::books {

// Thrown out of `make` once `is_stopping`.
struct ReportStopped {};

class ReportRun {
 public:
  struct Uses {
    storage::Askable askable;
    core::BookPolicy policy;
    const Clock& clock;
    storage::Reader& reader;
    portone::PortOne& portone;
    // Waits; whether it is to stop.
    std::function<bool(std::chrono::milliseconds)> pause;
    std::function<void(std::int64_t listed)> progress;
  };
  // So many attempts are asked about by themselves.
  static constexpr std::size_t kMostDoubts = 1'000;

  ReportRun(const Uses& uses, const core::BookDay& day, const std::string& zone);
  [[nodiscard]] Report make();

 private:
  // Asked about at the end.
  struct Doubt {
    core::AttemptId attempt;
    core::PaymentId payment;
    core::Api version;
  };
  struct Asked {
    std::vector<Doubt> doubts;
    std::vector<storage::LookupReport> reports;
  };

  void walk(core::Api api);
  [[nodiscard]] std::optional<portone::LookupFault> walk_once(core::Api api);
  void take(core::Api api, const portone::ListPage& page, bool is_later);
  void take_row(const core::BookEntry& entry);
  void note_unreadable(const core::UnreadableRow& row, bool is_later);
  void read_ours();
  void doubt(const core::OurBooking& booking, const core::AttemptId& id);
  void settle_doubts();
  [[nodiscard]] std::vector<Asked> ask(std::vector<Doubt> doubts, storage::QuestionKind kind);
  void settle(const Doubt& doubt, const storage::LookupReport& report);
  // Adds up and tells what differs.
  void book(const std::optional<core::BookEntry>& portone, const core::OurBooking& ours,
            std::vector<core::Difference> differences);
  [[nodiscard]] bool is_first(const core::AttemptId& id);
  [[nodiscard]] std::optional<core::Api> asks(core::Api version) const;
  void add_gap(const std::string& gap);
  void stop_if_asked();

  const Uses uses_;
  Report report_;
  std::unordered_set<std::size_t> seen_;     // attempts of the day, by their hash
  std::unordered_set<std::string> odd_rows_;
  std::unordered_set<std::string> doubled_;  // payments that were told to be paid twice
  std::vector<Doubt> doubts_;
};

}  // namespace reconciled::books
