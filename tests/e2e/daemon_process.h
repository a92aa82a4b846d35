// `reconciled serve` as a process with a configuration and a database of its own, and the ways in:
// its listeners, its command line, the sqlite3 shell.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"

namespace reconciled::e2e {

// What configuration files are made of; each `…_lines` is TOML put into its section.
struct Settings {
  std::string sandbox_url;
  bool v1 = true;
  bool v2 = true;
  std::string log_level = "debug";
  std::string webhook_listen = "127.0.0.1:0";
  std::string redirect_listen = "127.0.0.1:0";
  std::string admin_listen = "127.0.0.1:0";
  std::string webhook_lines{};
  std::string redirect_lines{};
  std::string admin_lines{};
  std::string http_lines{};
  std::string portone_lines{};
  std::string v2_lines{};  // store_id and webhook_secrets, if not the sandbox's
  std::string sweep_every = "0";
  std::string reconcile_lines{};  // replaces the short schedule below
  std::string notify_lines{};
  std::string alert_lines{};
};

[[nodiscard]] std::string toml_of(const Settings& settings, const std::string& database);

class DaemonProcess {
 public:
  // Writes the configuration and starts; waits until it says `ready`. `extra.arguments`: another
  // program than `reconciled`, with options of its own.
  DaemonProcess(std::string folder, Settings settings, Command extra = {});
  // Shows the log where the test failed.
  ~DaemonProcess();

  void start();
  void configure(const Settings& settings);  // written; start or SIGHUP takes it over
  int kill();                                // kill -9
  int stop();                                // SIGTERM, and waits for the end
  [[nodiscard]] ChildProcess& process() { return *process_; }
  [[nodiscard]] std::string log() const;
  void wait_for_log(const std::string& text);
  [[nodiscard]] double resident_mb() const;

  [[nodiscard]] const Endpoint& webhook() const { return webhook_; }
  [[nodiscard]] const Endpoint& redirect() const { return redirect_; }
  [[nodiscard]] const Endpoint& admin() const { return admin_; }
  // From now on calls go over TLS and trust this certificate.
  void trust(const std::string& ca_file);
  [[nodiscard]] std::string webhook_url() const;
  [[nodiscard]] std::string config_path() const { return folder_ + "/reconciled.toml"; }
  [[nodiscard]] std::string database_path() const { return folder_ + "/reconciled.db"; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] Settings& settings() { return settings_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }

  // The admin endpoint; bodies are sent as JSON.
  Answer get(const std::string& target) const;
  Answer send(const std::string& method, const std::string& target, const Json& body = {}) const;
  void register_order(const std::string& payment_id, std::int64_t amount = 10'000,
                      const std::string& currency = "KRW") const;
  // GET /payments/{id}; null where there is none.
  Json payment(const std::string& payment_id) const;
  // Polls until the payment fulfils it; the payment.
  Json wait_for(const std::string& payment_id, const std::function<bool(const Json&)>& is) const;
  Json wait_for_result(const std::string& payment_id, const std::string& result) const;
  // Polls until nothing stored waits for a decision.
  void wait_for_empty_inbox() const;

  // `reconciled --config … ARGUMENTS`. Reads the addresses that were bound.
  Finished command(const std::vector<std::string>& arguments) const;
  // The stock sqlite3 shell on the database, read-only: rows of `|`-separated columns.
  std::string sqlite(const std::string& sql) const;
  // The same facts from the admin endpoint and from the sqlite3 shell; fails the test where they
  // differ. The payment.
  Json same_in_shell(const std::string& payment_id) const;

 private:
  std::string folder_;
  Settings settings_;
  Command extra_;
  std::unique_ptr<ChildProcess> process_;
  std::size_t log_begins_ = 0;  // of the newest start
  Endpoint webhook_;
  Endpoint redirect_;
  Endpoint admin_;
};

// One path segment, percent-encoded; one SQL text literal.
[[nodiscard]] std::string encode(const std::string& id);
[[nodiscard]] std::string quote(const std::string& text);
// The kinds of its open findings, sorted.
[[nodiscard]] std::vector<std::string> open_findings(const Json& payment);

}  // namespace reconciled::e2e
