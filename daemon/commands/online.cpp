#include "daemon/commands/online.h"

#include <array>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/commands/terminal.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"
#include "daemon/http/client.h"
#include "daemon/runtime/clock.h"

namespace reconciled::commands {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

// Of one call; V1 needs two.
constexpr auto kCallPatience = 4s;
constexpr auto kPatience = 9s;
constexpr int kRecent = 50;
// Webhooks are refused beyond 300 s; a minute is a clock that nobody sets.
constexpr double kMostSecondsOff = 60;

// What one API said.
struct Probe {
  std::vector<std::string> good;
  std::vector<core::ConfigFault> wrong;
  std::optional<double> ahead_seconds;  // our clock, of PortOne's
  bool is_done = false;
};

struct Asked {
  http::ClientResponse response;
  core::Time middle{};  // between question and answer, by our clock
};

// PortOne's time is told in whole seconds, so it is half a second later on average.
void note_clock(Probe& probe, core::Time middle, core::Time portone) {
  const std::chrono::duration<double> ahead = middle - (portone + 500ms);
  probe.ahead_seconds = ahead.count();
}

class Questioner {
 public:
  Questioner(const std::string& base_url, std::string key)
      : key_(std::move(key)),
        client_(http::ClientOptions{.base_url = base_url,
                                    .connect_timeout = kCallPatience,
                                    .read_timeout = kCallPatience,
                                    .total_deadline = kCallPatience}) {}

  // The answer; or nothing, after `probe` has been told why.
  std::optional<Asked> ask(const http::ClientRequest& request, Probe& probe) {
    const core::Time before = clock_.now();
    auto response = client_.send(request);
    const core::Time after = clock_.now();
    if (!response.ok()) {
      probe.wrong.push_back(
          {key_ + ".base_url", "PortOne is not reached: " + plain(response.error().detail) +
                                   " (network, DNS, proxy, or this URL)"});
      return std::nullopt;
    }
    Asked asked{std::move(response.value()), before + (after - before) / 2};
    if (const auto date = core::parse_http_date(asked.response.date)) note_clock(probe, asked.middle, *date);
    return asked;
  }

 private:
  SystemClock clock_;
  std::string key_;
  http::Client client_;
};

std::string text_at(const Json& json, const char* name) {
  return json.is_object() && json.contains(name) && json[name].is_string()
             ? json[name].get<std::string>()
             : std::string();
}

// PortOne's own words about a refusal, behind the status.
std::string said(const http::ClientResponse& response) {
  const Json json = Json::parse(response.body, nullptr, false);
  std::string words = std::to_string(response.status);
  for (const char* name : {"type", "message"}) {
    const std::string text = text_at(json, name);
    if (!text.empty()) words += " " + clip(plain(text), 200);
  }
  return words;
}

bool is_refusal(int status) { return status == 401 || status == 403; }

// Whether recent payments went through the configured channel.
void judge_channel(Probe& probe, const std::string& api, core::Channel channel, int live,
                   int test) {
  const bool wants_live = channel == core::Channel::kLive;
  const std::string ours = wants_live ? "live" : "test";
  const std::string others = wants_live ? "test" : "live";
  const int good = wants_live ? live : test;
  const int bad = wants_live ? test : live;
  if (good + bad == 0) {
    probe.good.push_back(api + ": no recent payment tells whether the channel is right");
  } else if (good == 0) {
    probe.wrong.push_back({"portone.channel", "is " + ours + ", but all of the newest " +
                                                  std::to_string(bad) + " payments of " + api +
                                                  " went through the " + others +
                                                  " channel: none of them is ever deliverable"});
  } else {
    probe.good.push_back(api + ": " + std::to_string(good) + " of the newest " +
                         std::to_string(good + bad) + " payments went through the " + ours +
                         " channel, as configured");
  }
}

std::optional<std::string> log_in(const core::PortoneV1Config& config, Questioner& questioner,
                                  Probe& probe) {
  const auto asked = questioner.ask(
      {.method = "POST",
       .target = "/users/getToken",
       .body = core::write_json({{"imp_key", config.imp_key}, {"imp_secret", config.imp_secret}}),
       .content_type = "application/json"},
      probe);
  if (!asked) return std::nullopt;
  const Json json = Json::parse(asked->response.body, nullptr, false);
  const Json answer = json.is_object() ? json.value("response", Json()) : Json();
  const std::string token = text_at(answer, "access_token");
  if (token.empty()) {
    const bool refused = is_refusal(asked->response.status);
    probe.wrong.push_back(
        {refused ? "portone.v1.imp_key" : "portone.v1.base_url",
         refused ? "PortOne refuses imp_key and imp_secret (" + said(asked->response) +
                       "): compare both with the console"
                 : "no login, but " + said(asked->response) + ": is this PortOne's V1 API?"});
    return std::nullopt;
  }
  if (answer.contains("now") && answer["now"].is_number_integer()) {
    const auto now = core::from_v1_seconds(answer["now"].get<std::int64_t>());
    if (now) note_clock(probe, asked->middle, core::to_time(*now));
  }
  probe.good.emplace_back("portone.v1: PortOne takes imp_key and imp_secret");
  return token;
}

void probe_v1(const core::PortoneV1Config& config, core::Channel channel, Probe& probe) {
  Questioner questioner(config.base_url, "portone.v1");
  const auto token = log_in(config, questioner, probe);
  if (!token) return;
  http::ClientRequest request{.method = "GET",
                              .target = "/payments/status/all?limit=" + std::to_string(kRecent)};
  request.headers.emplace_back("Authorization", "Bearer " + *token);
  if (!config.tier.empty()) request.headers.emplace_back("Tier", config.tier);
  const auto asked = questioner.ask(request, probe);
  if (!asked) return;
  if (asked->response.status != 200) {
    probe.wrong.push_back({config.tier.empty() ? "portone.v1" : "portone.v1.tier",
                           "PortOne does not list its payments: " + said(asked->response)});
    return;
  }
  int live = 0;
  int test = 0;
  const Json json = Json::parse(asked->response.body, nullptr, false);
  const Json answer = json.is_object() ? json.value("response", Json()) : Json();
  const Json rows = answer.is_object() ? answer.value("list", Json()) : answer;
  for (const Json& row : rows) {
    if (!row.is_object() || !row.contains("sandbox") || !row["sandbox"].is_boolean()) continue;
    (row["sandbox"].get<bool>() ? test : live) += 1;
  }
  judge_channel(probe, "portone.v1", channel, live, test);
}

void probe_v2(const core::PortoneV2Config& config, core::Channel channel, Probe& probe) {
  Questioner questioner(config.base_url, "portone.v2");
  const core::Time now = SystemClock{}.now();
  const Json body{{"page", {{"number", 0}, {"size", kRecent}}},
                  {"filter",
                   {{"storeId", config.store_id},
                    {"from", core::to_rfc3339(now - 30 * 24h)},
                    {"until", core::to_rfc3339(now)}}}};
  http::ClientRequest request{
      .method = "GET",
      .target = "/payments?requestBody=" + core::percent_encode(core::write_json(body))};
  request.headers.emplace_back("Authorization", "PortOne " + config.api_secret);
  const auto asked = questioner.ask(request, probe);
  if (!asked) return;
  const int status = asked->response.status;
  const Json json = Json::parse(asked->response.body, nullptr, false);
  if (status == 401) {
    probe.wrong.push_back({"portone.v2.api_secret", "PortOne refuses it (" + said(asked->response) +
                                                        "): compare it with the console"});
    return;
  }
  if (status == 200 && json.is_object() && json.contains("items") && json["items"].is_array()) {
    probe.good.emplace_back("portone.v2: PortOne takes api_secret and answers for store_id");
    int live = 0;
    int test = 0;
    for (const Json& row : json["items"]) {
      const std::string type =
          text_at(row.is_object() ? row.value("channel", Json()) : Json(), "type");
      live += type == "LIVE" ? 1 : 0;
      test += type == "TEST" ? 1 : 0;
    }
    judge_channel(probe, "portone.v2", channel, live, test);
    return;
  }
  if (!text_at(json, "type").empty() && status >= 400 && status < 500) {
    probe.good.emplace_back("portone.v2: PortOne takes api_secret");
    probe.wrong.push_back({"portone.v2.store_id", "PortOne does not answer for this store (" +
                                                      said(asked->response) +
                                                      "): is it the store of this api_secret?"});
    return;
  }
  probe.wrong.push_back(
      {"portone.v2.base_url",
       "no list of payments, but " + said(asked->response) + ": is this PortOne's V2 API?"});
}

// Beside the main thread, because a name may take longer to resolve than we have.
struct Both {
  std::mutex mutex;
  std::condition_variable done;
  std::array<Probe, 2> probes;
};

template <class Ask>
void begin(const std::shared_ptr<Both>& both, std::size_t number, Ask ask) {
  std::thread([both, number, ask] {
    Probe probe;
    try {
      ask(probe);
    } catch (const std::exception& error) {
      probe.wrong.push_back({number == 0 ? "portone.v1" : "portone.v2", error.what()});
    }
    probe.is_done = true;
    const std::lock_guard lock(both->mutex);
    both->probes.at(number) = std::move(probe);
    both->done.notify_all();
  }).detach();
}

void report_clock(OnlineReport& report, const Probe& probe, const std::string& api) {
  if (!probe.ahead_seconds) {
    report.good.push_back(api + ": its answers do not tell PortOne's time");
    return;
  }
  const double off = *probe.ahead_seconds;
  const long seconds = std::lround(std::abs(off));
  const std::string side = off > 0 ? "ahead of" : "behind";
  const std::string words =
      seconds < 2 ? "our clock and PortOne's agree"
                  : "our clock is " + std::to_string(seconds) + " s " + side + " PortOne's";
  if (std::abs(off) > kMostSecondsOff) {
    report.wrong.push_back({"clock", words + ": set it by NTP, webhooks are refused beyond 300 s"});
  } else {
    report.good.push_back(api + ": " + words);
  }
}

}  // namespace

OnlineReport ask_portone(const core::Config& config) {
  const auto both = std::make_shared<Both>();
  if (config.v1) {
    begin(both, 0, [v1 = *config.v1, channel = config.channel](Probe& probe) {
      probe_v1(v1, channel, probe);
    });
  }
  if (config.v2) {
    begin(both, 1, [v2 = *config.v2, channel = config.channel](Probe& probe) {
      probe_v2(v2, channel, probe);
    });
  }
  const std::array<bool, 2> wanted{config.v1.has_value(), config.v2.has_value()};
  OnlineReport report;
  std::unique_lock lock(both->mutex);
  const auto are_done = [&] {
    return (!wanted[0] || both->probes[0].is_done) && (!wanted[1] || both->probes[1].is_done);
  };
  report.is_late = !both->done.wait_for(lock, kPatience, are_done);
  for (std::size_t i = 0; i < 2; ++i) {
    if (!wanted.at(i)) continue;
    const std::string api = i == 0 ? "portone.v1" : "portone.v2";
    const Probe& probe = both->probes.at(i);
    if (!probe.is_done) {
      report.wrong.push_back({api + ".base_url", "PortOne is not reached within 9 s"});
      continue;
    }
    report.good.insert(report.good.end(), probe.good.begin(), probe.good.end());
    report.wrong.insert(report.wrong.end(), probe.wrong.begin(), probe.wrong.end());
    if (!probe.good.empty() || probe.ahead_seconds) report_clock(report, probe, api);
  }
  return report;
}

}  // namespace reconciled::commands
