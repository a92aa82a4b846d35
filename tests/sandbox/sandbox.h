// One local PortOne: state, REST, webhooks, control API and pages behind one port.
//
// `portone-sandbox` runs one; tests may run their own in process. `start` and `stop` belong to one
// thread. It shares nothing with the daemon but the core's pure functions. What it can be told over
// HTTP stands in control.h.
#pragma once

#include <memory>
#include <string>

#include "tests/sandbox/options.h"

namespace reconciled::sandbox {

class Sandbox {
 public:
  // Throws std::invalid_argument for a webhook secret that is none.
  explicit Sandbox(const Options& options);
  ~Sandbox();  // stops
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Listens and serves; throws where the address is not loopback or cannot be had.
  void start();
  void stop();
  [[nodiscard]] std::string base_url() const;  // "http://127.0.0.1:PORT", once started

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::sandbox
