#include "tests/recipes/shop.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "tests/support/listening_socket.h"

namespace reconciled::e2e {
namespace {

// Debian's own, which has Debian's modules.
constexpr const char* kPython = "/usr/bin/python3";

std::string recipes() { return std::string(RECIPES_FOLDER) + "/" + recipe_language(); }

std::vector<std::string> command_of(const std::string& name, const std::string& port) {
  const std::string language = recipe_language();
  const std::string file = recipes() + "/" + name;
  if (language == "node") return {"node", file + ".js"};
  if (port.empty()) {
    return language == "php" ? std::vector<std::string>{"php", file + ".php"}
                             : std::vector<std::string>{kPython, file + ".py"};
  }
  if (language == "php") return {"php", "-S", "127.0.0.1:" + port, file + ".php"};
  return {kPython, "-m", "uvicorn", "--app-dir", recipes(), "--port", port, name + ":app"};
}

}  // namespace

std::string recipe_language() {
  const char* language = std::getenv("RECIPE_LANGUAGE");
  return language == nullptr ? "node" : language;
}

std::string Shop::push_lacks() {
  if (recipe_language() == "python" &&
      run({.arguments = {kPython, "-c", "import standardwebhooks"}}).status != 0) {
    return std::string(kPython) + " has no standardwebhooks (PyPI)";
  }
  if (recipe_language() == "php" && !std::filesystem::exists(recipes() + "/vendor/autoload.php")) {
    return "no standard-webhooks/standard-webhooks (composer) in " + recipes() + "/vendor";
  }
  return "";
}

std::string free_port() { return std::to_string(test::ListeningSocket().port()); }

Shop::Shop(const Rig& rig) : folder_(rig.folder.text()) {
  environment_.environment = {
      {"SHOP_DATABASE", folder_ + "/shop.db"},
      {"RECONCILED_ADMIN", "http://" + rig.daemon.admin().address},
      {"RETURN_URL", "http://" + rig.daemon.redirect().address + "/payments/complete"},
      {"CHECKOUT_PAGE", recipes() + "/checkout.html"},
      {"PORTONE_STORE_ID", SandboxProcess::kStoreId},
      {"PORTONE_CHANNEL_KEY", "channel-key-1"},
      {"NOTIFY_SECRET", kNotifySecret},
      {"PYTHONDONTWRITEBYTECODE", "1"}};
  checkout_ = serve("checkout", free_port(), checkout_at_);
}

Shop::~Shop() {
  if (!test_is_failing()) return;
  for (const auto* process : {&checkout_, &notifications_, &changes_}) {
    if (*process)
      std::cerr << "---- recipe\n" << (*process)->out() << (*process)->err() << "----\n";
  }
}

std::unique_ptr<ChildProcess> Shop::start(const std::string& name, const std::string& port) {
  Command command = environment_;
  command.arguments = command_of(name, port);
  command.environment["PORT"] = port;
  return std::make_unique<ChildProcess>(command, folder_ + "/" + name);
}

std::unique_ptr<ChildProcess> Shop::serve(const std::string& name, const std::string& port,
                                          Endpoint& at) {
  at = {"127.0.0.1:" + port};
  auto process = start(name, port);
  wait_until(name + " listens", [&] {
    if (!process->is_running()) throw std::runtime_error(name + " ended: " + process->err());
    try {
      return ask(at, {"GET", "/"}).status != 0;
    } catch (const std::exception&) {
      return false;
    }
  });
  return process;
}

void Shop::start_notifications(const std::string& port) {
  notifications_ = serve("notifications", port, notifications_at_);
}
void Shop::start_changes() { changes_ = start("changes", ""); }

Answer Shop::ask_checkout(const std::string& item) {
  return ask(checkout_at_, {"POST", "/checkout/" + item});
}

Json Shop::checkout(const std::string& item) {
  const Answer page = ask_checkout(item);
  REQUIRE_MESSAGE(page.status == 200, page.body);
  const std::string begin = "const order = ";
  const auto at = page.body.find(begin);
  REQUIRE(at != std::string::npos);
  const auto from = at + begin.size();
  return Json::parse(page.body.substr(from, page.body.find(";  //", from) - from));
}

int Shop::notify(const Json& message, const std::string& id, const std::string& secret) {
  const std::string file = folder_ + "/message.json";
  write_file(file, message.dump());
  const Finished sent = run(
      {.arguments = {"node", std::string(RECIPES_FOLDER) + "/node/send.js",
                     "http://" + notifications_at_.address + "/notifications", secret, id, file}});
  REQUIRE_MESSAGE(sent.status == 0, sent.err);
  return std::stoi(sent.out);
}

std::string Shop::sql(const std::string& statement) const {
  const Finished done =
      run({.arguments = {"sqlite3", "-cmd", ".timeout 10000", folder_ + "/shop.db", statement}});
  REQUIRE_MESSAGE(done.status == 0, done.err);
  return done.out.substr(0, done.out.find('\n'));
}

int Shop::shipments(const std::string& payment_id) const {
  return std::stoi(sql("SELECT count(*) FROM shipment WHERE payment_id = " + quote(payment_id)));
}

std::int64_t Shop::refunded(const std::string& payment_id) const {
  return std::stoll(sql("SELECT refunded FROM shop_order WHERE payment_id = " + quote(payment_id)));
}

}  // namespace reconciled::e2e
