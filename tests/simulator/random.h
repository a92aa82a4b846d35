// Chance that a seed decides: the same seed gives the same history on every machine.
//
// splitmix64 (public domain, Vigna); the standard library's distributions may differ between
// libraries, so none is used.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/number_from.h"

namespace reconciled::simulator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  Random(std::uint64_t seed, std::uint64_t stream) : state_(seed) { state_ = next() ^ stream; }

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // 0 to count - 1; count > 0.
  int below(std::size_t count) { return static_cast<int>(next() % count); }
  // From `low` to `high`, both included.
  int between(int low, int high) { return low + below(static_cast<std::size_t>(high - low + 1)); }
  bool chance(int percent) { return below(100) < percent; }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[next() % left]);
    }
  }

 private:
  std::uint64_t state_;
};

// RECONCILED_SEED, or a fixed seed: a run of the tests is the same each time.
inline std::uint64_t simulator_seed() {
  static const std::uint64_t seed = test::number_from("RECONCILED_SEED", std::uint64_t{20'261'122});
  return seed;
}

// RECONCILED_HISTORIES, or as many as a test can afford each time.
inline int how_many_histories(int otherwise) {
  return static_cast<int>(
      test::number_from("RECONCILED_HISTORIES", static_cast<unsigned>(otherwise)));
}

// The numbers of the cases, from 0 on; RECONCILED_CASE alone where it is set.
inline std::vector<int> cases_to_run(int count) {
  const auto only = test::number_from("RECONCILED_CASE", UINT64_MAX);
  if (only != UINT64_MAX) return {static_cast<int>(only)};
  std::vector<int> numbers;
  for (int number = 0; number < count; ++number) numbers.push_back(number);
  return numbers;
}

// What a failing check prints: enough to see the same case again.
inline std::string replay_hint(int number) {
  return "RECONCILED_SEED=" + std::to_string(simulator_seed()) +
         " RECONCILED_CASE=" + std::to_string(number);
}

}  // namespace reconciled::simulator
