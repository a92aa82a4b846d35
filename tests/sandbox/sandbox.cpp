#include "tests/sandbox/sandbox.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/sandbox/control.h"
#include "tests/sandbox/pages.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/server.h"
#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

struct Sandbox::Impl {
  explicit Impl(const Options& options)
      : world(options), server([this](const Call& call) { return handle(call); }) {}

  World world;
  Server server;
  std::string url;

  Reply handle(const Call& call) {
    const std::string_view path = call.path();
    if (path.substr(0, 9) == "/sandbox/") return control(world, call);
    if (auto reply = page(world, call)) return *std::move(reply);
    return rest(call);
  }

  Reply rest(const Call& call) {
    const Endpoint endpoint = find_endpoint(call);
    world.log.add({call.method, call.target, endpoint.label(), core::to_ms(core::to_time(now()))});
    const RestFault fault = world.faults.take(call.target);
    wait(fault.delay);
    // A call that gets no answer, or an error's, changes nothing; the others are really done.
    const bool done = fault.mode != RestMode::kStatus && fault.mode != RestMode::kRefuse &&
                      fault.mode != RestMode::kReset;
    Reply reply = done ? answer(world, call, endpoint) : Reply{};
    return apply(fault, std::move(reply), endpoint.api == Api::kV2);
  }

  void wait(std::chrono::milliseconds delay) const {
    const auto until = std::chrono::steady_clock::now() + delay;
    constexpr std::chrono::milliseconds kSlice{20};
    while (!server.stopping() && std::chrono::steady_clock::now() < until) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      std::this_thread::sleep_for(std::min(left, kSlice));
    }
  }
};

Sandbox::Sandbox(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Sandbox::~Sandbox() { stop(); }

void Sandbox::start() {
  const Options& options = impl_->world.options;
  const std::uint16_t port = impl_->server.start(options.host, options.port);
  const bool v6 = options.host.find(':') != std::string::npos;
  impl_->url =
      "http://" + (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(port);
}

void Sandbox::stop() {
  impl_->server.stop();
  impl_->world.sender.stop();
}

std::string Sandbox::base_url() const { return impl_->url; }

}  // namespace reconciled::sandbox
