// Runs a fuzz target over files, without libFuzzer: how the corpus is an ordinary test.
//
// usage: <target>_replay FILE-OR-FOLDER...
// Prints each file before it runs, so that the last line names the one that crashed. Fails where
// there is nothing to replay. tests/fuzz/CMakeLists.txt says how to search for new inputs.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(int count, char** arguments) {
  std::vector<fs::path> files;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(arguments[i])) {
      files.emplace_back(arguments[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(arguments[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    std::printf("cannot read %s\n", file.c_str());
    return false;
  }
  std::printf("%s\n", file.c_str());
  std::fflush(stdout);
  // A copy of exactly that size, so that a sanitizer sees one byte too many.
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const auto files = files_of(count, arguments);
  const bool good = !files.empty() && std::all_of(files.begin(), files.end(), replay);
  std::printf("%zu files\n", files.size());
  return good ? 0 : 1;
}
