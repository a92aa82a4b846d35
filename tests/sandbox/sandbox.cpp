#include "tests/sandbox/sandbox.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "tests/sandbox/control.h"
#include "tests/sandbox/pages.h"
#include "tests/sandbox/rest.h"
#include "tests/sandbox/server.h"
#include "tests/sandbox/view.h"
#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

namespace {

// RFC 9110 §5.6.7
std::string http_date(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

}  // namespace

struct Sandbox::Impl {
  explicit Impl(const Options& options)
      : world(options),
        server([this](const Call& call) { return handle(call); },
               {[this] { return world.faults.has_silent(); },
                [this](const Call& call) { return leave_unread(call); }}) {}

  World world;
  Server server;
  std::string url;

  Reply handle(const Call& call) {
    const std::string_view path = call.path();
    if (path.substr(0, 9) == "/sandbox/") return control(world, call);
    if (auto reply = page(world, call)) return *std::move(reply);
    return rest(call);
  }

  std::shared_ptr<void> leave_unread(Call call) {
    if (call.path().substr(0, 9) == "/sandbox/") return nullptr;
    const Endpoint endpoint = find_endpoint(call);
    call.asked = asked_of(world, call, endpoint);
    if (world.faults.take(call, true).mode != RestMode::kSilent) return nullptr;
    return world.log.begin(call, endpoint.label());
  }

  Reply rest(Call call) {
    const Endpoint endpoint = find_endpoint(call);
    call.asked = asked_of(world, call, endpoint);
    std::shared_ptr<void> under_way = world.log.begin(call, endpoint.label());
    const RestFault fault = world.faults.take(call, false);
    wait(fault.delay);
    // A call that gets no answer, or an error's, changes nothing; the others are really done.
    const bool done = fault.mode != RestMode::kStatus && fault.mode != RestMode::kRefuse &&
                      fault.mode != RestMode::kReset;
    Reply reply = done ? answer(world, call, endpoint) : Reply{};
    View(world, call).patch_whole(reply);
    reply = apply(fault, std::move(reply), endpoint.api == Api::kV2);
    reply.body = fill_raw(std::move(reply.body));
    const std::time_t date = std::time(nullptr) + world.faults.clocks().date.count();
    reply.headers.emplace_back("Date", http_date(date));
    reply.under_way = std::move(under_way);
    wait(fault.hold);
    for (const MoveFault& move : world.faults.take_moves(call)) move.run(world);
    return reply;
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
