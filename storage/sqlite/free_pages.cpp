#include "storage/sqlite/free_pages.h"

#include <algorithm>

namespace reconciled::storage {
namespace {

// What comes next is written into free pages first: one part of the file in so many is kept for it.
constexpr std::int64_t kKeptPart = 10;
constexpr std::int64_t kKeptAtLeast = 4'096;
constexpr std::int64_t kAtOnce = 64;

}  // namespace

bool give_back_pages(SqliteSession& session) {
  if (session.query("PRAGMA auto_vacuum").number() != kIncrementalVacuum) return false;
  const std::int64_t kept =
      std::max(session.query("PRAGMA page_count").number() / kKeptPart, kKeptAtLeast);
  const std::int64_t more = session.query("PRAGMA freelist_count").number() - kept;
  if (more <= 0) return false;
  session.exec("PRAGMA incremental_vacuum(" + std::to_string(std::min(more, kAtOnce)) + ")");
  return more > kAtOnce;
}

}  // namespace reconciled::storage
