// Somebody at the dashboard, as far as tests without a browser need one.
#pragma once

#include <string>

#include "tests/e2e/rig.h"

namespace reconciled::e2e {

inline bool says(const Answer& answer, const std::string& text) {
  return answer.body.find(text) != std::string::npos;
}

// Keeps the cookie.
class Visitor {
 public:
  explicit Visitor(const Rig& rig) : rig_(rig) {}

  Answer get(const std::string& target, Headers headers = {}) {
    if (!cookie_.empty()) headers.emplace_back("Cookie", cookie_);
    Answer answer = ask(rig_.daemon.admin(), {"GET", target, "", headers});
    keep(answer);
    return answer;
  }
  Answer post(const std::string& target, const std::string& form,
              const std::string& type = "application/x-www-form-urlencoded") {
    Headers headers{{"Content-Type", type}};
    if (!cookie_.empty()) headers.emplace_back("Cookie", cookie_);
    Answer answer = ask(rig_.daemon.admin(), {"POST", target, form, headers});
    keep(answer);
    return answer;
  }
  // What a page's forms carry.
  std::string form_of(const std::string& target) {
    const Answer answer = get(target);
    const std::string mark = "name=\"form\" value=\"";
    const auto at = answer.body.find(mark);
    if (at == std::string::npos) return "";
    const auto begin = at + mark.size();
    return "form=" + answer.body.substr(begin, answer.body.find('"', begin) - begin);
  }
  Answer sign_in(const std::string& token) {
    return post("/dashboard/sign-in", form_of("/dashboard/sign-in") + "&token=" + encode(token));
  }
  [[nodiscard]] const std::string& cookie() const { return cookie_; }
  void take(std::string cookie) { cookie_ = std::move(cookie); }

 private:
  void keep(const Answer& answer) {
    const std::string set = answer.header("Set-Cookie");
    if (!set.empty()) cookie_ = set.substr(0, set.find(';'));
  }
  const Rig& rig_;
  std::string cookie_;
};

}  // namespace reconciled::e2e
