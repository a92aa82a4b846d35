// The benchmark: measures in alternating rounds and prints medians (`sh tests/bench/run.sh`).
//
// usage: bench [--rounds N] [--seconds S] [--only TEXT] [--full] [--minutes M]
//              [--json FILE]
//   --only   only the measurements whose name contains TEXT, and what they are compared with
//   --full   the long ones too; of these the steady load takes M minutes
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "tests/bench/measurements.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"

namespace {

using namespace reconciled;
using bench::Figures;

struct Options {
  int rounds = 3;
  double seconds = 2;
  std::string only;
  bench::Extent extent{};
  std::string json_path;
};

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--full") {
      options.extent.full = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[++i];
    if (name == "--rounds") {
      options.rounds = std::stoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::stod(value);
    } else if (name == "--only") {
      options.only = value;
    } else if (name == "--minutes") {
      options.extent.minutes = std::stoi(value);
    } else if (name == "--json") {
      options.json_path = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Every figure of a measurement, a value each round.
using Series = std::map<std::string, std::vector<double>>;

std::map<std::string, double> medians(const Series& series) {
  std::map<std::string, double> middle;
  for (const auto& [name, values] : series) middle[name] = median(values);
  return middle;
}

void print_row(const std::string& name, const std::map<std::string, double>& figures) {
  static const std::vector<std::pair<std::string, int>> kColumns{
      {"per_s", 0}, {"of_yardstick", 2}, {"p50_ms", 2}, {"p99_ms", 2}, {"p999_ms", 1}};
  std::printf("%-44s", name.c_str());
  for (const auto& [column, digits] : kColumns) {
    const auto found = figures.find(column);
    if (found == figures.end()) {
      std::printf("%12s", "-");
    } else {
      std::printf("%12.*f", digits, found->second);
    }
  }
  for (const auto& [figure, value] : figures) {
    const bool is_column = std::any_of(kColumns.begin(), kColumns.end(),
                                       [&](const auto& column) { return column.first == figure; });
    if (!is_column) std::printf("  %s %.4g", figure.c_str(), value);
  }
  std::printf("\n");
  std::fflush(stdout);
}

std::string yardstick_at(int connections) { return "yardstick, " + std::to_string(connections); }

// Those that --only names, what they are compared with, and the yardstick at their connections.
std::vector<bench::Measurement> choose(const Options& options) {
  std::vector<bench::Measurement> all = bench::measurements(options.extent);
  std::set<std::string> names;
  for (const bench::Measurement& one : all) {
    if (one.name.find(options.only) == std::string::npos) continue;
    names.insert({one.name, one.beside, yardstick_at(one.connections)});
  }
  std::erase_if(all, [&](const bench::Measurement& one) { return !names.contains(one.name); });
  return all;
}

int measure(const Options& options) {
  const std::vector<bench::Measurement> wanted = choose(options);
  std::map<std::string, Series> results;
  for (int round = 1; round <= options.rounds; ++round) {
    std::map<std::string, double> rates;  // of this round
    for (const bench::Measurement& one : wanted) {
      if (one.once && round > 1) continue;
      std::fprintf(stderr, "round %d of %d: %s\n", round, options.rounds, one.name.c_str());
      Figures figures = one.take(options.seconds);
      if (figures.contains("per_s")) {
        const double rate = rates[one.name] = figures["per_s"];
        if (const auto found = rates.find(yardstick_at(one.connections)); found != rates.end()) {
          figures["of_yardstick"] = rate / found->second;
        }
        if (const auto found = rates.find(one.beside); found != rates.end()) {
          figures[one.beside + " x"] = found->second / rate;
        }
      }
      for (const auto& [figure, value] : figures) results[one.name][figure].push_back(value);
    }
  }
  std::printf("%-44s%12s%12s%12s%12s%12s   medians of %d rounds\n", "", "per s", "x yardstick",
              "p50 ms", "p99 ms", "p99.9 ms", options.rounds);
  e2e::Json json = e2e::Json::object();
  for (const bench::Measurement& one : wanted) {
    const auto figures = medians(results[one.name]);
    print_row(one.name, figures);
    json[one.name] = {{"medians", figures}, {"rounds", results[one.name]}};
  }
  if (!options.json_path.empty()) e2e::write_file(options.json_path, json.dump(2) + "\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // The stage asserts with doctest; here an assertion that fails ends the program.
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& data) {
    std::fprintf(stderr, "%s:%d: %s\n", data.m_file, data.m_line, data.m_expr);
    if (data.m_failed) std::exit(1);
  });
  const auto options = read_options(argc, argv);
  if (!options) {
    std::cerr << "usage: bench [--rounds N] [--seconds S] [--only TEXT] [--full] [--minutes M]"
                 " [--json FILE]\n";
    return 2;
  }
  try {
    return measure(*options);
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return 1;
  }
}
