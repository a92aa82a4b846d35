// What keeping house costs with millions of payments in the file.
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/bench/fill.h"
#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

namespace fs = std::filesystem;
using e2e::Json;
using Steady = std::chrono::steady_clock;

// PortOne has to confirm the clock: it is asked about some payment.
void begin_retention(const Stage& stage) {
  std::string id = stage.daemon.sqlite("SELECT payment_id FROM payment LIMIT 1");
  id.pop_back();  // the shell's line end
  (void)stage.daemon.send("POST", "/payments/" + e2e::encode(id) + "/lookup");
  for (int tries = 0; tries < 50; ++tries) {
    const auto answer = stage.daemon.send("POST", "/prune", Json::object());
    if (answer.status != 202) throw std::runtime_error("no retention: " + answer.body);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (stage.daemon.get("/prune").json().at("fault").is_null()) return;
  }
}

Json retention_of(const Stage& stage) {
  Json shown = stage.daemon.get("/prune").json();
  if (shown.at("fault").is_string()) throw std::runtime_error(shown.at("fault"));
  return shown;
}

double megabytes(const Stage& stage) {
  return static_cast<double>(fs::file_size(stage.daemon.database_path())) / 1e6;
}

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

}  // namespace

Figures ingest_beside_retention(std::int64_t payments, int connections, bool is_at_work,
                                double seconds) {
  const auto file = filled_file(payments, Bodies::kAll);
  if (!file) return {};
  Stage stage;
  stage.restart_on(*file);
  if (is_at_work) begin_retention(stage);
  Figures figures = webhook_figures({stage.daemon.webhook().address}, connections, seconds);
  if (is_at_work && retention_of(stage).at("running") != true) {
    throw std::runtime_error("retention was over before the webhooks were");
  }
  return figures;
}

Figures retention_of_all(std::int64_t payments) {
  const auto file = filled_file(payments, Bodies::kAll);
  if (!file) return {};
  Stage stage;
  stage.restart_on(*file);
  Figures figures{{"MB before", megabytes(stage)}};
  const double used = stage.processor_seconds();
  const auto begun = Steady::now();
  begin_retention(stage);
  Json shown;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    shown = retention_of(stage);
  } while (shown.at("running") == true);
  figures["s"] = seconds_since(begun);
  figures["CPU s"] = stage.processor_seconds() - used;
  figures["events"] = shown.at("events");
  figures["answers"] = shown.at("answers");
  stage.daemon.stop();
  figures["MB after"] = megabytes(stage);
  figures["MB free in it"] =
      std::stod(stage.daemon.sqlite("PRAGMA freelist_count")) * 4'096 / 1e6;
  const auto checked = Steady::now();
  const auto check = stage.daemon.command({"rebuild", "--check"});
  if (check.status != 0) throw std::runtime_error(check.out + check.err);
  figures["s rebuild --check"] = seconds_since(checked);
  return figures;
}

}  // namespace reconciled::bench
