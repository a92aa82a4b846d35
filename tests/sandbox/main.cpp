// portone-sandbox: a local PortOne for trying and testing; see control.h and sandbox.h.

#include <pthread.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>

#include "daemon/core/words/likeness.h"
#include "tests/sandbox/call.h"
#include "tests/sandbox/commands.h"
#include "tests/sandbox/sandbox.h"

namespace {

constexpr const char* kAbout =
    "A local PortOne for trying and testing: V1 and V2 REST, webhooks (signed for V2), a checkout\n"
    "page, and faults on demand. It listens on loopback only and keeps everything in memory.\n"
    "Without a command it runs; pay, deposit and cancel drive one that runs.";

constexpr const char* kHelp = R"(Pages      GET /  (payments and their webhooks, with buttons)
           GET /checkout?version=v1|v2&payment_id=…&amount=…&currency=KRW&return_url=…
Control    POST /sandbox/orders/ORDER/pay {"amount":64900,"outcome":"paid","webhook":"late=5s"}
           POST /sandbox/orders/ORDER/deposit    POST /sandbox/orders/ORDER/cancel {"amount":1}
           POST /sandbox/payments {"payment_id":"ord-1","version":"v2","amount":64900,"status":"paid"}
           POST /sandbox/payments/ATTEMPT_ID/status {"status":"cancelled","cancel_amount":10000}
           POST /sandbox/webhooks/send {"attempt_id":"…","copies":2,"merge":{…},"secrets":["…"],
                "webhook_id":"…","content_type":"…","raw_hex":"b0a1","member":"merchant_uid"}
           GET /sandbox/webhooks
           PUT /sandbox/webhooks/target {"urls":["http://127.0.0.1:8801/webhooks/portone"]}
           GET /sandbox/requests   (what was asked, and how much at once)
           GET /sandbox/state    POST /sandbox/reset
Faults     PUT /sandbox/faults (POST adds, DELETE clears, GET shows) {PART:…}
 webhooks  {"mode":"lost|late|doubled|reordered","payment":"ord-1","count":1,"secrets":["…"],
            "content_type":"text/plain"}
 rest      {"mode":"slow|timeout|silent|stall|trickle|truncated|reset|refuse|status|not_json|
            wrong_json|wrong_types","status":429,"retry_after_s":1,"where":["v1 list","single"],
            "payment":"ord-1","skip":1,"count":2}, or a list of such rules
 answers   {"payment":"ord-1","where":["list"],"merge":{"amount":1000.5}}; and "rows", "shift_s",
            "hidden", "back", "frozen", "whole", "member" with "raw_hex" or "raw_json"
 moves     {"where":"list","move":{"attempt_id":"…","status":"cancelled"}}: while a list is walked
 limits    {"v2_max_rows":20,"v1_window_days":1}    clocks {"token_now_s":-3600,"date_s":60}
 where     login single batch order list cursor events transactions certification cancel prepare
            resend v1 v2
Every option has a default; amounts are integers in minor units. tests/sandbox/control.h tells all.)";

// "127.0.0.1:8810", "[::1]:8810"
bool read_listen(const std::string& text, reconciled::sandbox::Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto port = reconciled::sandbox::to_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return false;
  options.host = host == "localhost" ? "127.0.0.1" : host;
  options.port = static_cast<std::uint16_t>(*port);
  return true;
}

int serve(const reconciled::sandbox::Options& options) {
  // Blocked before any thread is made, so that only sigwait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a receiver that goes away must not end the sandbox
  reconciled::sandbox::Sandbox sandbox(options);
  sandbox.start();
  std::cout << "portone-sandbox listening on " << sandbox.base_url() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  sandbox.stop();
  return 0;
}

// What drives a running sandbox; `run` is what the line asked for.
void describe_commands(CLI::App& app, reconciled::sandbox::CommandOptions& options,
                       std::function<int()>& run) {
  namespace sandbox = reconciled::sandbox;
  const auto add = [&](const char* name, const char* about,
                       int (*command)(const sandbox::CommandOptions&)) {
    CLI::App* added = app.add_subcommand(name, about);
    added->footer("");
    added->add_option("ORDER", options.order, "V2 paymentId, V1 merchant_uid")->required();
    added->add_option("--url", options.url, "Where the sandbox listens");
    added->add_option("--webhook", options.webhook,
                      "now, late=5s, lost or twice; as PortOne does where it is not given")
        ->default_str("");
    added->callback([&options, &run, added, command] {
      options.is_usual_url = added->count("--url") == 0;
      run = [&options, command] { return command(options); };
    });
    return added;
  };
  CLI::App* pay = add("pay", "Pay an order in a running sandbox", sandbox::pay);
  pay->add_option("--amount", options.amount,
                  "In minor units: 64900 is 64,900 won, or 649.00 dollars")
      ->required()
      ->default_str("");
  pay->add_option("--currency", options.currency, "ISO 4217 code");
  pay->add_option("--api", options.api, "v1 or v2")->check(CLI::IsMember({"v1", "v2"}));
  pay->add_option("--channel", options.channel, "live or test; the sandbox's own if not given")
      ->check(CLI::IsMember({"live", "test"}))
      ->default_str("");
  pay->add_option("--outcome", options.outcome, "paid, failed, virtual_account or abandoned")
      ->check(CLI::IsMember({"paid", "failed", "virtual_account", "abandoned"}));
  add("deposit", "Let the money for an order's virtual account come", sandbox::deposit);
  add("cancel", "Cancel an order, whole or in part", sandbox::cancel)
      ->add_option("--amount", options.amount, "In minor units; all that is left if not given")
      ->default_str("");
}

// What to say of a first word that is no command, or nothing.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "-";
  if (word.empty() || word.front() == '-') return {};
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return {};
  const std::string_view meant = reconciled::core::nearest(word, names);
  return "there is no command '" + reconciled::core::clean_text(word, 60) + "'" +
         (meant.empty() ? "." : ", did you mean " + std::string(meant) + "?") +
         " Commands: pay, deposit, cancel; --help tells more";
}

}  // namespace

int main(int argc, char** argv) {
  reconciled::sandbox::Options options;
  reconciled::sandbox::CommandOptions command;
  std::function<int()> run;
  std::string listen = "127.0.0.1:8810";
  std::int64_t retry_ms = options.webhook_retry.count();
  CLI::App app{kAbout, "portone-sandbox"};
  app.footer(kHelp);
  app.option_defaults()->always_capture_default();
  app.add_option("--listen", listen, "Loopback address and port; port 0 takes a free one");
  app.add_option("--webhook-url", options.webhook_urls, "Where webhooks go; may be repeated");
  app.add_option("--webhook-secret", options.webhook_secrets,
                 "Secrets that sign V2 webhooks, all of them at once; may be repeated");
  app.add_option("--store-id", options.store_id, "V2 store");
  app.add_option("--api-secret", options.api_secret, "V2 API secret");
  app.add_option("--imp-key", options.imp_key, "V1 REST API key");
  app.add_option("--imp-secret", options.imp_secret, "V1 REST API secret");
  app.add_option("--channel", options.channel, "Of payments that do not say: live or test")
      ->check(CLI::IsMember({"live", "test"}));
  app.add_option("--return-url", options.return_url,
                 "Where buyers come back to, as the pages suggest it");
  app.add_option("--v1-webhook-format", options.v1_webhook_format, "json or form")
      ->check(CLI::IsMember({"json", "form"}));
  app.add_option("--v2-webhook-version", options.v2_webhook_version, "2024-04-25 or 2024-01-01")
      ->check(CLI::IsMember({"2024-04-25", "2024-01-01"}));
  app.add_option("--v1-webhook-retries", options.v1_webhook_retries, "Tries after the first")
      ->check(CLI::Range(0, 5));
  app.add_option("--v2-webhook-retries", options.v2_webhook_retries, "Tries after the first")
      ->check(CLI::Range(0, 5));
  app.add_option("--webhook-retry-ms", retry_ms, "Wait before the first retry, then four-fold")
      ->check(CLI::Range(0, 3'600'000));
  if (argc > 0) command.program = argv[0];
  describe_commands(app, command, run);
  if (const std::string wrong = unknown_command(app, argc, argv); !wrong.empty()) {
    std::cerr << "portone-sandbox: " << wrong << "\n";
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  try {
    if (run) return run();
  } catch (const std::exception& error) {
    std::cerr << "portone-sandbox: " << error.what() << "\n";
    return 1;
  }
  options.webhook_retry = std::chrono::milliseconds(retry_ms);
  if (!read_listen(listen, options)) {
    std::cerr << "portone-sandbox: --listen wants HOST:PORT\n";
    return 2;
  }
  try {
    return serve(options);
  } catch (const std::exception& error) {
    std::cerr << "portone-sandbox: " << error.what() << "\n";
    return 1;
  }
}
