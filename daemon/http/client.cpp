#include "daemon/http/client.h"

#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <stdexcept>

#include "daemon/http/client_wire.h"

namespace reconciled::http {
namespace {

constexpr std::string_view kUserAgent = "reconciled";

bool is_plain(std::string_view text, bool blanks) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!blanks && byte == ' ')) return false;
  }
  return true;
}

// What would let a value end its line, or the line end early, is refused before anything is sent.
bool is_sendable(const ClientRequest& request) {
  if (request.method.empty() || !is_plain(request.method, false)) return false;
  if (request.target.empty() || request.target.front() != '/' || !is_plain(request.target, false)) {
    return false;
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || !is_plain(name, false) || name.find(':') != std::string::npos) return false;
    if (!is_plain(value, true)) return false;
  }
  return is_plain(request.content_type, true);
}

// cpp-httplib's writing and parsing, on a connection of our own.
class Speaker final : public httplib::ClientImpl {
 public:
  explicit Speaker(const Origin& origin) : ClientImpl(origin.host, origin.port) {
    set_url_encode(false);
    set_decompress(false);
  }
  bool exchange(httplib::Stream& wire, httplib::Request& request, httplib::Response& response) {
    auto error = httplib::Error::Success;
    return process_request(wire, request, response, false, error);
  }
};

bool same_word(const std::string& left, const char* right) {
  return strcasecmp(left.c_str(), right) == 0;
}

bool ends_connection(const httplib::Response& response) {
  const auto word = response.get_header_value("Connection");
  if (response.version == "HTTP/1.0") return !same_word(word, "keep-alive");
  return same_word(word, "close");
}

}  // namespace

Origin parse_base_url(const std::string& base_url) {
  const auto wrong = [&] { return std::invalid_argument("not an http(s) URL: " + base_url); };
  Origin origin;
  std::string_view rest = base_url;
  if (rest.substr(0, 8) == "https://") {
    origin.tls = true;
    rest.remove_prefix(8);
  } else if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
  } else {
    throw wrong();
  }
  if (!is_plain(rest, false) || rest.find_first_of("@?#\\") != std::string_view::npos) {
    throw wrong();
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  origin.prefix = rest.substr(slash);
  while (!origin.prefix.empty() && origin.prefix.back() == '/') origin.prefix.pop_back();

  std::size_t host_end = authority.find(':');
  if (authority.substr(0, 1) == "[") {
    host_end = authority.find(']');
    if (host_end == std::string_view::npos) throw wrong();
    origin.host = authority.substr(1, host_end - 1);
    ++host_end;
  } else {
    origin.host = authority.substr(0, host_end);
  }
  if (origin.host.empty()) throw wrong();
  const std::uint16_t usual = origin.tls ? 443 : 80;
  origin.port = usual;
  if (host_end < authority.size()) {
    const auto digits = authority.substr(host_end + 1);
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, origin.port);
    if (authority[host_end] != ':' || error != std::errc() || stop != end || origin.port == 0) {
      throw wrong();
    }
  }
  origin.host_header = authority.substr(0, host_end);
  if (origin.port != usual) origin.host_header += ':' + std::to_string(origin.port);
  return origin;
}

std::string_view to_word(ClientFault fault) {
  switch (fault) {
    case ClientFault::kConnect:
      return "connect";
    case ClientFault::kTls:
      return "tls";
    case ClientFault::kTimeout:
      return "timeout";
    case ClientFault::kBroken:
      return "broken";
    case ClientFault::kTooLarge:
      return "too_large";
  }
  return "broken";
}

struct Client::Impl {
  explicit Impl(ClientOptions given)
      : options(std::move(given)),
        origin(parse_base_url(options.base_url)),
        context(origin.tls ? make_client_context(origin, options.ca_file) : nullptr),
        abort_event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        wire(options, origin, context.get(), abort_event.get()),
        speaker(origin) {}

  [[nodiscard]] httplib::Request compose(const ClientRequest& request);
  [[nodiscard]] bool exchange(const ClientRequest& request, ClientResponse& response);
  [[nodiscard]] bool begin(ClientWire::Clock::time_point deadline, bool& reused);

  ClientOptions options;
  Origin origin;
  SslContext context;
  Descriptor abort_event;
  ClientWire wire;
  Speaker speaker;
};

httplib::Request Client::Impl::compose(const ClientRequest& request) {
  httplib::Request composed;
  composed.method = request.method;
  composed.path = origin.prefix + request.target;
  composed.body = request.body;
  composed.headers.emplace("Host", origin.host_header);
  composed.headers.emplace("User-Agent", kUserAgent);
  if (!request.content_type.empty()) composed.headers.emplace("Content-Type", request.content_type);
  for (const auto& [name, value] : request.headers) {
    if (same_word(name, "host") || same_word(name, "user-agent")) composed.headers.erase(name);
    composed.headers.emplace(name, value);
  }
  return composed;
}

bool Client::Impl::exchange(const ClientRequest& request, ClientResponse& response) {
  auto composed = compose(request);
  const auto too_large = [this] {
    wire.fail(ClientFault::kTooLarge, "response too large");
    return false;
  };
  composed.response_handler = [&](const httplib::Response& head) {
    return head.get_header_value<std::uint64_t>("Content-Length") <= options.max_response_bytes ||
           too_large();
  };
  composed.content_receiver = [&](const char* part, std::size_t size, std::uint64_t,
                                  std::uint64_t) {
    if (size > options.max_response_bytes - response.body.size()) return too_large();
    response.body.append(part, size);
    return true;
  };
  httplib::Response received;
  if (!speaker.exchange(wire, composed, received)) {
    wire.fail(ClientFault::kBroken,
              wire.peer_closed() ? "closed by the server" : "malformed response");
    return false;
  }
  // A body without a length ends with the connection, also where a failure ended it.
  if (wire.fault()) return false;
  response.status = received.status;
  response.retry_after = received.get_header_value("Retry-After");
  response.date = received.get_header_value("Date");
  if (ends_connection(received) || wire.peer_closed() || wire.unread()) wire.close();
  return true;
}

bool Client::Impl::begin(ClientWire::Clock::time_point deadline, bool& reused) {
  reused = wire.reusable();
  wire.begin(deadline);
  if (reused) return true;
  wire.close();
  return wire.connect();
}

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

core::Outcome<ClientResponse, ClientError> Client::send(const ClientRequest& request) {
  if (!is_sendable(request)) return ClientError{ClientFault::kBroken, "unsendable request"};
  std::uint64_t earlier = 0;
  static_cast<void>(!read(impl_->abort_event.get(), &earlier, sizeof earlier));

  auto& wire = impl_->wire;
  const auto deadline = ClientWire::Clock::now() + impl_->options.total_deadline;
  bool reused = false;
  ClientResponse response;
  if (!impl_->begin(deadline, reused)) return *wire.fault();
  if (impl_->exchange(request, response)) return response;

  // The server closed the idle connection while our request was on its way: it saw nothing of it,
  // or may be asked again without harm.
  const bool harmless = request.method == "GET" || request.method == "PUT" || !wire.sent_any();
  if (reused && wire.peer_closed() && !wire.received_any() && harmless) {
    wire.close();
    if (!impl_->begin(deadline, reused)) return *wire.fault();
    response = {};
    if (impl_->exchange(request, response)) return response;
  }
  auto fault = *wire.fault();
  wire.close();
  return fault;
}

void Client::abort() {
  const std::uint64_t one = 1;
  static_cast<void>(!write(impl_->abort_event.get(), &one, sizeof one));
}

}  // namespace reconciled::http
