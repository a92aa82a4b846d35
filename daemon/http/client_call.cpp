#include "daemon/http/client_call.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "daemon/core/words/check.h"
#include "daemon/core/words/text.h"
#include "daemon/http/client_verify.h"

namespace reconciled::http {
namespace {

using std::chrono::milliseconds;

constexpr const char* kUserAgent = "reconciled";
constexpr std::size_t kMaxHeadBytes = 65536;
constexpr std::size_t kMaxDetailBytes = 200;

bool is_plain(std::string_view text, bool blanks) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!blanks && byte == ' ')) return false;
  }
  return true;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

void take_value(std::string_view line, std::string_view name, std::string& value) {
  if (core::equal_ignoring_case(line.substr(0, name.size()), name)) {
    value = trimmed(line.substr(name.size()));
  }
}

ClientFault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return ClientFault::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return ClientFault::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      return ClientFault::kTimeout;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // a header line beyond curl's own limit
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:  // the same, since curl 8.6
#endif
      return ClientFault::kTooLarge;
    default:
      return ClientFault::kBroken;
  }
}

long in_ms(milliseconds time) { return static_cast<long>(std::max(time, milliseconds(1)).count()); }

}  // namespace

ClientCall::ClientCall() : easy_(curl_easy_init()) {
  if (!easy_) throw std::runtime_error("curl cannot be set up");
}

ClientCall& ClientCall::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<ClientCall*>(self);
}

// A `#` would end the URL's target.
bool ClientCall::is_sendable(const ClientRequest& request) {
  if (request.method.empty() || !is_plain(request.method, false)) return false;
  if (request.target.empty() || request.target.front() != '/' || !is_plain(request.target, false) ||
      request.target.find('#') != std::string::npos) {
    return false;
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || !is_plain(name, false) || name.find_first_of(":;") != std::string::npos) {
      return false;
    }
    if (!is_plain(value, true)) return false;
  }
  return is_plain(request.content_type, true);
}

void ClientCall::prepare(std::shared_ptr<const Upstream> upstream, ClientRequest request,
                         ClientLoop::Done done, bool on_fresh_connection) {
  upstream_ = std::move(upstream);
  request_ = std::move(request);
  done_ = std::move(done);
  head_bytes_ = 0;
  head_done_ = too_large_ = false;
  received_bytes_ = bytes_before_ = 0;
  response_ = {};
  quiet_since_ = Steady::now();
  complaint_.front() = '\0';
  curl_easy_reset(easy_.get());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, complaint_.data());
  set(CURLOPT_HEADERFUNCTION, &ClientCall::take_head);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &ClientCall::take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set_limits();
  set_peer();
  set(CURLOPT_FRESH_CONNECT, on_fresh_connection ? 1L : 0L);
  set_headers();
  set_request();
}

void ClientCall::give_up_connection() { set(CURLOPT_FORBID_REUSE, 1L); }

template <class Value>
void ClientCall::set(CURLoption option, Value value) {
  core::check(curl_easy_setopt(easy_.get(), option, value) == CURLE_OK, "curl takes the option");
}

void ClientCall::add_header(const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(headers_.release());
  headers_.reset(longer);
}

void ClientCall::set_headers() {
  headers_.reset();
  add_header("Expect:");  // curl would wait for a 100 before a large body
  add_header(request_.content_type.empty() ? "Content-Type:"
                                           : "Content-Type: " + request_.content_type);
  for (const auto& [name, value] : request_.headers) {
    add_header(name + (value.empty() ? ";" : ": " + value));
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void ClientCall::set_limits() {
  const ClientOptions& limits = options();
  set(CURLOPT_NOSIGNAL, 1L);
  // A thread that hangs in getaddrinfo is left to itself.
  set(CURLOPT_QUICK_EXIT, 1L);
  const milliseconds own = request_.at_most;
  set(CURLOPT_TIMEOUT_MS, in_ms(own > milliseconds(0) ? own : limits.total_deadline));
  set(CURLOPT_CONNECTTIMEOUT_MS, in_ms(limits.connect_timeout));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.max_response_bytes));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_PROTOCOLS_STR, upstream_->origin().tls ? "https" : "http");
}

void ClientCall::set_peer() {
  const ClientOptions& given = options();
  const Origin& origin = upstream_->origin();
  if (!given.unix_path.empty()) set(CURLOPT_UNIX_SOCKET_PATH, given.unix_path.c_str());
  // Elsewhere the environment's proxy is used, as curl does.
  if (!given.unix_path.empty() || origin.is_loopback()) set(CURLOPT_PROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // no secret for a proxy
  set(CURLOPT_SOCKOPTFUNCTION, &ClientCall::set_up_socket);
  set(CURLOPT_SOCKOPTDATA, static_cast<void*>(this));
  if (!origin.tls) return;
  // The second call waits until the first one knows whether its connection carries both.
  set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSL_CTX_FUNCTION, &verify_by_san);
  set(CURLOPT_SSL_CTX_DATA, const_cast<void*>(static_cast<const void*>(&origin.host)));
  if (!given.ca_file.empty()) {
    set(CURLOPT_CAINFO, given.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

void ClientCall::set_request() {
  const Origin& origin = upstream_->origin();
  const std::string url =
      (origin.tls ? "https://" : "http://") + origin.authority + origin.prefix + request_.target;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_USERAGENT, kUserAgent);
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.method == "GET" && request_.body.empty()) {
    set(CURLOPT_HTTPGET, 1L);
  } else if (request_.method == "DELETE" && request_.body.empty()) {
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  } else {
    set(CURLOPT_POST, 1L);
    // A refusal that comes quickly costs no connection.
    set(CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

// Where nobody acknowledges any more (a router forgot the connection), the kernel ends it.
int ClientCall::set_up_socket(void* self, curl_socket_t fd, curlsocktype) {
  const int on = 1;
  const auto silence = static_cast<ClientCall*>(self)->options().read_timeout;
  const auto patience = static_cast<unsigned>(in_ms(silence));
  // A Unix socket knows neither.
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  static_cast<void>(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience));
  return CURL_SOCKOPT_OK;
}

std::size_t ClientCall::take_head(char* bytes, std::size_t, std::size_t size, void* self) {
  return static_cast<ClientCall*>(self)->head_line({bytes, size}) ? size : 0;
}

std::size_t ClientCall::take_body(char* bytes, std::size_t, std::size_t size, void* self) {
  return static_cast<ClientCall*>(self)->body({bytes, size}) ? size : 0;
}

bool ClientCall::head_line(std::string_view line) {
  received_bytes_ += line.size();
  head_bytes_ += line.size();
  too_large_ |= head_bytes_ > kMaxHeadBytes;
  if (line.substr(0, 5) == "HTTP/") {
    // Of a 1xx before, or of a connection that was found closed, nothing counts.
    response_ = {};
    head_done_ = false;
  } else if (line == "\r\n" || line == "\n") {
    head_done_ = true;
  } else {
    take_value(line, "Retry-After:", response_.retry_after);
    take_value(line, "Date:", response_.date);
  }
  return !too_large_;
}

bool ClientCall::body(std::string_view part) {
  received_bytes_ += part.size();
  too_large_ |= part.size() > options().max_response_bytes - response_.body.size();
  if (!too_large_) response_.body += part;
  return !too_large_;
}

ClientCall::Steady::time_point ClientCall::quiet_since(Steady::time_point now) {
  curl_off_t until_transfer = 0;
  curl_off_t sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &until_transfer);
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  const std::uint64_t bytes = received_bytes_ + static_cast<std::uint64_t>(sent);
  const bool is_transferring = until_transfer > 0;
  if (bytes != bytes_before_ || !is_transferring) quiet_since_ = now;
  bytes_before_ = bytes;
  return quiet_since_;
}

ClientResult ClientCall::result(CURLcode code) {
  if (too_large_) return ClientError{ClientFault::kTooLarge, "response too large"};
  if (code != CURLE_OK) {
    const std::string_view said(complaint_.data());
    return ClientError{
        fault_of(code),
        core::clean_text(said.empty() ? curl_easy_strerror(code) : said, kMaxDetailBytes)};
  }
  if (!head_done_) return ClientError{ClientFault::kBroken, "closed by the server"};
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

ClientLoop::Done ClientCall::release() {
  headers_.reset();
  request_ = {};
  response_ = {};
  return std::exchange(done_, nullptr);
}

}  // namespace reconciled::http
