#include "tests/e2e/disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <new>
#include <stdexcept>
#include <vector>

namespace reconciled::e2e {
namespace {

using test::DiskRecord;

constexpr const char* kDatabaseName = "reconciled.db";
constexpr std::size_t kSector = 512;

struct Change {
  DiskRecord record;
  std::string bytes;
};

struct DiskFile {
  bool exists = false;
  std::string durable;
  std::vector<Change> unsynced;
};

void apply(std::string& content, const DiskRecord& record, std::string_view bytes) {
  if (record.kind == DiskRecord::Kind::kTruncate) {
    content.resize(record.offset);
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), record.offset + bytes.size()));
  std::memcpy(content.data() + record.offset, bytes.data(), bytes.size());
}

void take(DiskFile& file, const DiskRecord& record, std::string bytes) {
  switch (record.kind) {
    case DiskRecord::Kind::kWrite:
    case DiskRecord::Kind::kTruncate:
      file.exists = true;
      file.unsynced.push_back({record, std::move(bytes)});
      return;
    case DiskRecord::Kind::kSync:
      for (const Change& change : file.unsynced) apply(file.durable, change.record, change.bytes);
      file.unsynced.clear();
      return;
    case DiskRecord::Kind::kFailedSync:
      file.unsynced.clear();
      return;
    case DiskRecord::Kind::kRemove:
      file = {};
      return;
  }
}

// Of what was not synced some is there, some is not, and some ends within a page.
void survive(DiskFile& file, std::mt19937& random) {
  for (const Change& change : file.unsynced) {
    std::string_view bytes = change.bytes;
    switch (random() % 3) {
      case 0:
        continue;
      case 1:
        break;
      default:
        if (change.record.kind == DiskRecord::Kind::kWrite) {
          bytes = bytes.substr(0, random() % (bytes.size() / kSector + 1) * kSector);
        }
    }
    apply(file.durable, change.record, bytes);
  }
}

}  // namespace

FaultyDisk::FaultyDisk(Journal journal) : keeps_journal_(journal == Journal::kKept) {
  const std::string path = folder_ / "control";
  write_file(path, std::string(sizeof(test::DiskControl), '\0'));
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  void* mapped =
      mmap(nullptr, sizeof(test::DiskControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  control_ = new (mapped) test::DiskControl;
}

FaultyDisk::~FaultyDisk() { munmap(control_, sizeof *control_); }

Command FaultyDisk::below(Command command) const {
  command.environment["LD_PRELOAD"] = FAULTY_DISK_LIBRARY;
  command.environment[test::kDiskControl] = folder_ / "control";
  command.environment[test::kDiskDatabase] = kDatabaseName;
  if (keeps_journal_) command.environment[test::kDiskJournal] = folder_ / "journal";
  return command;
}

void FaultyDisk::fail(const DiskFault& fault) {
  control_->files = fault.files;
  control_->one_in = fault.one_in;
  control_->is_short = fault.is_short;
  control_->write_error = fault.write_error;
  control_->sync_error = fault.sync_error;
}

void FaultyDisk::cut_power(std::uint64_t at, std::mt19937* random,
                           const std::string& folder) const {
  std::map<std::uint8_t, DiskFile> files;
  std::ifstream journal(folder_ / "journal", std::ios::binary);
  DiskRecord record;
  for (std::uint64_t position = 0; position + sizeof record <= at;) {
    if (!journal.read(reinterpret_cast<char*>(&record), sizeof record)) break;
    position += sizeof record + record.size;
    if (position > at) break;
    std::string bytes(record.size, '\0');
    if (!journal.read(bytes.data(), record.size)) break;
    take(files[record.file], record, std::move(bytes));
  }
  for (auto& [number, file] : files) {
    if (!file.exists) continue;
    if (random != nullptr) survive(file, *random);
    const char* suffix = number == test::kWalFile ? "-wal" : "";
    write_file(folder + "/" + kDatabaseName + suffix, file.durable);
  }
}

}  // namespace reconciled::e2e
