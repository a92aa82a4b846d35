// Moderate load for an hour: whether memory, the write-ahead log and answering times stay bounded.
//
// Each second 300 webhooks of payments that PortOne knows and 20 redirects; meanwhile a person
// reads lists over the admin endpoint, and the file itself in read transactions of seconds.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kSample = 60s;
constexpr std::size_t kWebhooks = 300;  // a second
constexpr std::size_t kRedirects = 20;
constexpr auto kReadHeld = 2s;
constexpr auto kBetweenReads = 1s;
// What a second half may take more than the first, and a log that needs no excuse.
constexpr double kTolerance = 1.25;
constexpr double kUsualLogMb = 64;

std::vector<Ids> fresh_payments() {
  static IdMill mill;
  std::vector<Ids> payments;
  for (std::size_t i = 0; i < kWebhooks * static_cast<std::size_t>(kSample.count()); ++i) {
    payments.push_back(mill.make());
  }
  return payments;
}

// One sample's messages of a kind. Those that were acknowledged go to `acknowledged`.
LoadResult send_steadily(const std::string& address, const std::vector<Ids>& payments,
                         std::size_t per_second,
                         const std::function<std::string(const Ids&)>& request_for,
                         std::vector<std::string>& acknowledged) {
  const std::size_t every = kWebhooks / per_second;
  std::size_t next = 0;
  std::string request;  // made when it is sent: its signature is valid for minutes only
  return run_load({.address = address,
                   .connections = 32,
                   .duration = kSample,
                   .next = [&]() -> std::string_view {
                     if (next >= payments.size()) return {};
                     request = request_for(payments[next]);
                     next += every;
                     return request;
                   },
                   .per_second = static_cast<double>(per_second),
                   .answered =
                       [&](std::uint64_t number, int status) {
                         if (status != 200) return;
                         acknowledged.push_back(payments[number * every].payment_id);
                       }});
}

// A person at the sqlite3 shell and at the admin endpoint, until destroyed.
class Person {
 public:
  explicit Person(const Stage& stage) : stage_(stage), thread_([this] { read_on(); }) {}
  ~Person() {
    leaves_ = true;
    thread_.join();
  }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

 private:
  void read_on() {
    SQLite::Database database(stage_.daemon.database_path(), SQLite::OPEN_READONLY, 20'000);
    while (!leaves_) {
      database.exec("BEGIN");
      SQLite::Statement(database, "SELECT payment_id FROM payment ORDER BY payment_no DESC LIMIT 1")
          .executeStep();
      std::this_thread::sleep_for(kReadHeld);
      database.exec("COMMIT");
      static_cast<void>(stage_.daemon.get("/payments?limit=100"));
      std::this_thread::sleep_for(kBetweenReads);
    }
  }

  const Stage& stage_;
  std::atomic<bool> leaves_ = false;
  std::thread thread_;
};

// A figure of every sample.
using Samples = std::map<std::string, std::vector<double>>;

void take_sample(const Stage& stage, const LoadResult& webhooks, const LoadResult& redirects,
                 Samples& samples) {
  std::error_code absent;
  const auto wal = std::filesystem::file_size(stage.daemon.database_path() + "-wal", absent);
  const std::map<std::string, double> figures{
      {"MB", stage.daemon.resident_mb()},
      {"WAL MB", absent ? 0 : static_cast<double>(wal) / 1e6},
      {"p99 ms", webhooks.percentile_ms(99)},
      {"p99.9 ms", webhooks.percentile_ms(99.9)},
      {"redirects p99 ms", redirects.percentile_ms(99)},
      {"inbox", stage.daemon.get("/stats").json().at("inbox").at("depth").get<double>()},
      {"per_s", webhooks.rate()},
      {"unanswered", static_cast<double>(webhooks.refused + webhooks.other + webhooks.broken +
                                         redirects.refused + redirects.other + redirects.broken)}};
  for (const auto& [name, value] : figures) {
    samples[name].push_back(value);
    std::fprintf(stderr, "  %s %.4g", name.c_str(), value);
  }
  std::fprintf(stderr, "\n");
}

// Whether the second half needed no more than the first.
bool is_bounded(const std::vector<double>& values, double usual) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  if (middle == values.begin()) return true;
  const double before = *std::max_element(values.begin(), middle);
  const double after = *std::max_element(middle, values.end());
  return after <= std::max(usual, before * kTolerance);
}

void check_stored(const Stage& stage, const std::string& source,
                  const std::vector<std::string>& acknowledged) {
  std::istringstream rows(
      stage.daemon.sqlite("SELECT payment_id FROM event WHERE source = '" + source + "'"));
  std::unordered_set<std::string> stored;
  for (std::string id; std::getline(rows, id);) stored.insert(std::move(id));
  const auto lost = std::count_if(acknowledged.begin(), acknowledged.end(),
                                  [&](const std::string& id) { return !stored.contains(id); });
  if (lost > 0) {
    throw std::runtime_error(std::to_string(lost) + " of " + std::to_string(acknowledged.size()) +
                             " acknowledged events are not in the file: " + source);
  }
}

}  // namespace

Figures steady_load(int minutes) {
  // As many look-ups at a time as this rate needs.
  Stage stage({.portone_delay_ms = 50});
  const Wire webhook{stage.daemon.webhook().address};
  const Wire redirect{stage.daemon.redirect().address};
  IdMill mill;
  Samples samples;
  std::vector<std::string> stored_webhooks;
  std::vector<std::string> stored_redirects;
  std::vector<Ids> payments = fresh_payments();
  stage.make_known("v2", payments);
  {
    const Person person(stage);
    for (int minute = 0; minute < minutes; ++minute) {
      std::vector<Ids> next = fresh_payments();
      auto webhooks = std::async(std::launch::async, [&] {
        return send_steadily(
            webhook.address, payments, kWebhooks,
            [&](const Ids& ids) { return v2_request(webhook, ids, "msg_" + mill.hex(24)); },
            stored_webhooks);
      });
      auto redirects = std::async(std::launch::async, [&] {
        return send_steadily(
            redirect.address, payments, kRedirects,
            [&](const Ids& ids) { return redirect_request(redirect, ids); }, stored_redirects);
      });
      stage.make_known("v2", next, 1.1 * kWebhooks);
      take_sample(stage, webhooks.get(), redirects.get(), samples);
      payments = std::move(next);
    }
  }
  stage.daemon.wait_for_empty_inbox();
  check_stored(stage, "webhook", stored_webhooks);
  check_stored(stage, "redirect", stored_redirects);
  Figures figures{{"acknowledged and stored",
                   static_cast<double>(stored_webhooks.size() + stored_redirects.size())},
                  {"memory is bounded", is_bounded(samples["MB"], 0) ? 1 : 0},
                  {"WAL is bounded", is_bounded(samples["WAL MB"], kUsualLogMb) ? 1 : 0}};
  for (const auto& [name, values] : samples) {
    figures[name + " first"] = values.front();
    figures[name + " last"] = values.back();
    figures[name + " max"] = *std::max_element(values.begin(), values.end());
  }
  return figures;
}

}  // namespace reconciled::bench
