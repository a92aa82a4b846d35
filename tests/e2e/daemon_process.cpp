#include "tests/e2e/daemon_process.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "daemon/core/words/text.h"
#include "tests/e2e/sandbox_process.h"

namespace reconciled::e2e {
namespace {

std::string text_or_empty(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string address_in(const std::string& log, const std::string& listener) {
  const std::string mark = "listener=" + listener + " address=";
  const auto at = log.find(mark);
  if (at == std::string::npos) throw std::runtime_error("no address of " + listener);
  const auto begin = at + mark.size();
  std::string address = log.substr(begin, log.find_first_of(" \n", begin) - begin);
  address.erase(std::remove(address.begin(), address.end(), '"'), address.end());
  return address;
}

}  // namespace

std::string toml_of(const Settings& s, const std::string& database) {
  std::string toml = "[storage]\npath = \"" + database + "\"\n[log]\nlevel = \"" + s.log_level +
                     "\"\n[http]\n" + s.http_lines + "\n[webhook]\nlisten = \"" + s.webhook_listen +
                     "\"\n" + s.webhook_lines + "\n[redirect]\nlisten = \"" + s.redirect_listen +
                     "\"\n" + s.redirect_lines + "\n[admin]\nlisten = \"" + s.admin_listen +
                     "\"\n" + s.admin_lines + "\n[portone]\n" + s.portone_lines + "\n";
  if (s.v1) {
    toml += "[portone.v1]\nbase_url = \"" + s.sandbox_url +
            "\"\nimp_key = \"sandbox_key\"\nimp_secret = \"sandbox_secret\"\n";
  }
  if (s.v2) {
    toml +=
        "[portone.v2]\nbase_url = \"" + s.sandbox_url + "\"\napi_secret = \"sandbox_api_secret\"\n";
    toml += s.v2_lines.empty() ? "store_id = \"" + std::string(SandboxProcess::kStoreId) +
                                     "\"\nwebhook_secrets = [\"" + SandboxProcess::kSecret + "\"]\n"
                               : s.v2_lines + "\n";
  }
  toml += "[reconcile]\nsweep_every = \"" + s.sweep_every + "\"\n";
  toml += s.reconcile_lines.empty() ? "lookup_schedule = [\"1s\", \"2s\"]" : s.reconcile_lines;
  if (!s.notify_lines.empty()) toml += "\n[notify]\n" + s.notify_lines;
  if (!s.alert_lines.empty()) toml += "\n[alert]\n" + s.alert_lines;
  return toml + "\n";
}

DaemonProcess::DaemonProcess(std::string folder, Settings settings, Command extra)
    : folder_(std::move(folder)), extra_(std::move(extra)) {
  configure(settings);
  start();
}

DaemonProcess::~DaemonProcess() {
  if (process_ && process_->is_running()) {
    // An orderly end lets the sanitizers have their say.
    process_->signal(SIGTERM);
    try {
      const int status = process_->wait();
      CHECK(status == 0);
    } catch (const std::exception& error) {
      MESSAGE(error.what());
    }
  }
  if (test_is_failing()) {
    const std::string text = log();
    std::cerr << "---- log of the daemon\n"
              << text.substr(text.size() - std::min<std::size_t>(text.size(), 20'000)) << "----\n";
  }
}

void DaemonProcess::configure(const Settings& settings) {
  settings_ = settings;
  write_file(config_path(), toml_of(settings, database_path()));
}

void DaemonProcess::start() {
  log_begins_ = process_ ? log().size() : 0;
  Command command = extra_;
  if (command.arguments.empty()) command.arguments = {RECONCILED_BINARY};
  command.arguments.insert(command.arguments.end(), {"--config", config_path(), "serve"});
  process_ = std::make_unique<ChildProcess>(command, folder_ + "/daemon");
  wait_until("the daemon is ready", [this] {
    if (!process_->is_running()) throw std::runtime_error("the daemon ended:\n" + log());
    return log().find(" ready\n", log_begins_) != std::string::npos;
  });
  const std::string text = log().substr(log_begins_);
  webhook_ = {address_in(text, "webhook")};
  redirect_ = {address_in(text, "redirect")};
  admin_ = {address_in(text, "admin")};
}

int DaemonProcess::kill() {
  process_->signal(SIGKILL);
  return process_->wait();
}

int DaemonProcess::stop() {
  process_->signal(SIGTERM);
  return process_->wait();
}

std::string DaemonProcess::log() const { return process_->err(); }

void DaemonProcess::wait_for_log(const std::string& text) {
  wait_until("the log says: " + text,
             [&] { return log().find(text, log_begins_) != std::string::npos; });
}

double DaemonProcess::resident_mb() const {
  const std::string status = read_file("/proc/" + std::to_string(process_->pid()) + "/status");
  const auto at = status.find("VmRSS:");
  if (at == std::string::npos) throw std::runtime_error("the daemon has ended");
  return std::stod(status.substr(at + 6)) / 1024;
}

void DaemonProcess::trust(const std::string& ca_file) {
  for (Endpoint* endpoint : {&webhook_, &redirect_, &admin_}) endpoint->ca_file = ca_file;
}

std::string DaemonProcess::webhook_url() const {
  return "http://" + webhook_.address + "/webhooks/portone";
}

Answer DaemonProcess::get(const std::string& target) const { return ask(admin_, {"GET", target}); }

Answer DaemonProcess::send(const std::string& method, const std::string& target,
                           const Json& body) const {
  return ask(admin_, {method,
                      target,
                      body.is_null() ? "{}" : body.dump(),
                      {{"Content-Type", "application/json"}}});
}

void DaemonProcess::register_order(const std::string& payment_id, std::int64_t amount,
                                   const std::string& currency) const {
  const Answer answer =
      send("PUT", "/orders/" + encode(payment_id), {{"amount", amount}, {"currency", currency}});
  REQUIRE_MESSAGE(answer.status == 201, answer.body);
}

Json DaemonProcess::payment(const std::string& payment_id) const {
  const Answer answer = get("/payments/" + encode(payment_id));
  return answer.status == 200 ? answer.json() : Json();
}

Json DaemonProcess::wait_for(const std::string& payment_id,
                             const std::function<bool(const Json&)>& is) const {
  Json found;
  try {
    wait_until("payment " + payment_id + " is as wanted", [&] {
      found = payment(payment_id);
      return !found.is_null() && is(found);
    });
  } catch (const std::exception&) {
    MESSAGE(found.dump(1));
    throw;
  }
  return found;
}

Json DaemonProcess::wait_for_result(const std::string& payment_id,
                                    const std::string& result) const {
  CAPTURE(result);
  return wait_for(payment_id, [&](const Json& p) { return p.at("result") == result; });
}

void DaemonProcess::wait_for_empty_inbox() const {
  wait_until("the inbox is empty",
             [this] { return get("/stats").json().at("inbox").at("depth") == 0; });
}

Finished DaemonProcess::command(const std::vector<std::string>& arguments) const {
  // The command line needs the ports that the daemon found.
  Settings bound = settings_;
  bound.admin_listen = admin_.address;
  const std::string path = folder_ + "/command.toml";
  write_file(path, toml_of(bound, database_path()));
  Command command{{RECONCILED_BINARY, "--config", path}};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return run(command);
}

std::string DaemonProcess::sqlite(const std::string& sql) const {
  const Finished done = run({{"sqlite3", "-batch", "-noheader", "-cmd", ".timeout 20000",
                              "file:" + database_path() + "?mode=ro", sql}});
  if (done.status != 0) throw std::runtime_error("sqlite3: " + done.err);
  return done.out;
}

Json DaemonProcess::same_in_shell(const std::string& payment_id) const {
  const std::string sql =
      "SELECT result, authority, deliverable, unverified, ui_state, webhook_status, currency,"
      " expected_amount, total_amount, cancelled_amount, version,"
      " (SELECT group_concat(a) FROM (SELECT attempt_id || ':' || api || ':' || result AS a"
      "  FROM attempt t WHERE t.payment_no = p.payment_no ORDER BY attempt_id))"
      " FROM payment p WHERE payment_id = " +
      quote(payment_id);
  std::string row;
  Json shown;
  wait_until("the payment stands still between two readings", [&] {
    const Json before = payment(payment_id);
    row = sqlite(sql);
    shown = payment(payment_id);
    return before.at("version") == shown.at("version");
  });
  std::string expected;
  for (const char* name :
       {"result", "authority", "deliverable", "unverified", "ui_state", "webhook_status",
        "currency", "expected_amount", "total_amount", "cancelled_amount", "version"}) {
    expected += text_or_empty(shown.at(name)) + "|";
  }
  std::vector<std::string> attempts;
  for (const Json& attempt : shown.at("attempts")) {
    attempts.push_back(attempt.at("attempt_id").get<std::string>() + ":" +
                       attempt.at("api").get<std::string>() + ":" +
                       attempt.at("result").get<std::string>());
  }
  std::sort(attempts.begin(), attempts.end());
  for (const std::string& attempt : attempts) {
    expected += (&attempt == attempts.data() ? "" : ",") + attempt;
  }
  CHECK(row == expected + "\n");
  return shown;
}

std::string encode(const std::string& id) { return core::percent_encode(id); }

std::string quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

std::vector<std::string> open_findings(const Json& payment) {
  std::vector<std::string> kinds;
  for (const Json& finding : payment.at("findings")) {
    if (finding.at("open").get<bool>()) kinds.push_back(finding.at("kind"));
  }
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

}  // namespace reconciled::e2e
