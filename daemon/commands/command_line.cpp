#include "daemon/commands/command_line.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include "daemon/commands/terminal.h"
#include "daemon/core/words/likeness.h"

namespace reconciled::commands {
namespace {

constexpr const char* kAbout =
    "reconciled takes in PortOne's webhooks and the browsers that come back, asks PortOne how "
    "each\n"
    "payment really stands, and tells your backend when it may deliver.";

constexpr const char* kEnd =
    "For the first time?   reconciled init --url https://pay.example.com\n"
    "Something is wrong?   reconciled status, then findings, then show PAYMENT_ID\n"
    "Before the first start, and after each change:   reconciled check --online\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 a check found differences,\n"
    "78 bad configuration or a database newer than the program.";

// Digits and no more: CLI11 itself reads 010 as eight, and what is too large as the largest.
std::string fault_of_number(const std::string& text) {
  const bool good = !text.empty() && text.size() < 19 && (text == "0" || text.front() != '0') &&
                    text.find_first_not_of("0123456789") == std::string::npos;
  return good ? "" : text + " is no whole number";
}

void describe_init(CLI::App& app, Arguments& arguments) {
  CLI::App* init = app.add_subcommand("init", "Write a first configuration, and say what comes next");
  init->group("Setting up");
  InitOptions& options = arguments.init;
  init->add_flag("--v1", options.v1, "PortOne V1 (I'amport); without --v1, --v2 and --store-id: both");
  init->add_flag("--v2", options.v2, "PortOne V2");
  init->add_option("--store-id", options.store_id, "V2: store-… from PortOne's console; means --v2");
  init->add_option("--channel", options.channel, "live or test: whose payments may be delivered")
      ->check(CLI::IsMember({"live", "test"}))
      ->capture_default_str();
  init->add_option("--url", options.url, "Where your reverse proxy stands: https://pay.example.com");
  init->add_option("--port", options.port,
                   "Of webhooks on 127.0.0.1; buyers and the admin endpoint get the next two")
      ->check(CLI::Range(1, 65533))
      ->check(fault_of_number)
      ->capture_default_str();
  init->add_flag("--force", options.force, "Write over the file, and keep it as FILE.old");
}

void describe_daemon(CLI::App& app, Arguments& arguments) {
  const std::string group = "The daemon";
  app.add_subcommand("serve", "Run the daemon (systemd does)")->group(group);
  CLI::App* check =
      app.add_subcommand("check", "Check configuration, secrets and database; tell every fault");
  check->group(group);
  check->add_flag("--online", arguments.check.online,
                  "Also ask PortOne: keys, store, channel, clock (10 s at most)");
  check->add_flag("--quiet", arguments.check.quiet, "Say nothing where all is good");
  check->add_flag("--reload", arguments.check.reload,
                  "Quietly, what a reload would take: credentials are read at a start only");
  app.add_subcommand("migrate", "Apply pending migrations (with the daemon stopped)")->group(group);
  CLI::App* rebuild =
      app.add_subcommand("rebuild", "Derive every payment anew from evidence (daemon stopped)");
  rebuild->group(group);
  rebuild->add_flag("--check", arguments.only_check,
                    "Change nothing, at any time; exit 3 on a difference");
}

void describe_looking(CLI::App& app, Arguments& arguments) {
  const std::string group = "Looking";
  CLI::App* status = app.add_subcommand("status", "What stands now: warnings, queues, PortOne");
  status->group(group);
  status->add_flag("--json", arguments.json, "As JSON, times in UTC");

  CLI::App* tail = app.add_subcommand("tail", "Follow what arrives and what it comes to");
  tail->group(group);
  tail->add_flag("--json", arguments.json, "As JSON, a line each, times in UTC");

  CLI::App* list = app.add_subcommand("list", "List payments, the newest first");
  list->group(group);
  list->add_option("--result", arguments.list.result, "Only this result: paid, failed, …");
  list->add_option("--finding", arguments.list.finding, "Only with an open finding of this kind");
  list->add_option("--since", arguments.list.since,
                   "Created since: 2026-11-22, \"2026-11-22 18:30\" or RFC 3339");
  list->add_option("--limit", arguments.list.limit, "At most this many rows")
      ->check(CLI::Range(1, 500))
      ->check(fault_of_number)
      ->capture_default_str();
  list->add_flag("--json", arguments.list.json, "As JSON, times in UTC");

  CLI::App* show = app.add_subcommand("show", "Show one payment with all that happened to it");
  show->group(group);
  show->add_option("PAYMENT_ID", arguments.payment_id, "V1 merchant_uid, V2 paymentId")->required();
  show->add_flag("--json", arguments.json, "As JSON, times in UTC");

  CLI::App* findings = app.add_subcommand("findings", "List what a person should look at");
  findings->group(group);
  findings->add_flag("--all", arguments.all, "Closed ones too");
}

void describe_acting(CLI::App& app, Arguments& arguments) {
  const std::string group = "Acting, through the running daemon";
  CLI::App* order = app.add_subcommand("order", "Register what an order should cost");
  order->group(group);
  order->add_option("PAYMENT_ID", arguments.payment_id)->required();
  order
      ->add_option("--amount", arguments.order.amount,
                   "In minor units: 64900 is 64,900 won, or 649.00 dollars")
      ->required()
      ->check(fault_of_number);
  order->add_option("--currency", arguments.order.currency, "ISO 4217 code: KRW")->required();
  order->add_flag("--preregister", arguments.order.preregister,
                  "Tell PortOne, too: no payment window opens for another amount");
  order->add_flag("--correct", arguments.order.correct,
                  "Correct what was registered wrongly, though it is paid; needs --note");
  order->add_option("--note", arguments.order.note, "Why it is corrected: stays in its history");

  CLI::App* resolve = app.add_subcommand("resolve", "Close a finding by hand");
  resolve->group(group);
  resolve->add_option("FINDING_ID", arguments.finding_id, "As `findings` tells it")
      ->required()
      ->check(fault_of_number);
  resolve->add_option("--note", arguments.note, "Why: stays in the payment's history, with who did it")
      ->required();

  CLI::App* lookup = app.add_subcommand("lookup", "Ask PortOne about a payment now");
  lookup->group(group);
  lookup->add_option("PAYMENT_ID", arguments.payment_id)->required();

  CLI::App* replay = app.add_subcommand("replay", "Reconcile a stored event again");
  replay->group(group);
  replay->add_option("EVENT_ID", arguments.event_id, "As `tail` or GET /events tell it")
      ->required()
      ->check(fault_of_number);
}

void describe_telling(CLI::App& app, Arguments& arguments) {
  const std::string group = "Messages to your backend, through the running daemon";
  CLI::App* resend = app.add_subcommand("resend", "Send messages again, in order");
  resend->group(group);
  resend->add_option("NOTIFICATION_ID", arguments.resend.notification, "As GET /notifications tells it")
      ->check(fault_of_number);
  resend->add_option("--since", arguments.resend.since,
                     "All made since: 2026-11-22, \"2026-11-22 18:30\" or RFC 3339");
  resend->add_option("--until", arguments.resend.until, "And before");
  resend->add_flag("--failed", arguments.resend.failed, "Of these, what failed or was given up");

  CLI::App* notify = app.add_subcommand("notify", "Have messages wait, or go on");
  notify->group(group);
  notify->add_subcommand("pause", "Messages wait, over restarts too");
  notify->add_subcommand("resume", "Messages go on");
  notify->require_subcommand(1);
}

void describe_people(CLI::App& app, Arguments& arguments) {
  const std::string group = "People";
  CLI::App* alert = app.add_subcommand("alert", "Messages to people when something is wrong");
  alert->group(group);
  alert->add_subcommand("test", "Send a test message to each of alert.urls; say what each answers");
  alert->require_subcommand(1);
  CLI::App* bugreport =
      app.add_subcommand("bugreport", "Write what a helper needs to FILE: no secrets, nobody's data");
  bugreport->group(group);
  bugreport->add_option("FILE", arguments.file, "A new file, readable by you alone")->required();
  bugreport->add_flag("--force", arguments.force, "Overwrite FILE");
}

void describe_books(CLI::App& app, Arguments& arguments) {
  const std::string group = "Books, through the running daemon";
  CLI::App* report = app.add_subcommand(
      "report", "Compare a day's payments: PortOne's list, ours, and the registered orders");
  report->group(group);
  report->add_option("--day", arguments.report.day, "2026-11-22 (of `timezone`), yesterday or today")
      ->required();
  report->add_option("--format", arguments.report.format, "table, csv (opens in Excel) or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  report->footer("Exit status: 0 the books agree, 3 they differ, 1 something could not be compared.");

  CLI::App* backfill = app.add_subcommand(
      "backfill", "Walk PortOne's lists over days of the past; take in what never arrived");
  backfill->group(group);
  backfill->add_option("--from", arguments.backfill.from, "The first day, 2026-11-01, of `timezone`")
      ->required();
  backfill->add_option("--to", arguments.backfill.to, "The last day; PortOne lists by the last change")
      ->required();
  backfill->add_flag("--notify", arguments.backfill.notify,
                     "Messages and findings also about what happened before the daemon's first start");
  backfill->footer("Ctrl-C stops it; the same line goes on where it was. Closing the terminal does not.");
}

void describe_developing(CLI::App& app, Arguments& arguments) {
  CLI::App* listen = app.add_subcommand(
      "listen", "Deliver the test channel's webhooks to a URL of yours, without a tunnel");
  listen->group("Developing, without the daemon");
  listen->add_option("--to", arguments.listen.to, "http://localhost:3000/webhooks/portone")
      ->required();
  listen->add_option("--since", arguments.listen.since, "Also those sent so long ago: 30m, 2h")
      ->capture_default_str();
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// The first word that is neither an option nor one's value.
std::string command_in(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--config") {
      ++i;
    } else if (!word.starts_with("-")) {
      return std::string(word);
    }
  }
  return {};
}

// The first option on the line that `command` does not know.
std::string unknown_option(const std::vector<std::string>& known, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) continue;
    std::string name(word.substr(0, word.find('=')));
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return {};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_wrapped(const std::string& text) {
  for (const std::string& line : wrap(text, kColumns)) std::fprintf(stderr, "%s\n", line.c_str());
}

void say(const std::string& text) { print_wrapped("reconciled: " + text); }

void say_unknown_command(const std::string& given, const std::vector<std::string>& names) {
  const std::string_view meant = core::nearest(given, names);
  say("unknown command '" + clip(plain(given), 60) + "'" +
      (meant.empty() ? "" : ", did you mean '" + std::string(meant) + "'?"));
  print_wrapped("Commands: " + joined(names) + ".");
  std::fprintf(stderr, "`reconciled --help` tells what they do.\n");
}

void say_wrong_option(const CLI::App& command, const CLI::ParseError& error, int argc,
                      char** argv) {
  std::vector<std::string> known{"--config"};
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string unknown = unknown_option(known, argc, argv);
  const std::string& name = command.get_name();
  if (unknown.empty()) {
    say(name + ": " + plain(error.what()));
  } else {
    const std::string_view meant = core::nearest(unknown, known);
    say(name + " knows no option " + clip(plain(unknown), 60) +
        (meant.empty() ? "" : ", did you mean " + std::string(meant) + "?"));
    std::fprintf(stderr, "It knows: %s.\n", joined(known).c_str());
  }
  std::fprintf(stderr, "`reconciled %s --help` tells more.\n", name.c_str());
}

}  // namespace

void describe(CLI::App& app, Arguments& arguments) {
  app.description(kAbout);
  app.set_version_flag("--version", "reconciled " RECONCILED_VERSION);
  app.add_option("--config", arguments.config_path, "Configuration file")->capture_default_str();
  app.require_subcommand(1);
  describe_init(app, arguments);
  describe_daemon(app, arguments);
  describe_looking(app, arguments);
  describe_acting(app, arguments);
  describe_telling(app, arguments);
  describe_people(app, arguments);
  describe_books(app, arguments);
  describe_developing(app, arguments);
  // `--config` may stand behind the command, too. Behind the commands, which would inherit the end.
  app.fallthrough();
  for (CLI::App* command : app.get_subcommands(nullptr)) command->fallthrough();
  app.footer(kEnd);
}

int explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return kDone;
  }
  const std::string given = command_in(argc, argv);
  const std::vector<std::string> names = names_of_commands(app);
  if (given.empty()) {
    say("name a command: " + joined(names));
    std::fprintf(stderr, "`reconciled --help` tells what they do.\n");
    return kUsage;
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() != given) continue;
    say_wrong_option(*command, error, argc, argv);
    return kUsage;
  }
  say_unknown_command(given, names);
  return kUsage;
}

}  // namespace reconciled::commands
