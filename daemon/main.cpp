// `reconciled [--config FILE] COMMAND`: reads the command line and runs the command (interface §2).
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "daemon/commands/commands.h"
#include "daemon/commands/serve.h"
#include "storage/migrate.h"

namespace {

using reconciled::commands::ListOptions;
namespace commands = reconciled::commands;
namespace core = reconciled::core;

struct Arguments {
  std::string config_path = "/etc/reconciled/reconciled.toml";
  ListOptions list;
  std::string payment_id;
  bool json = false;
  bool all = false;
  bool check = false;
  std::int64_t event_id = 0;
  std::int64_t amount = 0;
  std::string currency;
};

void describe(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", "reconciled " RECONCILED_VERSION);
  app.add_option("--config", arguments.config_path, "Configuration file")->capture_default_str();
  app.require_subcommand(1);
  app.add_subcommand("serve", "Run the daemon");
  app.add_subcommand("check", "Check configuration, secrets and database; print every fault");
  app.add_subcommand("migrate", "Apply pending migrations (with the daemon stopped)");

  CLI::App* list = app.add_subcommand("list", "List payments, the newest first");
  list->add_option("--result", arguments.list.result, "Only this result");
  list->add_option("--finding", arguments.list.finding, "Only with an open finding of this kind");
  list->add_option("--since", arguments.list.since, "Created at or after this time or date");
  list->add_option("--limit", arguments.list.limit, "At most this many rows")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  list->add_flag("--json", arguments.list.json, "As JSON");

  CLI::App* show = app.add_subcommand("show", "Show one payment with its history");
  show->add_option("PAYMENT_ID", arguments.payment_id)->required();
  show->add_flag("--json", arguments.json, "As JSON");

  CLI::App* findings = app.add_subcommand("findings", "List what a person should look at");
  findings->add_flag("--all", arguments.all, "Closed ones too");

  CLI::App* order = app.add_subcommand("order", "Register an expected order");
  order->add_option("PAYMENT_ID", arguments.payment_id)->required();
  order->add_option("--amount", arguments.amount, "In minor units: 64900 is 64,900 won")
      ->required();
  order->add_option("--currency", arguments.currency, "ISO 4217 code")->required();

  CLI::App* lookup = app.add_subcommand("lookup", "Ask PortOne about a payment now");
  lookup->add_option("PAYMENT_ID", arguments.payment_id)->required();

  CLI::App* replay = app.add_subcommand("replay", "Reconcile a stored event again");
  replay->add_option("EVENT_ID", arguments.event_id)->required()->check(CLI::PositiveNumber);

  CLI::App* rebuild = app.add_subcommand("rebuild", "Derive every payment anew from evidence");
  rebuild->add_flag("--check", arguments.check, "Change nothing; exit 3 on a difference");
}

// What the command needs of the configuration.
core::ConfigUse use_of(const CLI::App& app) {
  if (app.got_subcommand("serve")) return core::ConfigUse::kServe;
  for (const char* name : {"order", "lookup", "replay"}) {
    if (app.got_subcommand(name)) return core::ConfigUse::kAskDaemon;
  }
  return core::ConfigUse::kReadFile;
}

int run(const CLI::App& app, const Arguments& arguments) {
  if (app.got_subcommand("check")) return commands::check(arguments.config_path);
  auto config = commands::load_config(arguments.config_path, use_of(app));
  if (!config) return commands::kBadConfiguration;
  if (app.got_subcommand("serve")) {
    return commands::serve(std::move(*config), arguments.config_path);
  }
  if (app.got_subcommand("migrate")) return commands::migrate(*config);
  if (app.got_subcommand("list")) return commands::list(*config, arguments.list);
  if (app.got_subcommand("show")) {
    return commands::show(*config, arguments.payment_id, arguments.json);
  }
  if (app.got_subcommand("findings")) return commands::findings(*config, arguments.all);
  if (app.got_subcommand("order")) {
    return commands::order(*config, arguments.payment_id, arguments.amount, arguments.currency);
  }
  if (app.got_subcommand("replay")) return commands::replay(*config, arguments.event_id);
  if (app.got_subcommand("rebuild")) return commands::rebuild(*config, arguments.check);
  return commands::lookup(*config, arguments.payment_id);
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
  CLI::App app("Webhook-first reconciliation of PortOne payments", "reconciled");
  Arguments arguments;
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? commands::kDone : commands::kUsage;
  }
  try {
    return run(app, arguments);
  } catch (const reconciled::storage::NewerDatabase& error) {
    std::fprintf(stderr, "reconciled: %s\n", error.what());
    return commands::kBadConfiguration;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reconciled: %s\n", error.what());
    return commands::kFailed;
  }
}
