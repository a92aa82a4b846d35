#include "daemon/runtime/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace reconciled {
namespace {

using Secret = core::Outcome<std::string, core::SecretError>;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

core::SecretError cannot_read(const std::string& path, int error) {
  return {"cannot read " + path + ": " + std::generic_category().message(error)};
}

Secret read_file(const std::string& path) {
  // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return cannot_read(path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return cannot_read(path, errno);
  if (!S_ISREG(status.st_mode)) return core::SecretError{path + " is no regular file"};
  // One byte more than allowed tells a file that is too long, whatever its size said.
  std::string text(kMaxSecretBytes + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled > kMaxSecretBytes) return core::SecretError{path + " is longer than 64 KiB"};
  text.resize(filled);
  return text;
}

bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || errno != ENOENT;
}

Secret read_credential(const std::string& name, const std::string& folder) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return core::SecretError{"a credential's name must be one file name"};
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* given = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string handed_over = given == nullptr ? "" : given;
  std::string places;
  for (const std::string& place : {handed_over, folder}) {
    if (place.empty()) continue;
    const std::string path = place + "/" + name;
    if (is_there(path)) return read_file(path);
    places += (places.empty() ? "" : " nor in ") + place;
  }
  return core::SecretError{"there is no credential " + name + " in " + places};
}

Secret read_environment(const std::string& name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return core::SecretError{"environment variable " + name + " is not set"};
  return std::string(value);
}

}  // namespace

std::string credential_folder(const std::string& config_path) {
  const std::filesystem::path home = "/etc/reconciled";
  std::error_code ignored;
  const auto path = std::filesystem::absolute(config_path, ignored).lexically_normal();
  const std::string shop = path.stem().string();
  const bool is_instance =
      path.parent_path() == home && path.extension() == ".toml" && shop != "reconciled";
  return (is_instance ? home / "credentials" / shop : home / "credentials").string();
}

core::SecretSource secrets_with(std::string folder) {
  return [folder = std::move(folder)](const core::SecretReference& reference) -> Secret {
    switch (reference.kind) {
      case core::SecretReference::Kind::kFile:
        return read_file(reference.name);
      case core::SecretReference::Kind::kCredential:
        return read_credential(reference.name, folder);
      case core::SecretReference::Kind::kEnvironment:
        return read_environment(reference.name);
    }
    std::abort();
  };
}

core::SecretSource secrets_for_reload(std::string folder) {
  return [source = secrets_with(std::move(folder))](const core::SecretReference& reference) {
    Secret secret = source(reference);
    const bool is_credential = reference.kind == core::SecretReference::Kind::kCredential;
    if (is_credential && !secret.ok()) return Secret(std::string(kUnreadCredential));
    return secret;
  };
}

}  // namespace reconciled
