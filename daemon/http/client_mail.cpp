#include "daemon/http/client_mail.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <stdexcept>
#include <utility>

#include "daemon/core/words/check.h"
#include "daemon/core/words/text.h"
#include "daemon/http/client_verify.h"
#include "daemon/http/origin.h"

namespace reconciled::http {
namespace {

constexpr std::size_t kMaxDetailBytes = 200;
constexpr std::chrono::milliseconds kConnect{10'000};

struct EndEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct EndMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct EndList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Delivery {
  Mail mail;
  MailClient::Done done;
  Origin origin;
  std::size_t sent = 0;
  std::vector<curl_socket_t> sockets;  // that are open
  std::array<char, CURL_ERROR_SIZE> complaint{};
  std::unique_ptr<curl_slist, EndList> recipients;
  std::unique_ptr<CURL, EndEasy> easy{curl_easy_init()};
};

std::size_t give(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& delivery = *static_cast<Delivery*>(self);
  const std::size_t bytes = std::min(size * count, delivery.mail.text.size() - delivery.sent);
  std::memcpy(buffer, delivery.mail.text.data() + delivery.sent, bytes);
  delivery.sent += bytes;
  return bytes;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

int opened(void* self, curl_socket_t socket, curlsocktype) {
  static_cast<Delivery*>(self)->sockets.push_back(socket);
  return CURL_SOCKOPT_OK;
}

int close_one(void* self, curl_socket_t socket) {
  std::erase(static_cast<Delivery*>(self)->sockets, socket);
  return ::close(socket);
}

template <class Value>
void set(Delivery& delivery, CURLoption option, Value value) {
  core::check(curl_easy_setopt(delivery.easy.get(), option, value) == CURLE_OK,
              "curl takes the option");
}

void set_recipients(Delivery& delivery) {
  for (const std::string& address : delivery.mail.to) {
    curl_slist* const longer =
        curl_slist_append(delivery.recipients.get(), ("<" + address + ">").c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(delivery.recipients.release());
    delivery.recipients.reset(longer);
  }
  set(delivery, CURLOPT_MAIL_RCPT, delivery.recipients.get());
}

void prepare(Delivery& delivery) {
  const Mail& mail = delivery.mail;
  set(delivery, CURLOPT_PRIVATE, static_cast<void*>(&delivery));
  set(delivery, CURLOPT_ERRORBUFFER, delivery.complaint.data());
  set(delivery, CURLOPT_URL, mail.url.c_str());
  set(delivery, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(delivery, CURLOPT_PROXY, "");
  set(delivery, CURLOPT_NOSIGNAL, 1L);
  set(delivery, CURLOPT_QUICK_EXIT, 1L);
  set(delivery, CURLOPT_TIMEOUT_MS, static_cast<long>(mail.deadline.count()));
  set(delivery, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnect.count()));
  // Who hands mail to this machine's own server needs no certificate for it.
  const bool is_clear = mail.url.starts_with("smtp://") && delivery.origin.is_loopback();
  set(delivery, CURLOPT_USE_SSL, static_cast<long>(is_clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  set(delivery, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(delivery, CURLOPT_SSL_CTX_FUNCTION, &verify_by_san);
  set(delivery, CURLOPT_SSL_CTX_DATA, static_cast<void*>(&delivery.origin.host));
  if (!mail.user.empty()) {
    set(delivery, CURLOPT_USERNAME, mail.user.c_str());
    set(delivery, CURLOPT_PASSWORD, mail.password.c_str());
  }
  set(delivery, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  set_recipients(delivery);
  set(delivery, CURLOPT_UPLOAD, 1L);
  set(delivery, CURLOPT_READFUNCTION, &give);
  set(delivery, CURLOPT_READDATA, static_cast<void*>(&delivery));
  set(delivery, CURLOPT_WRITEFUNCTION, &drop);
  set(delivery, CURLOPT_FORBID_REUSE, 1L);
  set(delivery, CURLOPT_SOCKOPTFUNCTION, &opened);
  set(delivery, CURLOPT_SOCKOPTDATA, static_cast<void*>(&delivery));
  set(delivery, CURLOPT_CLOSESOCKETFUNCTION, &close_one);
  set(delivery, CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&delivery));
}

// What curl says of a login may repeat parts of it: there its own words do.
std::string fault_of(const Delivery& delivery, CURLcode code) {
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(delivery.easy.get(), CURLINFO_RESPONSE_CODE, &answer);
  const std::string number = answer > 0 ? std::to_string(answer) + ": " : std::string();
  const std::string_view said(delivery.complaint.data());
  const bool is_plain = !said.empty() && code != CURLE_LOGIN_DENIED;
  return number + core::clean_text(is_plain ? said : curl_easy_strerror(code), kMaxDetailBytes);
}

}  // namespace

struct MailClient::Impl {
  std::list<std::unique_ptr<Delivery>> deliveries;  // longer than their connections
  std::unique_ptr<CURLM, EndMulti> multi{curl_multi_init()};
};

MailClient::MailClient() : impl_(std::make_unique<Impl>()) {
  if (!impl_->multi) throw std::runtime_error("curl cannot be set up");
}

MailClient::~MailClient() {
  for (const auto& delivery : impl_->deliveries) {
    // curl says QUIT and waits for the answer: a server that is silent would have a stop wait.
    for (const curl_socket_t socket : delivery->sockets) ::shutdown(socket, SHUT_RDWR);
    curl_multi_remove_handle(impl_->multi.get(), delivery->easy.get());
  }
}

void MailClient::send(Mail mail, Done done) {
  auto delivery = std::make_unique<Delivery>();
  if (!delivery->easy) throw std::runtime_error("curl cannot be set up");
  const std::string authority = mail.url.substr(mail.url.find("://") + 3);
  delivery->origin = parse_base_url("https://" + authority);
  delivery->mail = std::move(mail);
  delivery->done = std::move(done);
  prepare(*delivery);
  core::check(curl_multi_add_handle(impl_->multi.get(), delivery->easy.get()) == CURLM_OK,
              "curl takes a mail");
  impl_->deliveries.push_back(std::move(delivery));
}

void MailClient::run_once() {
  if (impl_->deliveries.empty()) return;
  int running = 0;
  curl_multi_perform(impl_->multi.get(), &running);
  std::vector<std::pair<Done, std::string>> ended;
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(impl_->multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = std::find_if(impl_->deliveries.begin(), impl_->deliveries.end(),
                                    [&](const auto& one) { return one->easy.get() == easy; });
    core::check(found != impl_->deliveries.end(), "curl ends a mail that is under way");
    ended.emplace_back(std::move((*found)->done), fault_of(**found, code));
    curl_multi_remove_handle(impl_->multi.get(), (*found)->easy.get());
    impl_->deliveries.erase(found);
  }
  for (const auto& [done, fault] : ended) done(fault);
}

bool MailClient::is_busy() const { return !impl_->deliveries.empty(); }

}  // namespace reconciled::http
