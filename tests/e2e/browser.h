// A real browser as a buyer's telephone has it: headless Chromium, driven over WebDriver
// (https://www.w3.org/TR/webdriver2/) by chromedriver.
//
// A Browser belongs to one thread. A command that the browser refuses throws, naming its error.
// What is looked at goes through the DevTools where a page may have no JavaScript.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::http {
class Client;
}  // namespace reconciled::http

namespace reconciled::e2e {

class Browser {
 public:
  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // How the page is seen from now on.
  void resize(int width, int height);
  void speak(const std::string& accept_language);
  void darken(bool dark);
  void move_little(bool reduced);  // prefers-reduced-motion
  void allow_scripts(bool allowed);

  void open(const std::string& url);
  void reload();
  [[nodiscard]] std::string url();
  [[nodiscard]] std::string title();
  // The document as it stands, also without JavaScript.
  [[nodiscard]] std::string html();

  // The visible text of the first element that the CSS selector finds; empty where there is none.
  [[nodiscard]] std::string text(const std::string& selector);
  [[nodiscard]] bool shows(const std::string& selector);
  void click(const std::string& selector);
  // Keys on the keyboard, one after the other, wherever the focus is.
  void press(const std::vector<std::string>& keys);
  static constexpr const char* kTab = "\uE004";
  static constexpr const char* kEnter = "\uE007";
  void forget_cookies();
  // The body of a function with `arguments`; what it returns.
  Json run(const std::string& script, const Json& arguments = Json::array());
  // The same, of which the last argument is called with the result.
  Json run_until_called(const std::string& script, const Json& arguments = Json::array());

  // Writes what is seen as a PNG, the whole page's height.
  void picture(const std::string& path);
  // What axe-core finds against WCAG 2.2 AA and its best practices: a line a fault.
  [[nodiscard]] std::vector<std::string> accessibility_faults();
  // What the browser's console said: refused resources, script errors.
  [[nodiscard]] std::vector<std::string> console();

 private:
  Json command(const std::string& method, const std::string& path, const Json& body = Json());
  Json dev_tools(const std::string& method, const Json& parameters);
  void emulate_media();

  test::TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> driver_;
  std::unique_ptr<http::Client> client_;
  std::string session_;
  bool dark_ = false;
  bool reduced_motion_ = false;
};

}  // namespace reconciled::e2e
