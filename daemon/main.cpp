// `reconciled [--config FILE] COMMAND`: reads the command line and runs the command (interface §2).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "daemon/commands/command_line.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/serve.h"
#include "daemon/commands/terminal.h"
#include "storage/store.h"

namespace {

namespace commands = reconciled::commands;
namespace core = reconciled::core;
namespace storage = reconciled::storage;
using commands::Arguments;

// What the command needs of the configuration.
core::ConfigUse use_of(const CLI::App& app) {
  if (app.got_subcommand("serve")) return core::ConfigUse::kServe;
  if (app.got_subcommand("listen")) return core::ConfigUse::kAskPortone;
  if (app.got_subcommand("alert")) return core::ConfigUse::kTellPeople;
  for (const char* name : {"order", "resolve", "lookup", "replay", "resend", "notify", "status", "tail",
                           "backfill", "report", "prune"}) {
    if (app.got_subcommand(name)) return core::ConfigUse::kAskDaemon;
  }
  return core::ConfigUse::kReadFile;
}

int run_with(const core::Config& config, const CLI::App& app, const Arguments& arguments) {
  if (app.got_subcommand("serve")) return commands::serve(config, arguments.config_path);
  if (app.got_subcommand("migrate")) return commands::migrate(config);
  if (app.got_subcommand("status")) return commands::status(config, arguments.json);
  if (app.got_subcommand("tail")) return commands::tail(config, arguments.json);
  if (app.got_subcommand("listen")) return commands::listen(config, arguments.listen);
  if (app.got_subcommand("list")) return commands::list(config, arguments.list);
  if (app.got_subcommand("show")) {
    return commands::show(config, arguments.payment_id, arguments.json);
  }
  if (app.got_subcommand("findings")) return commands::findings(config, arguments.all);
  if (app.got_subcommand("order")) {
    return commands::order(config, arguments.payment_id, arguments.order);
  }
  if (app.got_subcommand("resolve")) {
    return commands::resolve(config, arguments.finding_id, arguments.note);
  }
  if (app.got_subcommand("replay")) return commands::replay(config, arguments.event_id);
  if (app.got_subcommand("resend")) return commands::resend(config, arguments.resend);
  if (app.got_subcommand("notify")) {
    return commands::notify(config, app.get_subcommand("notify")->got_subcommand("pause"));
  }
  if (app.got_subcommand("backup")) return commands::backup(config, arguments.file);
  if (app.got_subcommand("restore")) {
    return commands::restore(config, arguments.file, arguments.force);
  }
  if (app.got_subcommand("prune")) return commands::prune(config);
  if (app.got_subcommand("alert")) return commands::test_alerts(config);
  if (app.got_subcommand("backfill")) return commands::backfill(config, arguments.backfill);
  if (app.got_subcommand("report")) return commands::report(config, arguments.report);
  if (app.got_subcommand("rebuild")) return commands::rebuild(config, arguments.only_check);
  return commands::lookup(config, arguments.payment_id);
}

int run(const CLI::App& app, const Arguments& arguments) {
  if (app.got_subcommand("init")) return commands::init(arguments.config_path, arguments.init);
  if (app.got_subcommand("check")) return commands::check(arguments.config_path, arguments.check);
  if (app.got_subcommand("bugreport")) {
    return commands::bugreport(arguments.config_path, arguments.file, arguments.force);
  }
  const auto config = commands::load_config(arguments.config_path, use_of(app));
  if (!config) return commands::kBadConfiguration;
  try {
    return run_with(*config, app, arguments);
  } catch (const std::exception& error) {
    const auto advice = storage::advice_about(storage::Store(config->database_path), error);
    if (!advice) throw;
    throw std::runtime_error(*advice);
  }
}

// What could not be printed was not done, whoever reads it (a full disk, say).
int with_output(int status) {
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (is_written || status != commands::kDone) return status;
  std::fprintf(stderr, "reconciled: the output could not be written\n");
  return commands::kFailed;
}

// A closed one would be given to the next file that is opened, the database say, and what is meant
// for a person would be written there. Read-only: writing fails, as it would have.
void keep_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    if (::open("/dev/null", O_RDONLY) != fd) std::_Exit(commands::kFailed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  // What the database holds is nobody else's to read, however the daemon was started.
  ::umask(::umask(0) | 027U);
  CLI::App app("", "reconciled");
  Arguments arguments;
  commands::describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return commands::explain(app, error, argc, argv);
  }
  try {
    return with_output(run(app, arguments));
  } catch (const storage::NewerDatabase& error) {
    std::fprintf(stderr, "reconciled: %s\n", commands::plain(error.what()).c_str());
    return commands::kBadConfiguration;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reconciled: %s\n", commands::plain(error.what()).c_str());
    return commands::kFailed;
  }
}
