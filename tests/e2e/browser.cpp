#include "tests/e2e/browser.h"

#include <signal.h>

#include <filesystem>
#include <stdexcept>
#include <thread>

#include "daemon/core/messages/signature.h"
#include "daemon/http/client.h"

namespace reconciled::e2e {
namespace {

const char* const kStarted = "started successfully on port ";

// The driver says its port once it listens.
std::string port_in(const std::string& output) {
  const auto at = output.find(kStarted);
  if (at == std::string::npos) return "";
  const auto begin = at + std::string(kStarted).size();
  const auto end = output.find_first_not_of("0123456789", begin);
  return end == std::string::npos ? "" : output.substr(begin, end - begin);
}

Json capabilities(const std::string& profile) {
  return {{"capabilities",
           {{"alwaysMatch",
             {{"browserName", "chrome"},
              {"goog:loggingPrefs", {{"browser", "ALL"}}},
              {"goog:chromeOptions",
               {{"binary", CHROMIUM_BINARY},
                {"args",
                 {"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                  "--no-first-run", "--disable-background-networking",
                  "--user-data-dir=" + profile}}}}}}}}};
}

// Standard base64, as WebDriver has pictures, in the alphabet that our own decoder reads.
std::string bytes_of_base64(std::string text) {
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  while (!text.empty() && text.back() == '=') text.pop_back();
  return core::from_base64url(text).value();
}

}  // namespace

Browser::Browser() {
  driver_ = std::make_unique<ChildProcess>(Command{{CHROMEDRIVER_BINARY, "--port=0"}},
                                           folder_ / "chromedriver");
  wait_until("chromedriver listens", [this] { return !port_in(driver_->out()).empty(); });
  // It keeps connections, whatever it is asked.
  http::ClientOptions options{.base_url = "http://127.0.0.1:" + port_in(driver_->out())};
  options.read_timeout = kPatience;
  options.total_deadline = kPatience;
  client_ = std::make_unique<http::Client>(options);
  session_ = command("POST", "/session", capabilities(folder_ / "profile")).at("sessionId");
  resize(390, 844);
  speak("ko-KR,ko");
}

Browser::~Browser() {
  try {
    if (!session_.empty()) command("DELETE", "");  // ends the browser with all its processes
    driver_->signal(SIGTERM);
    driver_->wait();
  } catch (const std::exception&) {
    // The destructor of the process kills what is left.
  }
}

Json Browser::command(const std::string& method, const std::string& path, const Json& body) {
  const std::string target = session_.empty() ? path : "/session/" + session_ + path;
  const std::string text = body.is_null() && method == "POST" ? "{}" : body.dump();
  const auto answer =
      client_->send({method, target, {}, method == "POST" ? text : "", "application/json"});
  if (!answer.ok()) throw std::runtime_error("WebDriver " + path + ": " + answer.error().detail);
  const Json value = Json::parse(answer.value().body).at("value");
  if (answer.value().status != 200) {
    throw std::runtime_error("WebDriver " + method + " " + path + ": " + value.dump().substr(0, 500));
  }
  return value;
}

Json Browser::dev_tools(const std::string& method, const Json& parameters) {
  return command("POST", "/goog/cdp/execute", {{"cmd", method}, {"params", parameters}});
}

void Browser::resize(int width, int height) {
  dev_tools("Emulation.setDeviceMetricsOverride",
            {{"width", width}, {"height", height}, {"deviceScaleFactor", 2}, {"mobile", true}});
}

void Browser::speak(const std::string& accept_language) {
  const std::string agent = run("return navigator.userAgent");
  dev_tools("Emulation.setUserAgentOverride",
            {{"userAgent", agent}, {"acceptLanguage", accept_language}});
}

void Browser::emulate_media() {
  dev_tools("Emulation.setEmulatedMedia",
            {{"features",
              {{{"name", "prefers-color-scheme"}, {"value", dark_ ? "dark" : "light"}},
               {{"name", "prefers-reduced-motion"},
                {"value", reduced_motion_ ? "reduce" : "no-preference"}}}}});
}

void Browser::darken(bool dark) {
  dark_ = dark;
  emulate_media();
}

void Browser::move_little(bool reduced) {
  reduced_motion_ = reduced;
  emulate_media();
}

void Browser::allow_scripts(bool allowed) {
  dev_tools("Emulation.setScriptExecutionDisabled", {{"value", !allowed}});
}

void Browser::open(const std::string& url) { command("POST", "/url", {{"url", url}}); }
void Browser::reload() { command("POST", "/refresh"); }
std::string Browser::url() { return command("GET", "/url"); }
std::string Browser::title() { return command("GET", "/title"); }

std::string Browser::html() {
  // A page may go between the two questions, and its nodes with it: then both are asked anew.
  for (int tries = 0;; ++tries) {
    try {
      const Json root = dev_tools("DOM.getDocument", {{"depth", 0}}).at("root");
      return dev_tools("DOM.getOuterHTML", {{"nodeId", root.at("nodeId")}}).at("outerHTML");
    } catch (const std::runtime_error& error) {
      const bool is_passing =
          std::string_view(error.what()).find("Could not find node") != std::string_view::npos;
      if (!is_passing || tries == 20) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

std::string Browser::text(const std::string& selector) {
  return run("const e=document.querySelector(arguments[0]);return e?e.innerText:''", {selector});
}

bool Browser::shows(const std::string& selector) {
  return run("const e=document.querySelector(arguments[0]);"
             "return !!e&&e.getClientRects().length>0",
             {selector});
}

void Browser::press(const std::vector<std::string>& keys) {
  Json strokes = Json::array();
  for (const std::string& key : keys) {
    strokes.push_back({{"type", "keyDown"}, {"value", key}});
    strokes.push_back({{"type", "keyUp"}, {"value", key}});
  }
  const Json keyboard{{"type", "key"}, {"id", "keyboard"}, {"actions", std::move(strokes)}};
  command("POST", "/actions", {{"actions", Json::array({keyboard})}});
}

void Browser::forget_cookies() { command("DELETE", "/cookie"); }

void Browser::click(const std::string& selector) {
  const Json element =
      command("POST", "/element", {{"using", "css selector"}, {"value", selector}});
  command("POST", "/element/" + element.begin().value().get<std::string>() + "/click");
}

Json Browser::run(const std::string& script, const Json& arguments) {
  return command("POST", "/execute/sync", {{"script", script}, {"args", arguments}});
}

Json Browser::run_until_called(const std::string& script, const Json& arguments) {
  return command("POST", "/execute/async", {{"script", script}, {"args", arguments}});
}

void Browser::picture(const std::string& path) {
  const Json size = dev_tools("Page.getLayoutMetrics", Json::object()).at("cssContentSize");
  const Json shot = dev_tools("Page.captureScreenshot",
                              {{"format", "png"},
                               {"captureBeyondViewport", true},
                               {"clip",
                                {{"x", 0},
                                 {"y", 0},
                                 {"width", size.at("width")},
                                 {"height", size.at("height")},
                                 {"scale", 1}}}});
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_file(path, bytes_of_base64(shot.at("data")));
}

std::vector<std::string> Browser::accessibility_faults() {
  static const std::string kAxe = read_file(AXE_SOURCE);
  run(kAxe);
  const Json found = run_until_called(
      "const done=arguments[arguments.length-1];"
      "axe.run(document,{runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa',"
      "'best-practice']}).then(r=>done(r.violations.map(v=>v.id+': '+v.help+' '+"
      "v.nodes.map(n=>n.html.slice(0,120)).join(' | '))),e=>done(['axe: '+e]))");
  return found.get<std::vector<std::string>>();
}

std::vector<std::string> Browser::console() {
  std::vector<std::string> lines;
  for (const Json& entry : command("POST", "/se/log", {{"type", "browser"}})) {
    lines.push_back(entry.at("level").get<std::string>() + " " +
                    entry.at("message").get<std::string>());
  }
  return lines;
}

}  // namespace reconciled::e2e
