#include "tests/bench/kept_file.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "daemon/core/messages/signature.h"
#include "storage/sqlite/migrate.h"

namespace reconciled::bench {
namespace {

namespace fs = std::filesystem;

std::string schema_key() {
  std::string all;
  for (const auto& migration : storage::migrations()) all += migration.text;
  return core::to_hex(core::sha256(all)).substr(0, 12);
}

// Of an older schema, or half made.
void remove_others(const fs::path& folder, const std::string& name) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(name + "-")) fs::remove(entry.path());
  }
}

}  // namespace

std::optional<std::string> kept_file(const std::string& name, std::uintmax_t bytes,
                                     const std::function<void(const std::string& path)>& make) {
  const fs::path folder = fs::path(BENCH_FOLDER) / "kept";
  fs::create_directories(folder);
  const fs::path path = folder / (name + "-" + schema_key() + ".db");
  const bool is_there = fs::exists(path);
  if (!is_there) remove_others(folder, name);
  const std::uintmax_t free = fs::space(folder).available;
  if (free < (is_there ? bytes : 2 * bytes)) {
    std::fprintf(stderr, "%s is left out: %.1f GB are free, it takes %.1f GB and a copy as large\n",
                 name.c_str(), static_cast<double>(free) / 1e9, static_cast<double>(bytes) / 1e9);
    return std::nullopt;
  }
  if (!is_there) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string unfinished = path.string() + ".new";
    make(unfinished);
    fs::rename(unfinished, path);
    std::fprintf(stderr, "made %s: %.2f GB in %.0f s\n", name.c_str(),
                 static_cast<double>(fs::file_size(path)) / 1e9,
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return path.string();
}

}  // namespace reconciled::bench
