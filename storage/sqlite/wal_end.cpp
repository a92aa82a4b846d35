#include "storage/sqlite/wal_end.h"

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

namespace reconciled::storage {
namespace {

// https://www.sqlite.org/fileformat2.html#the_write_ahead_log and walformat.html, "WAL-Index Header".
constexpr std::size_t kWalHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kSaltsInHeader = 16;
constexpr std::size_t kSaltsInFrame = 8;
constexpr std::size_t kSalts = 8;
constexpr std::uint32_t kMagic = 0x377f0682;  // the last bit: checksums of big-endian words
constexpr std::size_t kIndexHeader = 48;      // twice
constexpr std::size_t kFramesInIndex = 16;
constexpr std::size_t kSaltsInIndex = 32;
constexpr std::size_t kMovedInIndex = 4;  // behind both
constexpr int kLooks = 3;
constexpr std::chrono::milliseconds kBetweenLooks{30};

using Bytes = std::vector<unsigned char>;

std::uint32_t big(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | bytes[3];
}
std::uint32_t little(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24U | std::uint32_t{bytes[2]} << 16U |
         std::uint32_t{bytes[1]} << 8U | bytes[0];
}

struct Checksum {
  bool is_big = false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(const unsigned char* bytes, std::size_t count) {
    for (std::size_t i = 0; i + 8 <= count; i += 8) {
      first += (is_big ? big(bytes + i) : little(bytes + i)) + second;
      second += (is_big ? big(bytes + i + 4) : little(bytes + i + 4)) + first;
    }
  }
  [[nodiscard]] bool is(const unsigned char* stored) const {
    return first == big(stored) && second == big(stored + 4);
  }
};

// As far as its checksums fit, and what is behind.
struct Extent {
  bool has_header = false;  // a whole one, as it was written
  std::uint64_t good = 0;   // frames up to the last commit that can be read
  bool went_on = false;     // from a commit that cannot
  std::array<unsigned char, kSalts> salts{};
};

Extent extent_of(std::istream& wal) {
  Extent extent;
  Bytes header(kWalHeader);
  if (!wal.read(reinterpret_cast<char*>(header.data()), kWalHeader)) return extent;
  Checksum sum{.is_big = (big(header.data()) & 1U) != 0};
  sum.add(header.data(), kWalHeader - 8);
  extent.has_header =
      (big(header.data()) & ~1U) == kMagic && sum.is(header.data() + kWalHeader - 8);
  bool is_good = extent.has_header;
  const std::uint32_t page = big(header.data() + 8);
  if (page < 512 || page > 65'536 || !std::has_single_bit(page)) return extent;
  std::memcpy(extent.salts.data(), header.data() + kSaltsInHeader, kSalts);
  Bytes frame(kFrameHeader + page);
  // Behind the end: frames that go on from one another, by the checksum that the one before tells.
  Checksum run{.is_big = sum.is_big};
  bool is_behind_commit = false;
  for (std::uint64_t number = 1;
       wal.read(reinterpret_cast<char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
       ++number) {
    // A header that changed cannot say which frames are its own.
    if (number == 1 && !is_good) {
      std::memcpy(extent.salts.data(), frame.data() + kSaltsInFrame, kSalts);
    }
    // Of an earlier use of the file, or changed: what is its own behind it tells which.
    if (std::memcmp(frame.data() + kSaltsInFrame, extent.salts.data(), kSalts) != 0) {
      is_good = false;
      is_behind_commit = false;
      continue;
    }
    const bool is_commit = big(frame.data() + 4) != 0;
    if (is_good) {
      sum.add(frame.data(), 8);
      sum.add(frame.data() + kFrameHeader, page);
      is_good = sum.is(frame.data() + kFrameHeader - 8);
    }
    if (is_good && is_commit) extent.good = number;
    run.add(frame.data(), 8);
    run.add(frame.data() + kFrameHeader, page);
    const bool goes_on = run.is(frame.data() + kFrameHeader - 8);
    extent.went_on |= goes_on && is_behind_commit;
    is_behind_commit = !is_good && (is_commit || (goes_on && is_behind_commit));
    run.first = big(frame.data() + kFrameHeader - 8);
    run.second = big(frame.data() + kFrameHeader - 4);
  }
  return extent;
}

// The index beside a WAL: of which one, how many frames it knows, and how many of these stand in the
// database, too.
struct Index {
  std::uint64_t frames = 0;  // 0 where it cannot be read
  std::uint64_t moved = 0;
  std::array<unsigned char, kSalts> salts{};
};

Index read_index(const std::string& path) {
  Index read;
  std::ifstream index(path + "-shm", std::ios::binary);
  Bytes headers(2 * kIndexHeader + kMovedInIndex);
  if (!index.read(reinterpret_cast<char*>(headers.data()), static_cast<std::streamsize>(headers.size()))) {
    return read;
  }
  // Written one after the other: where they differ, nobody finished.
  if (std::memcmp(headers.data(), headers.data() + kIndexHeader, kIndexHeader) != 0) return read;
  std::memcpy(read.salts.data(), headers.data() + kSaltsInIndex, kSalts);
  const auto number_at = [&](std::size_t at) {
    std::uint32_t number = 0;
    std::memcpy(&number, headers.data() + at, sizeof number);  // as this machine has numbers
    return number;
  };
  read.frames = number_at(kFramesInIndex);
  read.moved = number_at(2 * kIndexHeader);
  return read;
}

// How many frames can be read where acknowledged ones stand behind them; nothing where none do.
std::optional<std::uint64_t> readable_before_damage(const std::string& path) {
  // Before the WAL: another program that writes meanwhile writes the WAL first.
  const Index index = read_index(path);
  std::ifstream wal(path + "-wal", std::ios::binary);
  const Extent extent = extent_of(wal);
  // One that is gone, empty or has no header of its own cannot say which it is. Where all of it stands in
  // the database, nobody needs it.
  const bool is_known = extent.has_header ? index.salts == extent.salts : index.moved < index.frames;
  const std::uint64_t known = is_known ? index.frames : 0;
  if (known <= extent.good && !extent.went_on) return std::nullopt;
  return extent.good;
}

}  // namespace

void check_wal_end(const std::string& path) {
  // A frame that another program is just writing is none yet, and is one the next time.
  std::optional<std::uint64_t> readable = readable_before_damage(path);
  for (int again = 0; again < kLooks && readable; ++again) {
    std::this_thread::sleep_for(kBetweenLooks);
    readable = readable_before_damage(path);
  }
  if (!readable) return;
  throw DamagedWal(
      path + "-wal is damaged: of its frames " + std::to_string(*readable) +
      " can be read, and commits that were acknowledged stand behind them. Nothing was changed. Keep a "
      "copy of the file and its -wal; then start with a backup (`reconciled restore`), or go on with "
      "what can be read, which PortOne is asked about anew: sqlite3 " +
      path + " \"PRAGMA wal_checkpoint(TRUNCATE)\", and start");
}

}  // namespace reconciled::storage
