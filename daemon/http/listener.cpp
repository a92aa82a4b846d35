#include "daemon/http/listener.h"

namespace reconciled::http {
namespace {

// A request up to this size is taken however much others hold.
constexpr std::size_t kSmallRequest = 8192;

}  // namespace

std::shared_ptr<const TrustedProxies> Listener::proxies() {
  const std::lock_guard lock(mutex_);
  return proxies_;
}

void Listener::set_proxies(std::shared_ptr<const TrustedProxies> proxies) {
  const std::lock_guard lock(mutex_);
  proxies_ = std::move(proxies);
}

void Listener::tell_refused(int status, std::string_view reason, Request& request,
                            const std::string& peer_ip) {
  if (!options.on_refused) return;
  request.peer_ip = peer_ip;
  proxies()->resolve(request);
  options.on_refused({status, reason, request});
}

void UnfinishedBytes::set(std::size_t bytes) {
  listener_.unfinished_bytes.fetch_add(bytes - bytes_, std::memory_order_relaxed);
  bytes_ = bytes;
}

bool UnfinishedBytes::is_too_much() const {
  return bytes_ > kSmallRequest && listener_.unfinished_bytes.load(std::memory_order_relaxed) >
                                       listener_.options.limits.max_unfinished_bytes;
}

}  // namespace reconciled::http
