// Copies of the database: made beside the running daemon, put back while it is stopped.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "daemon/commands/commands.h"
#include "storage/rebuild.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

// Whether the state in the copy follows from its evidence; each difference is printed.
bool is_derivable(const std::string& file) {
  storage::Store copy(file);
  if (!copy.pending_migrations().empty()) return true;  // an older one is not derived by new rules
  const storage::RebuildCounts counts = storage::check_rebuild(
      copy, [](const std::string& sentence) { std::printf("%s\n", sentence.c_str()); });
  std::printf("%s: whole; %lld payment(s) checked, %lld differ from their evidence\n", file.c_str(),
              static_cast<long long>(counts.payments), static_cast<long long>(counts.different));
  return counts.different == 0;
}

// SQLite takes `:memory:` and what begins with `file:` for something else than a file's name.
std::string path_of(const std::string& name) {
  const bool is_special = name.starts_with(':') || name.starts_with("file:");
  return is_special ? "./" + name : name;
}

bool is_confirmed() {
  if (::isatty(STDIN_FILENO) == 0) {
    std::fputs("reconciled: restore: nobody is there to ask; --yes does it\n", stderr);
    return false;
  }
  std::printf("Go on? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

int backup(const core::Config& config, const std::string& name) {
  const std::string file = path_of(name);
  storage::Store(config.database_path).back_up(file);
  return is_derivable(file) ? kDone : kDifferences;
}

int restore(const core::Config& config, const std::string& name, bool yes) {
  const std::string file = path_of(name);
  if (!std::filesystem::is_regular_file(file)) {
    throw std::runtime_error(file + ": there is no such file");
  }
  storage::Store store(config.database_path);
  // Refused while the daemon runs.
  store.own();
  bool agrees = false;
  try {
    agrees = is_derivable(file);
  } catch (const storage::NewerDatabase&) {
    throw;
  } catch (const std::exception& error) {
    // Of the copy, not of the database.
    throw std::runtime_error(file + " is no good copy, and nothing was changed: " + error.what());
  }
  std::printf("It takes the place of %s, which is kept beside it as %s.before-TIME.\n"
              "What PortOne knows of the time since is asked of it at the next start. Orders that your\n"
              "backend registered since, and findings that people closed, it does not know: have the\n"
              "orders registered again, until then paid ones are held.\n",
              store.location().c_str(), store.location().c_str());
  if (!agrees) std::printf("The next start, or `reconciled rebuild`, derives what differs anew.\n");
  if (!yes && !is_confirmed()) {
    std::printf("nothing was changed\n");
    return kFailed;
  }
  const std::string aside = store.put_back(file);
  std::printf("restored from %s%s\n", file.c_str(),
              aside.empty() ? "" : ("; what was there is " + aside).c_str());
  std::printf("Next: systemctl start reconciled; the warnings and findings of its first minutes "
              "tell what changed meanwhile.\n");
  return kDone;
}

}  // namespace reconciled::commands
