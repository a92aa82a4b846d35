// Reading the configuration file, for every command and for SIGHUP.
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

#include "daemon/commands/commands.h"
#include "daemon/runtime/secrets.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

using core::ConfigFault;

constexpr std::size_t kMaxConfigBytes = 1024 * 1024;

std::vector<ConfigFault> of_the_whole(std::string message) { return {{"", std::move(message)}}; }

// The tz database's own files begin so; folders and its tables do not.
bool has_timezone(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  char magic[4] = {};
  return file.read(magic, sizeof magic) && std::string_view(magic, sizeof magic) == "TZif";
}

// The text of the file, or what stands in the way.
core::Outcome<std::string, ConfigFault> text_of(const std::string& path) {
  const auto cannot = [&](const std::string& why) {
    return ConfigFault{"", "cannot read the configuration " + path + ": " + why};
  };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return cannot(std::generic_category().message(errno) +
                  (errno == ENOENT ? " (`reconciled init` writes one)" : ""));
  }
  if (S_ISDIR(status.st_mode)) return cannot("it is a directory, name the file in it");
  // Reading a pipe that nobody writes would never end.
  if (!S_ISREG(status.st_mode)) return cannot("it is no regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot(std::generic_category().message(errno));
  std::string text;
  char part[4096];
  while (file.read(part, sizeof part) || file.gcount() > 0) {
    text.append(part, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxConfigBytes) return cannot("it is longer than 1 MiB");
  }
  if (file.bad()) return cannot(std::generic_category().message(errno));
  if (text.find('\0') != std::string::npos) {
    return cannot("it holds NUL bytes: it must be UTF-8 text");
  }
  return text;
}

ConfigOutcome read_with(const std::string& path, core::ConfigUse use,
                        const core::SecretSource& secrets) {
  auto text = text_of(path);
  if (!text.ok()) return std::vector<ConfigFault>{text.error()};
  if (text.value().find_first_not_of(" \t\r\n") == std::string::npos) {
    return of_the_whole("the configuration " + path + " is empty");
  }
  auto config = core::read_config(text.value(), secrets, {.use = use, .has_timezone = has_timezone});
  if (config.ok()) {
    std::string& location = config.value().database_path;
    location = storage::Store::true_location(location);
  }
  return config;
}

}  // namespace

ConfigOutcome read_config_file(const std::string& path, core::ConfigUse use) {
  return read_with(path, use, secrets_with(credential_folder(path)));
}

ConfigOutcome reread_config_file(const std::string& path) {
  return read_with(path, core::ConfigUse::kServe, secrets_for_reload(credential_folder(path)));
}

std::string text_of(const core::ConfigFault& fault) {
  return fault.key.empty() ? fault.message : fault.key + ": " + fault.message;
}

void print(const std::vector<ConfigFault>& faults) {
  for (const ConfigFault& fault : faults) std::fprintf(stderr, "%s\n", text_of(fault).c_str());
}

std::optional<core::Config> load_config(const std::string& path, core::ConfigUse use) {
  auto config = read_config_file(path, use);
  if (config.ok()) return std::move(config.value());
  print(config.error());
  return std::nullopt;
}

}  // namespace reconciled::commands
