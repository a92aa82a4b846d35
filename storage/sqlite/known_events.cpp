#include "storage/sqlite/known_events.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <optional>

namespace reconciled::storage {
namespace {

constexpr std::int64_t kFewest = 65'536;
constexpr std::int64_t kBitsAnEvent = 10;
// Rows read in one transaction: no longer than that a reader holds up a checkpoint.
constexpr std::int64_t kRowsAtOnce = 16'384;

// Nine bits each: a place in a block.
std::array<unsigned, 4> places_of(std::int64_t dedupe_hash) {
  const std::uint64_t mixed = static_cast<std::uint64_t>(dedupe_hash) * 0x9e3779b97f4a7c15;
  const auto place = [mixed](int from) { return static_cast<unsigned>(mixed >> from) & 511U; };
  return {place(55), place(46), place(37), place(28)};
}

std::int64_t newest_event(SqliteSession& session) {
  return session.query("SELECT coalesce(max(event_id), 0) FROM event").number();
}

}  // namespace

KnownEvents::Bits::Bits(std::int64_t events)
    : most_(std::max(events, kFewest)),
      words_(kBlock * static_cast<std::size_t>(most_ * kBitsAnEvent / 512 + 1)) {}

void KnownEvents::Bits::set(std::int64_t dedupe_hash) {
  const auto block = static_cast<std::uint64_t>(dedupe_hash) % (words_.size() / kBlock);
  for (const unsigned place : places_of(dedupe_hash)) {
    words_[block * kBlock + place / 64].fetch_or(std::uint64_t{1} << place % 64,
                                                 std::memory_order_relaxed);
  }
}

bool KnownEvents::Bits::may_hold(std::int64_t dedupe_hash) const {
  const auto block = static_cast<std::uint64_t>(dedupe_hash) % (words_.size() / kBlock);
  for (const unsigned place : places_of(dedupe_hash)) {
    const std::uint64_t word =
        words_[block * kBlock + place / 64].load(std::memory_order_relaxed);
    if ((word >> place % 64 & 1U) == 0) return false;
  }
  return true;
}

KnownEvents::KnownEvents(SqliteSession& writer, std::string path)
    : writer_(writer), path_(std::move(path)) {
  begin_filling();
  // Last: a file that cannot be read is thrown from here.
  thread_ = std::thread([this] { loop(); });
}

KnownEvents::~KnownEvents() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

bool KnownEvents::may_hold(std::int64_t dedupe_hash) const {
  return !bits_ || bits_->may_hold(dedupe_hash);
}

void KnownEvents::note(std::int64_t dedupe_hash) {
  if (bits_) bits_->set(dedupe_hash);
  if (filling_) filling_->set(dedupe_hash);
  ++noted_;
}

void KnownEvents::between_commits() {
  if (filling_ && filling_->is_filled) bits_ = std::exchange(filling_, nullptr);
  if (bits_ && !filling_ && noted_ > bits_->most() + bits_->most() / 4) begin_filling();
}

void KnownEvents::begin_filling() {
  noted_ = newest_event(writer_);
  filling_ = std::make_shared<Bits>(noted_ + noted_ / 4);
  const std::lock_guard lock(mutex_);
  errand_ = filling_;
  wake_.notify_all();
}

void KnownEvents::loop() {
  pthread_setname_np(pthread_self(), "known events");
  while (!stopping_) {
    std::shared_ptr<Bits> bits;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return errand_ || stopping_; });
      bits = std::exchange(errand_, nullptr);
    }
    if (!bits) continue;
    try {
      fill(*bits);
    } catch (const std::exception&) {
      // The file cannot be read, as whoever needs it will say: all stays "perhaps".
    }
  }
}

void KnownEvents::fill(Bits& bits) const {
  SqliteSession session(path_, SqliteSession::Mode::kReadOnly, 1'000);
  std::int64_t seen = 0;
  for (std::int64_t rows = kRowsAtOnce; rows == kRowsAtOnce && !stopping_;) {
    rows = 0;
    Query query = session.query(
        "SELECT event_id, dedupe_hash FROM event_progress WHERE event_id > ? ORDER BY event_id "
        "LIMIT ?");
    query.with(seen, kRowsAtOnce);
    for (; query.next(); ++rows) {
      Row row = query.row();
      seen = row.integer();
      bits.set(row.integer());
    }
  }
  bits.is_filled = !stopping_;
}

}  // namespace reconciled::storage
