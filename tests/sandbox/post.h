// POSTs one webhook: the only place where the sandbox is an HTTP client.
//
// A Poster belongs to one thread and keeps a connection to each origin alive; `abort` ends a call
// in flight from another thread. Certificates are not checked: receivers are local.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reconciled::sandbox {

struct Posted {
  int status = 0;     // 0: no answer
  std::string body;   // its beginning
  std::string error;  // why there is none
};

class Poster {
 public:
  Poster();
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  Posted post(const std::string& url, const std::string& body, const std::string& content_type,
              const std::vector<std::pair<std::string, std::string>>& headers);
  void abort();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::sandbox
