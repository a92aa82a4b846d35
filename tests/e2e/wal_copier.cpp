#include "tests/e2e/wal_copier.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace reconciled::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Litestream's limits; it looks ten times as often.
constexpr auto kEvery = 100ms;
constexpr std::uint32_t kCheckpointAt = 1'000;
constexpr std::uint32_t kStopWritersAt = 10'000;
// https://www.sqlite.org/walformat.html
constexpr std::size_t kWalHeader = 32;
constexpr std::streamoff kFramesInIndex = 16;

void exec(sqlite3* connection, const char* sql) {
  const int code = sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
  // It tries again the next time.
  if (code == SQLITE_OK || code == SQLITE_BUSY) return;
  throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(connection));
}

}  // namespace

WalCopier::WalCopier(std::string database, std::string folder)
    : database_(std::move(database)),
      folder_(std::move(folder)),
      bytes_(database_, std::ios::binary),
      reader_(open()),
      writer_(open()) {
  fs::create_directories(folder_);
  exec(writer_.get(), "CREATE TABLE IF NOT EXISTS _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)");
  exec(writer_.get(), "CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER)");
  index_.open(database_ + "-shm", std::ios::binary);
  read_on();
  copy_database();
  thread_ = std::thread([this] { loop(); });
}

WalCopier::~WalCopier() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void WalCopier::stop() {
  stopping_ = true;
  thread_.join();
  if (wal_header() != header_) copy_database();
  fs::copy_file(database_ + "-wal", folder_ + "/wal", fs::copy_options::overwrite_existing);
}

void WalCopier::restore(const std::string& file) const {
  fs::copy_file(folder_ + "/database", file);
  fs::copy_file(folder_ + "/wal", file + "-wal");
}

WalCopier::Connection WalCopier::open() const {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open(database_.c_str(), &connection);
  Connection opened(connection);
  if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(connection));
  sqlite3_busy_timeout(connection, 1'000);
  exec(connection, "PRAGMA wal_autocheckpoint = 0");
  return opened;
}

void WalCopier::loop() {
  while (!stopping_) {
    std::this_thread::sleep_for(kEvery);
    const std::uint32_t frames = wal_frames();
    seen_.most_frames = std::max(seen_.most_frames, frames);
    if (wal_header() != header_) copy_database();
    if (frames >= kStopWritersAt) {
      checkpoint(SQLITE_CHECKPOINT_RESTART);
    } else if (frames >= kCheckpointAt) {
      checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    }
  }
}

// The reader is open: what others move meanwhile stands in the WAL too, up to where it reads.
void WalCopier::copy_database() {
  seen_.beginnings += 1;
  header_ = wal_header();
  bytes_.clear();
  bytes_.seekg(0);
  std::ofstream(folder_ + "/database", std::ios::binary) << bytes_.rdbuf();
}

void WalCopier::checkpoint(int mode) {
  exec(reader_.get(), "ROLLBACK");
  int frames = 0;
  int moved = 0;
  // Busy where another one makes a checkpoint, or reads.
  const int code = sqlite3_wal_checkpoint_v2(writer_.get(), nullptr, mode, &frames, &moved);
  if (code == SQLITE_OK && frames == moved) seen_.checkpoints += 1;
  read_on();
  exec(writer_.get(),
       "INSERT INTO _litestream_seq (id, seq) VALUES (1, 1) "
       "ON CONFLICT (id) DO UPDATE SET seq = seq + 1");
}

void WalCopier::read_on() {
  exec(reader_.get(), "BEGIN");
  exec(reader_.get(), "SELECT count(1) FROM _litestream_seq");
}

std::vector<char> WalCopier::wal_header() const {
  std::ifstream wal(database_ + "-wal", std::ios::binary);
  std::vector<char> header(kWalHeader);
  wal.read(header.data(), static_cast<std::streamsize>(header.size()));
  return header;
}

std::uint32_t WalCopier::wal_frames() {
  std::uint32_t frames = 0;
  index_.clear();
  index_.seekg(kFramesInIndex);
  index_.sync();
  index_.read(reinterpret_cast<char*>(&frames), sizeof frames);
  return frames;
}

}  // namespace reconciled::e2e
