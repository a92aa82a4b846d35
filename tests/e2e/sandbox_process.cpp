#include "tests/e2e/sandbox_process.h"

#include <stdexcept>

namespace reconciled::e2e {
namespace {

std::vector<std::string> command_line(const std::vector<std::string>& options) {
  std::vector<std::string> all{PORTONE_SANDBOX_BINARY, "--listen", "127.0.0.1:0",
                               "--webhook-retry-ms", "50"};
  all.insert(all.end(), options.begin(), options.end());
  return all;
}

}  // namespace

SandboxProcess::SandboxProcess(const std::string& folder, const std::vector<std::string>& options)
    : process_(Command{command_line(options)}, folder + "/sandbox") {
  const std::string mark = "listening on http://";
  wait_until("the sandbox listens", [&] {
    if (!process_.is_running()) throw std::runtime_error("the sandbox ended: " + process_.err());
    const std::string out = process_.out();
    const auto at = out.find(mark);
    const auto end = out.find('\n');
    if (at == std::string::npos || end == std::string::npos) return false;
    endpoint_.address = out.substr(at + mark.size(), end - at - mark.size());
    return true;
  });
}

Json SandboxProcess::control(const std::string& method, const std::string& path, const Json& body) {
  const Answer answer = ask(endpoint_, {method,
                                        "/sandbox" + path,
                                        body.is_null() ? "" : body.dump(),
                                        {{"Content-Type", "application/json"}}});
  if (answer.status / 100 != 2) {
    throw std::runtime_error("sandbox " + path + ": " + std::to_string(answer.status) + " " +
                             answer.body);
  }
  return answer.json();
}

void SandboxProcess::send_webhooks_to(const std::vector<std::string>& urls) {
  control("PUT", "/webhooks/target", {{"urls", urls}});
}

Json SandboxProcess::move(const Json& attempt, const Json& members) {
  return control("POST", "/payments/" + attempt.at("attempt_id").get<std::string>() + "/status",
                 members);
}

int SandboxProcess::count_calls(const std::string& part) {
  int sum = 0;
  const Json log = control("GET", "/requests");
  for (const auto& [endpoint, count] : log.at("counts").items()) {
    if (endpoint.find(part) != std::string::npos) sum += count.get<int>();
  }
  return sum;
}

std::vector<Json> SandboxProcess::requests(const std::string& place) {
  std::vector<Json> rows;
  const Json log = control("GET", "/requests");
  for (const Json& row : log.at("requests")) {
    if (place.empty() || row.at("place") == place) rows.push_back(row);
  }
  return rows;
}

int SandboxProcess::max_in_flight(const std::string& id) {
  const Json most = control("GET", "/requests").at("max_in_flight");
  return id.empty() ? most.at("all").get<int>() : most.at("payments").value(id, 0);
}

void SandboxProcess::settle() {
  wait_until("all webhooks are settled",
             [this] { return control("GET", "/webhooks").at("pending") == 0; });
}

}  // namespace reconciled::e2e
