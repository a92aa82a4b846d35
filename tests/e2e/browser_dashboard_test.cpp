// The operator's pages in a real browser: what each looks like, on a telephone and on a screen, in
// both languages, in the light and in the dark, without scripts; and a payment found and asked about.
// Pictures stand under build/screenshots/dashboard for people to look at.
//
// RECONCILED_LARGE_FILE: a database of many payments (`bench --full` keeps one under its kept/), whose
// pages are looked at, too.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/e2e/buyer.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;

namespace {

constexpr const char* kToken = "let-me-in-0123456789";

struct Size {
  const char* name;
  int width;
  int height;
};
constexpr Size kSizes[]{{"phone", 390, 844}, {"small", 320, 568}, {"wide", 1'440, 900}};

Settings guarded_shop() {
  Settings settings = shop_settings();
  settings.admin_lines = std::string("token = \"") + kToken + "\"";
  return settings;
}

// A morning's worth of payments, three of them with something to look at. With a token only the
// browser sees how far the daemon is.
void live(Buyer& buyer) {
  const auto bearer = [&](const std::string& method, const std::string& target, const Json& body) {
    return ask(buyer.rig.daemon.admin(), {method, target, body.is_null() ? "" : body.dump(),
                                          {{"Authorization", std::string("Bearer ") + kToken},
                                           {"Content-Type", "application/json"}}});
  };
  const auto make = [&](const std::string& id, std::int64_t registered, Json attempt) {
    if (registered > 0) {
      CHECK(bearer("PUT", "/orders/" + id, {{"amount", registered}, {"currency", "KRW"}}).status == 201);
    }
    attempt.update({{"payment_id", id}, {"amount", 64'900}});
    buyer.rig.portone.make(attempt);
  };
  make("20261127-000131", 64'900, {{"status", "paid"}});
  make("20261127-000132", 64'900, {{"status", "paid"}, {"version", "v2"}});
  make("20261127-000133", 59'900, {{"status", "paid"}});
  make("20261127-000134", 64'900, {{"status", "virtual_account_issued"}});
  make("20261127-000135", 64'900, {{"status", "failed"}});
  make("20261127-000136", 0, {{"status", "paid"}, {"version", "v2"}});
  buyer.rig.come_back("merchant_uid=20261127-000133&imp_success=false&error_msg=" +
                      encode("한도 초과입니다"));
  wait_until("all is decided", [&] {
    const Json stats = bearer("GET", "/stats", Json()).json();
    return stats.at("payments").at("paid") == 4 && stats.at("payments").at("failed") == 1 &&
           stats.at("payments").at("awaiting_deposit") == 1;
  });
}

void look_at(Buyer& buyer, const std::string& name) {
  CAPTURE(name);
  Browser& browser = buyer.browser;
  for (const bool dark : {false, true}) {
    browser.darken(dark);
    for (const Size& size : kSizes) {
      CAPTURE(std::string(size.name));
      browser.resize(size.width, size.height);
      CHECK(browser.run("return document.documentElement.scrollWidth<=innerWidth") == true);
      browser.picture(std::string(SCREENSHOTS_FOLDER) + "/dashboard/" + size.name + "/" + name +
                      (dark ? "-dark.png" : "-light.png"));
    }
    const std::vector<std::string> faults = browser.accessibility_faults();
    CHECK_MESSAGE(faults.empty(), Json(faults).dump(1));
  }
}

std::string admin_address(const Buyer& buyer, const std::string& target) {
  return "http://" + buyer.rig.daemon.admin().address + target;
}

void sign_in(Buyer& buyer, const std::string& token) {
  buyer.browser.open(admin_address(buyer, "/"));
  buyer.browser.run("document.querySelector('#token').value=arguments[0]", Json::array({token}));
  buyer.browser.click(".signin button");
}

// The day on which the payments were made, as a person asks for it: yesterday is offered.
std::string compare_today(Buyer& buyer) {
  Browser& browser = buyer.browser;
  browser.open(admin_address(buyer, "/dashboard/books"));
  browser.run("const day=document.querySelector('input[name=day]');day.value=day.max");
  const std::string today = browser.run("return document.querySelector('input[name=day]').max");
  browser.click("main button");
  wait_until("it is compared", [&] {
    browser.open(admin_address(buyer, "/dashboard/books/" + today));
    return browser.html().find("/report?day=") != std::string::npos;
  });
  return today;
}

}  // namespace

TEST_CASE("dashboard: every page, in both languages, in the light and in the dark") {
  Buyer buyer(guarded_shop());
  live(buyer);
  buyer.browser.open(admin_address(buyer, "/"));
  look_at(buyer, "sign-in");
  sign_in(buyer, "wrong");
  wait_until("it is refused", [&] { return buyer.browser.shows(".bad"); });
  CHECK(buyer.browser.text(".bad").find("토큰이 맞지 않습니다") != std::string::npos);
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return buyer.browser.shows(".chart"); });
  const std::string today = compare_today(buyer);
  for (const char* language : {"ko", "en"}) {
    buyer.browser.open(admin_address(buyer, std::string("/dashboard/language?to=") + language));
    const auto look = [&](const std::string& name, const std::string& target) {
      buyer.browser.open(admin_address(buyer, target));
      look_at(buyer, name + "-" + language);
    };
    look("overview", "/");
    look("payments", "/dashboard/payments?result=paid");
    look("findings", "/dashboard/findings");
    look("found", "/dashboard/search?q=20261127");
    look("nothing-found", "/dashboard/search?q=nothing");
    look("mismatch", "/dashboard/payments/20261127-000133");
    look("deposit", "/dashboard/payments/20261127-000134");
    look("paid", "/dashboard/payments/20261127-000132");
    look("missing", "/dashboard/payments/none");
    look("books", "/dashboard/books");
    look("books-day", "/dashboard/books/" + today);
  }
  for (const std::string& line : buyer.browser.console()) {
    CHECK(line.find("Content Security Policy") == std::string::npos);
  }
}

TEST_CASE("dashboard: by keyboard alone a finding is closed, and a session that is over says so") {
  Buyer buyer(guarded_shop());
  live(buyer);
  Browser& browser = buyer.browser;
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return browser.shows(".chart"); });
  const std::string page = admin_address(buyer, "/dashboard/payments/20261127-000136");
  browser.open(page);
  const auto focus = [&] {
    return browser.run("const e=document.activeElement;return e.name||e.textContent").get<std::string>();
  };
  const auto tab_to = [&](const std::string& wanted) {
    for (int i = 0; i < 40 && focus() != wanted; ++i) browser.press({Browser::kTab});
    CHECK(focus() == wanted);
    CHECK(browser.run("return getComputedStyle(document.activeElement).outlineStyle") != "none");
  };
  tab_to("note");
  browser.press({"s", "e", "e", "n"});
  tab_to("by");
  browser.press({"k", "i", "m"});
  browser.picture(std::string(SCREENSHOTS_FOLDER) + "/dashboard/closing-by-keyboard.png");
  browser.press({Browser::kEnter});
  wait_until("it is closed", [&] { return browser.shows(".done"); });
  CHECK(browser.html().find("kim") != std::string::npos);
  CHECK(browser.html().find("해결로 표시해도 보류는 풀리지 않습니다") != std::string::npos);
  look_at(buyer, "closed-by-hand");
  browser.forget_cookies();
  browser.click(".acts button");
  wait_until("it asks who that is", [&] { return browser.shows("#token"); });
  CHECK(browser.text(".bad").find("이 화면은 오래되었습니다") != std::string::npos);
}

TEST_CASE("dashboard: without scripts a payment is found and PortOne is asked") {
  Buyer buyer(guarded_shop());
  live(buyer);
  buyer.browser.resize(390, 844);
  buyer.browser.speak("ko-KR,ko");
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return buyer.browser.shows(".chart"); });
  buyer.browser.open(admin_address(buyer, "/"));
  buyer.browser.allow_scripts(false);
  buyer.browser.open(admin_address(buyer, "/dashboard/search?q=000133"));
  CHECK(buyer.browser.url() == admin_address(buyer, "/dashboard/payments/20261127-000133"));
  CHECK(buyer.browser.html().find("배송하면 안 됩니다") != std::string::npos);
  buyer.browser.click(".acts button");
  wait_until("it says so", [&] {
    return buyer.browser.html().find("PortOne에 물었습니다") != std::string::npos;
  });
}

TEST_CASE("dashboard: an event is taken up again and a message sent again, each by its button") {
  ShopBackend shop;
  Settings settings = guarded_shop();
  settings.notify_lines = shop.lines();
  Buyer buyer(settings);
  live(buyer);
  Browser& browser = buyer.browser;
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return browser.shows(".chart"); });
  const std::string page = admin_address(buyer, "/dashboard/payments/20261127-000132");
  const auto press = [&](const std::string& part, const std::string& said) {
    browser.open(page);
    const std::string button = "form[action*='" + part + "'] button";
    // It stands where there is more to read.
    browser.run("document.querySelector(arguments[0]).closest('details').open=true",
                Json::array({button}));
    browser.click(button);
    wait_until("it says so", [&] { return browser.text("main").find(said) != std::string::npos; });
  };
  press("/replay", "다시 처리");
  shop.wait_for_taken(1);
  const std::size_t before = shop.taken().size();
  press("/resend", "다시 보");
  shop.wait_for_taken(before + 1);
  look_at(buyer, "sent-again");
  // A form that is not of this session does nothing, and says so.
  browser.open(page);
  browser.run("document.querySelectorAll('input[name=form]').forEach(e=>e.value='of another')");
  browser.click(".acts button");
  wait_until("it says so", [&] {
    return browser.text("h1").find("아무것도 하지 않았습니다") != std::string::npos;
  });
  look_at(buyer, "form-of-another");
}

TEST_CASE("dashboard: while the database is away every page says so, and what to do") {
  Buyer buyer(guarded_shop());
  live(buyer);
  Browser& browser = buyer.browser;
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return browser.shows(".chart"); });
  const std::string path = buyer.rig.daemon.database_path();
  std::filesystem::rename(path, path + ".away");
  wait_until("the overview names it", [&] {
    browser.open(admin_address(buyer, "/"));
    return browser.text("main").find(path) != std::string::npos;
  });
  look_at(buyer, "database-away");
  browser.open(admin_address(buyer, "/dashboard/payments/20261127-000133"));
  CHECK(browser.text("h1") != "");
  look_at(buyer, "database-away-payment");
  std::filesystem::rename(path + ".away", path);
  wait_until("it is over", [&] {
    browser.open(admin_address(buyer, "/"));
    return browser.text("main").find(path) == std::string::npos;
  });
}

TEST_CASE("dashboard: a large file's pages") {
  const char* file = std::getenv("RECONCILED_LARGE_FILE");
  if (file == nullptr) return;
  Buyer buyer(guarded_shop());
  DaemonProcess& daemon = buyer.rig.daemon;
  CHECK(daemon.stop() == 0);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(daemon.database_path() + suffix);
  std::filesystem::copy_file(file, daemon.database_path(),
                             std::filesystem::copy_options::overwrite_existing);
  daemon.start();
  const auto one = [&](const std::string& condition) {
    std::string id = daemon.sqlite("SELECT payment_id FROM payment WHERE " + condition +
                                   " ORDER BY payment_no DESC LIMIT 1");
    id.pop_back();  // the shell's line end
    return id;
  };
  sign_in(buyer, kToken);
  wait_until("the overview is there", [&] { return buyer.browser.shows(".chart"); });
  const std::string paid = one("result = 'paid'");
  for (const char* language : {"ko", "en"}) {
    buyer.browser.open(admin_address(buyer, std::string("/dashboard/language?to=") + language));
    const auto look = [&](const std::string& name, const std::string& target) {
      buyer.browser.open(admin_address(buyer, target));
      look_at(buyer, "large-" + name + "-" + language);
    };
    look("overview", "/");
    look("payments", "/dashboard/payments");
    look("paid", "/dashboard/payments?result=paid");
    look("findings", "/dashboard/findings");
    look("found", "/dashboard/search?q=" + encode(paid.substr(0, 6)));
    look("payment", "/dashboard/payments/" + encode(paid));
    look("books", "/dashboard/books");
  }
}
