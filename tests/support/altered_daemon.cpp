// `reconciled serve` with a writer altered: for benchmarks, and for tests of the tests.
//
// usage: altered-daemon [--one-a-commit] [--complete-early] --config FILE serve
//   --one-a-commit    every unit of work is a transaction of its own
//   --complete-early  acknowledges before the commit, which is what never may happen
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "daemon/commands/commands.h"
#include "daemon/commands/serve.h"

int main(int argc, char** argv) {
  reconciled::storage::WriterOptions writer;
  std::string config_path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--one-a-commit") writer.max_batch = 1;
    if (argument == "--complete-early") writer.completes_early = true;
    if (argument == "--config" && i + 1 < argc) config_path = argv[++i];
  }
  auto config = reconciled::commands::load_config(config_path);
  if (!config) return EXIT_FAILURE;
  try {
    return reconciled::commands::serve(std::move(*config), config_path, std::move(writer));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "altered-daemon: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
