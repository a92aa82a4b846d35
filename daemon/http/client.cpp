#include "daemon/http/client.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>

#include "daemon/core/words/check.h"
#include "daemon/core/words/text.h"
#include "daemon/http/origin.h"

namespace reconciled::http {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kUserAgent = "reconciled";
constexpr std::size_t kMaxHeadBytes = 65536;
constexpr std::size_t kMaxDetailBytes = 200;
constexpr milliseconds kLongestPoll{1'000};

struct EndMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct EndEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct EndHeaders {
  void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};

bool is_plain(std::string_view text, bool blanks) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!blanks && byte == ' ')) return false;
  }
  return true;
}

// What would let a value end its line, or the line end early, is refused before anything is sent.
// A `#` would end the URL's target.
bool is_sendable(const ClientRequest& request) {
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

// One response as it comes in.
struct Receiving {
  std::size_t max_body_bytes = 0;
  std::size_t head_bytes = 0;
  bool head_done = false;
  bool too_large = false;
  std::uint64_t received_bytes = 0;
  ClientResponse response;

  static std::size_t take_head(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<Receiving*>(self)->head_line({bytes, size}) ? size : 0;
  }
  static std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<Receiving*>(self)->body({bytes, size}) ? size : 0;
  }

 private:
  bool head_line(std::string_view line) {
    received_bytes += line.size();
    head_bytes += line.size();
    too_large |= head_bytes > kMaxHeadBytes;
    if (line.substr(0, 5) == "HTTP/") {
      // Of a 1xx before, or of a connection that was found closed, nothing counts.
      response = {};
      head_done = false;
    } else if (line == "\r\n" || line == "\n") {
      head_done = true;
    } else {
      take_value(line, "Retry-After:", response.retry_after);
      take_value(line, "Date:", response.date);
    }
    return !too_large;
  }
  bool body(std::string_view part) {
    received_bytes += part.size();
    too_large |= part.size() > max_body_bytes - response.body.size();
    if (!too_large) response.body += part;
    return !too_large;
  }
  static void take_value(std::string_view line, std::string_view name, std::string& value) {
    if (core::equal_ignoring_case(line.substr(0, name.size()), name)) value = trimmed(line.substr(name.size()));
  }
  static std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
  }
};

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

bool is_ip(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> address(
      a2i_IPADDRESS(host.c_str()), ASN1_OCTET_STRING_free);
  return address != nullptr;
}

// curl would take the certificate's common name where it has no other; the SAN alone counts.
CURLcode verify_by_san(CURL* /*easy*/, void* context, void* origin) {
  const std::string& host = static_cast<const Origin*>(origin)->host;
  auto* const rules = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int named = is_ip(host) ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str())
                                : X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0);
  return named == 1 ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

// A CA file that cannot be read would otherwise be noticed with the first call.
void check_ca_file(const std::string& path) {
  if (path.empty()) return;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  if (!context || SSL_CTX_load_verify_locations(context.get(), path.c_str(), nullptr) != 1) {
    throw std::runtime_error("CA file " + path + " cannot be read");
  }
}

long in_ms(milliseconds time) { return static_cast<long>(std::max(time, milliseconds(1)).count()); }

CURLM* make_multi() {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = kReady == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::runtime_error("curl cannot be set up");
  return multi;
}

}  // namespace

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
        multi(make_multi()),
        easy(curl_easy_init()) {
    if (!easy) throw std::runtime_error("curl cannot be set up");
    if (origin.tls) check_ca_file(options.ca_file);
  }

  using HeaderList = std::unique_ptr<curl_slist, EndHeaders>;

  template <class Value>
  void set(CURLoption option, Value value) {
    core::check(curl_easy_setopt(easy.get(), option, value) == CURLE_OK, "curl takes the option");
  }
  [[nodiscard]] static HeaderList headers_of(const ClientRequest& request);
  void set_limits();
  void set_peer();
  void set_request(const ClientRequest& request, const HeaderList& headers);
  [[nodiscard]] std::optional<ClientError> run(Receiving& receiving);
  [[nodiscard]] std::optional<ClientError> result_of(CURLcode code, const Receiving& receiving);
  [[nodiscard]] std::optional<CURLcode> ended();
  [[nodiscard]] bool is_transferring() const;

  ClientOptions options;
  Origin origin;
  std::unique_ptr<CURLM, EndMulti> multi;  // keeps the connection between calls
  std::unique_ptr<CURL, EndEasy> easy;
  std::array<char, CURL_ERROR_SIZE> complaint{};
  std::atomic<bool> aborted{false};
};

Client::Impl::HeaderList Client::Impl::headers_of(const ClientRequest& request) {
  HeaderList headers;
  const auto add = [&headers](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  add("Expect:");  // curl would wait for a 100 before a large body
  add(request.content_type.empty() ? "Content-Type:" : "Content-Type: " + request.content_type);
  for (const auto& [name, value] : request.headers) {
    add(name + (value.empty() ? ";" : ": " + value));
  }
  return headers;
}

void Client::Impl::set_limits() {
  set(CURLOPT_NOSIGNAL, 1L);
  // A thread that hangs in getaddrinfo is left to itself.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TIMEOUT_MS, in_ms(options.total_deadline));
  set(CURLOPT_CONNECTTIMEOUT_MS, in_ms(options.connect_timeout));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.max_response_bytes));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_PROTOCOLS_STR, origin.tls ? "https" : "http");
}

void Client::Impl::set_peer() {
  if (!options.unix_path.empty()) set(CURLOPT_UNIX_SOCKET_PATH, options.unix_path.c_str());
  // Elsewhere the environment's proxy is used, as curl does.
  if (!options.unix_path.empty() || origin.is_loopback()) set(CURLOPT_PROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // no secret for a proxy
  if (!origin.tls) return;
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSL_CTX_FUNCTION, &verify_by_san);
  set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(&origin));
  if (!options.ca_file.empty()) {
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

void Client::Impl::set_request(const ClientRequest& request, const HeaderList& headers) {
  const std::string url =
      (origin.tls ? "https://" : "http://") + origin.authority + origin.prefix + request.target;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_USERAGENT, kUserAgent);
  set(CURLOPT_HTTPHEADER, headers.get());
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method == "GET" && request.body.empty()) {
    set(CURLOPT_HTTPGET, 1L);
  } else if (request.method == "DELETE" && request.body.empty()) {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

// The connection stands, and the request is on its way.
bool Client::Impl::is_transferring() const {
  curl_off_t until_transfer = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_PRETRANSFER_TIME_T, &until_transfer);
  return until_transfer > 0;
}

std::optional<CURLcode> Client::Impl::ended() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return std::nullopt;
}

std::optional<ClientError> Client::Impl::result_of(CURLcode code, const Receiving& receiving) {
  if (code == CURLE_OK && receiving.head_done) return std::nullopt;
  if (receiving.too_large) return ClientError{ClientFault::kTooLarge, "response too large"};
  if (code == CURLE_OK) return ClientError{ClientFault::kBroken, "closed by the server"};
  const std::string_view said(complaint.data());
  return ClientError{
      fault_of(code),
      core::clean_text(said.empty() ? curl_easy_strerror(code) : said, kMaxDetailBytes)};
}

std::optional<ClientError> Client::Impl::run(Receiving& receiving) {
  Steady::time_point quiet_since = Steady::now();
  std::uint64_t bytes_before = 0;
  for (;;) {
    if (aborted) return ClientError{ClientFault::kBroken, "aborted"};
    int running = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
      return ClientError{ClientFault::kBroken, "curl gave up"};
    }
    if (const auto code = ended()) return result_of(*code, receiving);
    curl_off_t sent = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    const std::uint64_t bytes = receiving.received_bytes + static_cast<std::uint64_t>(sent);
    const auto now = Steady::now();
    if (bytes != bytes_before || !is_transferring()) quiet_since = now;
    bytes_before = bytes;
    const auto patience = std::chrono::ceil<milliseconds>(quiet_since + options.read_timeout - now);
    if (patience <= milliseconds(0)) return ClientError{ClientFault::kTimeout, "no byte in time"};
    curl_multi_poll(multi.get(), nullptr, 0,
                    static_cast<int>(std::min(patience, kLongestPoll).count()), nullptr);
  }
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
  Impl& impl = *impl_;
  if (impl.aborted) return ClientError{ClientFault::kBroken, "aborted"};
  Receiving receiving;
  receiving.max_body_bytes = impl.options.max_response_bytes;
  const Impl::HeaderList headers = Impl::headers_of(request);
  curl_easy_reset(impl.easy.get());
  impl.complaint.front() = '\0';
  impl.set(CURLOPT_ERRORBUFFER, impl.complaint.data());
  impl.set(CURLOPT_HEADERFUNCTION, &Receiving::take_head);
  impl.set(CURLOPT_HEADERDATA, static_cast<void*>(&receiving));
  impl.set(CURLOPT_WRITEFUNCTION, &Receiving::take_body);
  impl.set(CURLOPT_WRITEDATA, static_cast<void*>(&receiving));
  impl.set_limits();
  impl.set_peer();
  impl.set_request(request, headers);
  core::check(curl_multi_add_handle(impl.multi.get(), impl.easy.get()) == CURLM_OK,
              "one call at a time");
  const std::optional<ClientError> error = impl.run(receiving);
  curl_multi_remove_handle(impl.multi.get(), impl.easy.get());
  if (error) return *error;
  long status = 0;
  curl_easy_getinfo(impl.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  receiving.response.status = static_cast<int>(status);
  return std::move(receiving.response);
}

void Client::abort() {
  impl_->aborted = true;
  curl_multi_wakeup(impl_->multi.get());
}

bool Client::is_aborted() const { return impl_->aborted; }

}  // namespace reconciled::http
