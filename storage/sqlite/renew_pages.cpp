#include "storage/sqlite/renew_pages.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace reconciled::storage {
namespace {

// https://sqlite.org/fileformat2.html#walformat
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kPageSizeAt = 8;    // of the header
constexpr std::size_t kSaltsAt = 16;      // likewise
constexpr std::size_t kFrameSaltsAt = 8;  // of a frame's header, which begins with its page
constexpr std::size_t kSaltBytes = 8;

std::uint32_t big_endian(const unsigned char* at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U |
         std::uint32_t{at[3]};
}

struct Wal {
  sqlite3_int64 page_bytes = 0;
  std::set<std::uint32_t> pages;  // in their order in the database
};

// Those not committed yet may be among them.
int read_wal(sqlite3_file* file, Wal& wal) {
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  if (size < sqlite3_int64{kHeaderBytes}) return SQLITE_OK;
  std::array<unsigned char, kHeaderBytes> header{};
  if (const int code = file->pMethods->xRead(file, header.data(), kHeaderBytes, 0);
      code != SQLITE_OK) {
    return code;
  }
  wal.page_bytes = big_endian(&header[kPageSizeAt]);
  const sqlite3_int64 frame_bytes = sqlite3_int64{kFrameHeaderBytes} + wal.page_bytes;
  std::array<unsigned char, kFrameHeaderBytes> frame{};
  for (sqlite3_int64 at = kHeaderBytes; at + frame_bytes <= size; at += frame_bytes) {
    if (const int code = file->pMethods->xRead(file, frame.data(), kFrameHeaderBytes, at);
        code != SQLITE_OK) {
      return code;
    }
    // The rest is older than the WAL's last beginning.
    if (!std::equal(&header[kSaltsAt], &header[kSaltsAt] + kSaltBytes, &frame[kFrameSaltsAt])) {
      break;
    }
    wal.pages.insert(big_endian(frame.data()));
  }
  return SQLITE_OK;
}

int write_over(sqlite3_file* file, const Wal& wal) {
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  std::vector<char> bytes(static_cast<std::size_t>(wal.page_bytes));
  for (const std::uint32_t page : wal.pages) {
    const sqlite3_int64 at = (sqlite3_int64{page} - 1) * wal.page_bytes;
    if (at + wal.page_bytes > size) break;  // not moved yet
    const auto length = static_cast<int>(wal.page_bytes);
    int code = file->pMethods->xRead(file, bytes.data(), length, at);
    if (code == SQLITE_OK) code = file->pMethods->xWrite(file, bytes.data(), length, at);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace

int renew_pages(SqliteSession& session) {
  sqlite3* handle = session.handle();
  sqlite3_file* database = nullptr;
  sqlite3_file* file_of_wal = nullptr;
  int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &database);
  if (code != SQLITE_OK) return code;
  code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file_of_wal);
  if (code != SQLITE_OK) return code;
  Wal wal;
  code = read_wal(file_of_wal, wal);
  return code == SQLITE_OK ? write_over(database, wal) : code;
}

}  // namespace reconciled::storage
