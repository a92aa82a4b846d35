// `reconciled bugreport FILE`: what a person who helps needs to see. Each part says for itself what
// it could not find out; none needs another.
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "daemon/commands/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/journal.h"
#include "daemon/commands/report_text.h"
#include "daemon/core/config/config_shown.h"
#include "daemon/core/words/json.h"
#include "daemon/runtime/clock.h"
#include "storage/reader.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;

constexpr int kLogLines = 500;
constexpr std::size_t kMaxConfigBytes = 1024 * 1024;

std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  text.resize(std::min(text.size(), kMaxConfigBytes));
  return text;
}

std::string operating_system() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("PRETTY_NAME=")) return line.substr(12);
  }
  return "unknown";
}

std::string versions() {
  utsname machine{};
  static_cast<void>(::uname(&machine));
  return "reconciled " RECONCILED_VERSION ", schema " +
         std::to_string(storage::Store::newest_schema()) + ", compiled by " __VERSION__ "\n" +
         "system " + operating_system() + ", Linux " + machine.release + " " + machine.machine +
         "\n" + http::client_library() + "\n" + OpenSSL_version(OPENSSL_VERSION) + "\n";
}

std::string configuration(const std::string& path) {
  std::string text = core::shown_config(whole_file(path));
  const auto config = read_config_file(path, core::ConfigUse::kServe);
  if (config.ok()) return text + "\nno fault\n";
  text += "\n";
  for (const core::ConfigFault& fault : config.error()) {
    // An unknown key's name may be a secret in the wrong place.
    const bool is_unknown = fault.message.starts_with("unknown ");
    text += "FAULT " +
            (is_unknown ? "a key: unknown" : fault.key + ": " + without_people(fault.message)) +
            "\n";
  }
  return text;
}

std::string file_line(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    return path + ": " + std::generic_category().message(errno) + "\n";
  }
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(found.st_mode & 07777));
  return path + ": " + std::to_string(found.st_size) + " bytes, mode " + mode + ", changed " +
         core::to_rfc3339(core::from_ms(static_cast<std::int64_t>(found.st_mtime) * 1000)) + "\n";
}

std::string counts(const storage::Store& store) {
  storage::Reader reader(store);
  const storage::Stats stats = reader.stats();
  std::string text = "payments:";
  for (const auto& [result, count] : stats.payments_by_result) {
    text += " " + std::string(core::to_word(result)) + " " + std::to_string(count);
  }
  text += "\nopen findings:";
  for (const auto& [kind, count] : stats.open_findings) {
    text += " " + std::string(core::to_word(kind)) + " " + std::to_string(count);
  }
  const auto messages = reader.notification_outlook();
  return text + "\ninbox: " + std::to_string(stats.inbox_depth) + ", look-ups planned " +
         std::to_string(stats.lookups_planned) + ", tried in vain " +
         std::to_string(stats.lookups_failing) +
         "\nmessages to the backend: " + std::to_string(messages.waiting) + " wait, " +
         std::to_string(messages.parked) + " given up\n";
}

std::string database(const core::Config& config) {
  const storage::Store store(config.database_path);
  std::string text;
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    text += file_line(config.database_path + suffix);
  }
  if (const auto room = store.room()) text += std::to_string(room->bytes >> 20) + " MiB free\n";
  try {
    const std::vector<std::string> pending = store.pending_migrations();
    text += "schema " + std::to_string(storage::Store::newest_schema() - pending.size()) + ", " +
            std::to_string(pending.size()) + " migration(s) pending\n";
    store.expect_readable();
    text += counts(store);
  } catch (const std::exception& error) {
    text += "not read: " + without_people(error.what()) + "\n";
  }
  return text;
}

// The numbers of GET /stats, and its warnings.
void append_numbers(const nlohmann::json& json, const std::string& name, std::string& text) {
  for (const auto& [key, value] : json.items()) {
    const std::string path = name.empty() ? key : name + "." + key;
    if (value.is_object()) append_numbers(value, path, text);
    if (value.is_number() || value.is_boolean()) text += path + " " + value.dump() + "\n";
    const bool is_time = value.is_string() && core::parse_rfc3339(value.get<std::string>());
    if (is_time) text += path + " " + value.get<std::string>() + "\n";
  }
}

std::string daemon_now(const core::Config& config) {
  AdminClient client(config.admin, 5s);
  const auto answer = client.send("GET", "/stats");
  if (!answer.ok()) return "it does not answer: " + without_people(answer.error()) + "\n";
  if (answer.value().status != 200) {
    return "GET /stats answers " + std::to_string(answer.value().status) + "\n";
  }
  const auto stats = core::parse_json(answer.value().body);
  if (!stats.ok() || !stats.value().is_object()) return "GET /stats answers no JSON\n";
  std::string text;
  const nlohmann::json* const warnings = core::member(stats.value(), "warnings");
  for (const nlohmann::json& one : warnings == nullptr ? nlohmann::json::array() : *warnings) {
    text += "WARNING " + core::text_member(one, "kind").value_or("?") + " since " +
            core::text_member(one, "since").value_or("?") + ": " +
            without_people(core::text_member(one, "detail").value_or("")) + "\n";
  }
  if (text.empty()) text = "no warning\n";
  append_numbers(stats.value(), "", text);
  return text;
}

std::string log_lines(const std::string& config_path) {
  const std::string unit = unit_of(config_path);
  if (unit.empty()) {
    return "no log: the configuration lies outside /etc/reconciled, so there is no unit whose "
           "journal to read\n";
  }
  const Journal journal = read_journal(unit, kLogLines);
  if (!journal.fault.empty()) return journal.fault + "\n";
  std::string text;
  for (const JournalLine& line : journal.lines) {
    text +=
        line.time + " " +
        (line.is_ours ? shown_log_line(line.message) : "systemd: " + without_people(line.message)) +
        "\n";
  }
  return text;
}

// Whatever the parts did, nothing of these leaves.
std::vector<std::string> secrets_of(const core::Config& config) {
  std::vector<std::string> all{config.admin.token, config.notify_secret,
                               config.alert.heartbeat_url};
  if (config.v1) all.insert(all.end(), {config.v1->imp_key, config.v1->imp_secret});
  if (config.v2) {
    all.push_back(config.v2->api_secret);
    all.insert(all.end(), config.v2->webhook_secrets.begin(), config.v2->webhook_secrets.end());
  }
  for (const core::AlertUrl& url : config.alert.urls) {
    all.insert(all.end(),
               {url.target, url.recipient, url.mail.user, url.mail.password, url.mail.from});
    all.insert(all.end(), url.mail.to.begin(), url.mail.to.end());
  }
  return all;
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::size_t kShortest = 4;
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortest) continue;
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), "(secret)");
      at += 8;
    }
  }
  return text;
}

std::string report_on(const std::string& config_path) {
  std::string text = "reconciled bugreport, " + core::to_rfc3339(SystemClock{}.now()) + "\n";
  const auto add = [&](const char* title, const std::string& part) {
    text += std::string("\n== ") + title + "\n" + part;
  };
  add("versions", versions());
  add("configuration", configuration(config_path));
  const auto of_file = read_config_file(config_path, core::ConfigUse::kReadFile);
  add("database",
      of_file.ok() ? database(of_file.value()) : "not known: the configuration is faulty\n");
  const auto to_ask = read_config_file(config_path, core::ConfigUse::kAskDaemon);
  add("daemon",
      to_ask.ok() ? daemon_now(to_ask.value()) : "not asked: the configuration is faulty\n");
  add("log", log_lines(config_path));
  const auto whole = read_config_file(config_path, core::ConfigUse::kServe);
  return whole.ok() ? without_secrets(std::move(text), secrets_of(whole.value())) : text;
}

// What stands in the way; empty: it is written and on disk.
std::string write_new(const std::string& path, const std::string& text, bool overwrite) {
  if (overwrite) static_cast<void>(::unlink(path.c_str()));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == EEXIST) return "it exists: name another file, or say --force";
  if (fd < 0) return std::generic_category().message(errno);
  std::size_t written = 0;
  int fault = 0;
  while (written < text.size() && fault == 0) {
    const ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) fault = errno;
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  if (fault == 0 && ::fsync(fd) != 0 && errno != EINVAL) fault = errno;
  if (::close(fd) != 0 && fault == 0) fault = errno;
  return fault == 0 ? std::string() : std::generic_category().message(fault);
}

}  // namespace

int bugreport(const std::string& config_path, const std::string& file, bool overwrite) {
  struct stat found {};
  if (!overwrite && ::lstat(file.c_str(), &found) == 0) {
    std::fprintf(stderr, "reconciled: %s exists: name another file, or say --force\n",
                 file.c_str());
    return kFailed;
  }
  const std::string text = report_on(config_path);
  if (const std::string fault = write_new(file, text, overwrite); !fault.empty()) {
    std::fprintf(stderr, "reconciled: cannot write %s: %s\n", file.c_str(), fault.c_str());
    return kFailed;
  }
  std::printf(
      "%s holds %zu bytes, readable by you alone. It should name no secret and nobody; read "
      "it before you pass it on.\n",
      file.c_str(), text.size());
  return kDone;
}

}  // namespace reconciled::commands
