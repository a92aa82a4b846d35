// A shop's backend that takes every message, as long away as it is told. A thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace reconciled::bench {

class Receiver {
 public:
  explicit Receiver(std::chrono::milliseconds delay);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // The lines of [notify].
  [[nodiscard]] std::string lines() const;
  [[nodiscard]] std::uint64_t taken() const;

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace reconciled::bench
