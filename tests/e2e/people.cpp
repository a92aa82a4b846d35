#include "tests/e2e/people.h"

#include <httplib.h>

#include <algorithm>
#include <stdexcept>

#include "daemon/core/messages/signature.h"
#include "tests/e2e/child_process.h"

namespace reconciled::e2e {

People::People() : answer_([](const Told&) { return 200; }) {
  server_ = std::make_unique<httplib::Server>();
  server_->new_task_queue = [] { return new httplib::ThreadPool(16); };
  const auto take = [this](const httplib::Request& request, httplib::Response& response) {
    Told told{request.method, request.target, request.get_header_value("Accept"), request.body, 0};
    std::function<int(const Told&)> answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answer_;
    }
    told.answered = response.status = answer(told);
    if (told.answered == 429) response.set_header("Retry-After", "1");
    response.set_content(told.answered == 200 ? "ok" : "no_service", "text/plain");
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(told));
  };
  server_->Post(".*", take);
  server_->Get(".*", take);
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

People::~People() {
  server_->stop();
  thread_.join();
}

void People::answer_with(std::function<int(const Told&)> answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<Told> People::heard(const std::string& target) const {
  const std::lock_guard lock(mutex_);
  std::vector<Told> all = heard_;
  std::erase_if(all, [&](const Told& told) { return told.target.rfind(target, 0) != 0; });
  return all;
}

std::vector<Told> People::taken(const std::string& target) const {
  std::vector<Told> all = heard(target);
  std::erase_if(all, [](const Told& told) { return told.answered / 100 != 2; });
  return all;
}

void People::wait_for_taken(const std::string& target, std::size_t count) const {
  wait_until("people took " + std::to_string(count) + " at " + target,
             [&] { return taken(target).size() >= count; });
}

MailBox::MailBox() : thread_([this] { run(); }) {}

MailBox::~MailBox() {
  shutdown(listening_.fd(), SHUT_RDWR);
  thread_.join();
}

std::vector<MailBox::Letter> MailBox::letters() const {
  const std::lock_guard lock(mutex_);
  return letters_;
}

void MailBox::run() {
  for (;;) {
    test::RawSocket client = listening_.accept_one();
    if (client.fd() < 0) return;
    try {
      take_one(client);
    } catch (const std::runtime_error&) {
      continue;
    }
  }
}

void MailBox::take_one(test::RawSocket& client) {
  std::string received;
  const timeval patience{5, 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto up_to = [&](const std::string& end) {
    std::size_t at = 0;
    while ((at = received.find(end)) == std::string::npos) {
      char part[4096];
      const auto got = recv(client.fd(), part, sizeof part, 0);
      if (got <= 0) throw std::runtime_error("the client went away");
      received.append(part, static_cast<std::size_t>(got));
    }
    std::string text = received.substr(0, at);
    received.erase(0, at + end.size());
    return text;
  };
  Letter letter;
  client.send("220 mail.example ESMTP\r\n");
  for (;;) {
    const std::string line = up_to("\r\n");
    if (line.starts_with("EHLO")) {
      client.send("250 mail.example\r\n");
    } else if (line.starts_with("MAIL FROM:")) {
      letter.from = line.substr(10, line.find('>') - 9);
      client.send("250 ok\r\n");
    } else if (line.starts_with("RCPT TO:")) {
      letter.to.push_back(line.substr(8));
      client.send(refuses_ ? "550 no such box\r\n" : "250 ok\r\n");
    } else if (line == "DATA") {
      client.send("354 go on\r\n");
      letter.text = up_to("\r\n.\r\n");
      client.send("250 taken\r\n");
      const std::lock_guard lock(mutex_);
      letters_.push_back(letter);
    } else if (line == "QUIT") {
      client.send("221 bye\r\n");
      return;
    } else {
      client.send("250 ok\r\n");
    }
  }
}

std::string from_base64(const std::string& text) {
  std::string url_safe;
  for (const char c : text) {
    if (c == '+' || c == '/') {
      url_safe += c == '+' ? '-' : '_';
    } else if (c != '=' && c != '\r' && c != '\n') {
      url_safe += c;
    }
  }
  const auto bytes = core::from_base64url(url_safe);
  if (!bytes) throw std::runtime_error("no base64");
  return *bytes;
}

}  // namespace reconciled::e2e
