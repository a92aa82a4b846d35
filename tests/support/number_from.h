// A number that whoever runs the tests may set in the environment.
#pragma once

#include <concepts>
#include <cstdlib>
#include <string>

namespace reconciled::test {

// `otherwise` where the variable is not set; throws std::invalid_argument where it is no number.
template <std::unsigned_integral Number>
[[nodiscard]] Number number_from(const char* variable, Number otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<Number>(std::stoull(text));
}

}  // namespace reconciled::test
