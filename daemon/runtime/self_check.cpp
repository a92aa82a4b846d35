#include "daemon/runtime/self_check.h"

#include "storage/store.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 5s;
// A day of a busy shop's events, and the write-ahead log.
constexpr std::uint64_t kLeastFree = 512ULL << 20;
constexpr auto kInboxPatience = 5min;

}  // namespace

void SelfCheck::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kEvery;
  look_at_disk();
  readers_.run([this](storage::Reader& reader) { look_at_inbox(reader); }, [] {});
}

void SelfCheck::look_at_disk() {
  const auto room = storage::Store(config_.database_path).room();
  if (!room) return;
  if (room->bytes >= kLeastFree) {
    warnings_.lower(WarningKind::kDiskLow, "");
    return;
  }
  warnings_.raise(WarningKind::kDiskLow, "",
                  "Only " + std::to_string(room->bytes >> 20) + " MiB are free in " + room->where +
                      ": make room, or webhooks will be answered 503.");
}

void SelfCheck::look_at_inbox(storage::Reader& reader) {
  const auto oldest = reader.oldest_waiting({config_.v1.has_value(), config_.v2.has_value()});
  const auto waited = oldest ? clock_.now() - *oldest : 0ms;
  if (waited < kInboxPatience) {
    warnings_.lower(WarningKind::kInboxLag, "");
    return;
  }
  warnings_.raise(
      WarningKind::kInboxLag, "",
      "A webhook of PortOne's waits for " +
          std::to_string(std::chrono::duration_cast<std::chrono::minutes>(waited).count()) +
          " minutes to be decided. See whether PortOne answers (look-ups in GET /stats) and the "
          "database can be written.");
}

}  // namespace reconciled
