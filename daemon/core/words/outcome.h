// Outcome<T, E>: an expected outcome that is either a value or a closed-enum error with a detail.
//
// For outcomes that input can cause (bad signature, malformed JSON). A broken world throws, a bug
// of our own aborts.
#pragma once

#include <utility>
#include <variant>

namespace reconciled::core {

template <class T, class E>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : either_(std::in_place_index<0>, std::move(value)) {}
  Outcome(E error) : either_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return either_.index() == 0; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] T& value() { return std::get<0>(either_); }
  [[nodiscard]] const T& value() const { return std::get<0>(either_); }
  [[nodiscard]] const E& error() const { return std::get<1>(either_); }

 private:
  std::variant<T, E> either_;
};

}  // namespace reconciled::core
