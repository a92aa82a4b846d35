// Asks `alert.heartbeat_url` every minute while the daemon does its work: somebody else's monitor
// rings when the asking stops.
//
// Well is: no warning about PortOne, the sweep, the inbox, the database or the disk stands, no
// thread stands still, and a commit of our own just succeeded. The first time after a whole minute
// of that, so that one that dies again and again is silent. Belongs to the alerter's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/digest.h"
#include "daemon/http/client.h"
#include "daemon/runtime/warnings.h"
#include "storage/writer.h"

namespace reconciled::alert {

class Heartbeat {
 public:
  struct Uses {
    http::ClientLoop& loop;
    storage::Writer& writer;
    const Warnings& warnings;
    std::function<std::vector<std::string>()> faults;
  };
  Heartbeat(Uses uses, std::chrono::milliseconds every) : uses_(std::move(uses)), every_(every) {}

  void set_url(const std::string& url);
  [[nodiscard]] bool is_on() const { return upstream_ != nullptr; }
  void run_once(core::Time paced);

 private:
  [[nodiscard]] bool is_well() const;
  void beat(core::Time paced);
  void ask();
  void heard(const http::ClientResult& result);

  const Uses uses_;
  const std::chrono::milliseconds every_;
  std::shared_ptr<const http::Upstream> upstream_;
  std::string url_;
  std::string target_;
  std::optional<core::Time> next_;  // nothing: it is not well
  bool is_writing_ = false;
  bool is_heard_ = true;
};

}  // namespace reconciled::alert
