// What `reconciled COMMAND` does for each command but `serve`; each returns the exit status.
//
// `list`, `show` and `findings` read the file, read-only, whether the daemon runs or not; `status`,
// `tail`, `order`, `resolve`, `lookup`, `replay`, `resend`, `notify`, `backfill` and `report` go through
// the running daemon's admin endpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::commands {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kDifferences = 3;
inline constexpr int kBadConfiguration = 78;

using ConfigOutcome = core::Outcome<core::Config, std::vector<core::ConfigFault>>;
// The configuration in `path`, or every fault: of the file, its values, and secrets that `use`
// needs.
[[nodiscard]] ConfigOutcome read_config_file(const std::string& path, core::ConfigUse use);
// The same as SIGHUP takes it: credentials are not read anew (secrets_for_reload).
[[nodiscard]] ConfigOutcome reread_config_file(const std::string& path);
// One line.
[[nodiscard]] std::string text_of(const core::ConfigFault& fault);
void print(const std::vector<core::ConfigFault>& faults);  // to standard error
// The configuration, or nothing after every fault has been printed.
[[nodiscard]] std::optional<core::Config> load_config(
    const std::string& path, core::ConfigUse use = core::ConfigUse::kServe);

struct CheckOptions {
  bool online = false;  // PortOne is asked, too
  bool quiet = false;   // nothing is printed where all is good
  bool reload = false;  // quiet, and only what SIGHUP would take: no credentials
};
// Reads configuration, secrets and database, and prints every fault with its key.
int check(const std::string& config_path, const CheckOptions& options = {});
int migrate(const core::Config& config);

struct ListOptions {
  std::string result;
  std::string finding;
  std::string since;  // RFC 3339, or a DATE in the configured time zone
  std::int64_t limit = 50;
  bool json = false;
};
int list(const core::Config& config, const ListOptions& options);
int show(const core::Config& config, const std::string& payment_id, bool json);
int findings(const core::Config& config, bool all);

int status(const core::Config& config, bool json);
int tail(const core::Config& config, bool json);

struct ListenOptions {
  std::string to;            // the URL that webhooks go to
  std::string since = "2h";  // a duration
};
// Delivers the test channel's webhooks until Ctrl-C; asks PortOne, neither daemon nor file.
int listen(const core::Config& config, const ListenOptions& options);

struct OrderOptions {
  std::int64_t amount = 0;  // minor units
  std::string currency;
  bool preregister = false;  // PortOne is told, too
  bool correct = false;      // a paid one is corrected by hand
  std::string note;          // why
};
// Fails where PortOne refuses to be told.
int order(const core::Config& config, const std::string& payment_id, const OrderOptions& options);
// Closes a finding by hand; `note` says why.
int resolve(const core::Config& config, std::int64_t finding_id, const std::string& note);
int lookup(const core::Config& config, const std::string& payment_id);
int replay(const core::Config& config, std::int64_t event_id);

// Messages to the shop's backend, one by its id or those of a time.
struct ResendOptions {
  std::int64_t notification = 0;  // 0: those of the time
  std::string since;              // as ListOptions::since
  std::string until;
  bool failed = false;
};
int resend(const core::Config& config, const ResendOptions& options);
// Has messages to the shop's backend wait, or go on.
int notify(const core::Config& config, bool paused);

// A test message to each URL of [alert]; fails where one does not take it.
int test_alerts(const core::Config& config);
// What a person who helps needs to see, in a file: no secret, nobody's data. Needs neither daemon,
// database nor a good configuration.
int bugreport(const std::string& config_path, const std::string& file, bool overwrite);

struct BackfillOptions {
  std::string from;  // days of the configured time zone
  std::string to;
  bool notify = false;
};
// Takes in what never arrived, and shows how far it is; Ctrl-C stops it in the daemon, too.
int backfill(const core::Config& config, const BackfillOptions& options);

struct ReportOptions {
  std::string day;               // or today, yesterday
  std::string format = "table";  // table, csv or json
};
// A day's books; fails where they are incomplete.
int report(const core::Config& config, const ReportOptions& options);

// Derives every payment anew from evidence; with `check` changes nothing and tells differences.
int rebuild(const core::Config& config, bool check);

}  // namespace reconciled::commands
