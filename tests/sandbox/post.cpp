#include "tests/sandbox/post.h"

#include <httplib.h>

#include <map>
#include <mutex>

namespace reconciled::sandbox {
namespace {

// PortOne waits 30 s for an answer (dossier §2); connecting fails sooner.
constexpr int kConnectSeconds = 10;
constexpr int kReadSeconds = 30;
// As much of an answer as PortOne's record is to show.
constexpr std::size_t kKeptBytes = 1'000;

}  // namespace

struct Poster::Impl {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<httplib::Client>> clients;
  bool aborted = false;

  // The client of an origin, or null after an abort.
  httplib::Client* client_of(const std::string& origin) {
    const std::lock_guard lock(mutex);
    if (aborted) return nullptr;
    std::unique_ptr<httplib::Client>& client = clients[origin];
    if (!client) {
      client = std::make_unique<httplib::Client>(origin);
      client->set_keep_alive(true);
      client->set_tcp_nodelay(true);
      client->set_connection_timeout(kConnectSeconds);
      client->set_read_timeout(kReadSeconds);
      client->enable_server_certificate_verification(false);
    }
    return client.get();
  }
};

Poster::Poster() : impl_(std::make_unique<Impl>()) {}
Poster::~Poster() = default;

Posted Poster::post(const std::string& url, const std::string& body,
                    const std::string& content_type,
                    const std::vector<std::pair<std::string, std::string>>& headers) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {0, "", "not a URL"};
  const std::size_t slash = url.find('/', scheme + 3);
  const std::string origin = url.substr(0, slash);
  const std::string path = slash == std::string::npos ? "/" : url.substr(slash);
  httplib::Client* client = impl_->client_of(origin);
  if (client == nullptr) return {0, "", "stopped"};
  if (!client->is_valid()) return {0, "", "not a URL"};
  httplib::Headers sent;
  for (const auto& [name, value] : headers) sent.emplace(name, value);
  const httplib::Result result = client->Post(path, sent, body, content_type);
  if (!result) return {0, "", httplib::to_string(result.error())};
  return {result->status, result->body.substr(0, kKeptBytes), ""};
}

void Poster::abort() {
  const std::lock_guard lock(impl_->mutex);
  impl_->aborted = true;
  for (auto& [origin, client] : impl_->clients) client->stop();
}

}  // namespace reconciled::sandbox
