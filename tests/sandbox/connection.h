// A connection as cpp-httplib reads and writes it, and the ways to break it.
//
// What is written is kept until it is sent. Belongs to the thread that serves it; every wait ends
// soon after `stopping` is set. For server.cpp only: it drags cpp-httplib in.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <string>

namespace reconciled::sandbox {

class Connection : public httplib::Stream {
 public:
  Connection(socket_t socket, const std::atomic<bool>& stopping)
      : socket_(socket), stopping_(stopping) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* target, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  // True once there is something to read; false after a few idle seconds, at a stop, or when the
  // client left.
  [[nodiscard]] bool wait_readable() const;
  // The head of the next request, left unread in the socket; empty where the connection already
  // holds bytes of it, or where no whole head comes within a second.
  [[nodiscard]] std::string peek_head() const;
  // Returns when the client has closed its side or at a stop.
  void wait_for_hangup() const;
  // Sends what was written; whether that succeeded.
  bool send_all();
  // Sends the head and half of the body.
  bool send_half();
  // Sends what was written a byte at a time.
  bool trickle(std::chrono::milliseconds interval);
  void reset_on_close() const;

 private:
  bool send_bytes(std::size_t from, std::size_t until) const;
  [[nodiscard]] bool hung_up_within(std::chrono::milliseconds time) const;

  const socket_t socket_;
  const std::atomic<bool>& stopping_;
  char buffer_[16384];
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  std::string out_;
};

}  // namespace reconciled::sandbox
