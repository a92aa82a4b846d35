// The command line: what may be said, and what to answer where something else was said.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "daemon/commands/commands.h"
#include "daemon/commands/init.h"

namespace reconciled::commands {

struct Arguments {
  std::string config_path = "/etc/reconciled/reconciled.toml";
  InitOptions init;
  ListOptions list;
  CheckOptions check;
  ListenOptions listen;
  std::string payment_id;
  bool json = false;
  bool all = false;
  bool only_check = false;
  std::int64_t event_id = 0;
  std::int64_t finding_id = 0;
  std::string note;
  ResendOptions resend;
  OrderOptions order;
  std::string file;
  bool force = false;
  BackfillOptions backfill;
  ReportOptions report;
};

// Adds every command with its options to `app`.
void describe(CLI::App& app, Arguments& arguments);

// Prints help or version, or what is wrong with the line and what was probably meant; the exit
// status.
int explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv);

}  // namespace reconciled::commands
