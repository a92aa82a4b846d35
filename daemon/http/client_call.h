// One call as curl makes it: the request, the limits, and the response as it comes in; private to
// the client.
//
// Belongs to the thread of its loop. Used again for another call once it ended: curl's handle is
// costly to make.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/http/client.h"

namespace reconciled::http {

class ClientCall {
 public:
  using Steady = std::chrono::steady_clock;

  ClientCall();
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;

  // Whether nothing in the request could end its line, or the line early.
  [[nodiscard]] static bool is_sendable(const ClientRequest& request);

  // `on_fresh_connection`: on no connection that another call has used.
  void prepare(std::shared_ptr<const Upstream> upstream, ClientRequest request,
               ClientLoop::Done done, bool on_fresh_connection);
  // Before it is taken away from curl: its connection serves nobody after those that are on it.
  void give_up_connection();
  // What it came to; curl said `code`.
  [[nodiscard]] ClientResult result(CURLcode code);
  // Since when the server has been silent; the wait for a connection is limited apart.
  [[nodiscard]] Steady::time_point quiet_since(Steady::time_point now);

  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  [[nodiscard]] const ClientOptions& options() const { return upstream_->options(); }
  [[nodiscard]] bool is_silent() const { return received_bytes_ == 0; }
  [[nodiscard]] static ClientCall& of(CURL* easy);
  // What the caller gave, given back.
  [[nodiscard]] ClientLoop::Done release();

 private:
  struct EndEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct EndHeaders {
    void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
  };

  static int set_up_socket(void* self, curl_socket_t fd, curlsocktype purpose);
  static std::size_t take_head(char* bytes, std::size_t, std::size_t size, void* self);
  static std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* self);
  bool head_line(std::string_view line);
  bool body(std::string_view part);
  template <class Value>
  void set(CURLoption option, Value value);
  void add_header(const std::string& line);
  void set_headers();
  void set_limits();
  void set_peer();
  void set_request();

  std::unique_ptr<CURL, EndEasy> easy_;
  std::unique_ptr<curl_slist, EndHeaders> headers_;
  std::array<char, CURL_ERROR_SIZE> complaint_{};
  std::shared_ptr<const Upstream> upstream_;
  ClientRequest request_;
  ClientLoop::Done done_;

  std::size_t head_bytes_ = 0;
  bool head_done_ = false;
  bool too_large_ = false;
  std::uint64_t received_bytes_ = 0;
  ClientResponse response_;
  std::uint64_t bytes_before_ = 0;  // moved when it was looked at last
  Steady::time_point quiet_since_{};
};

}  // namespace reconciled::http
