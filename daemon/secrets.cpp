#include "daemon/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

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

void drop_last_newline(std::string& text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
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
  drop_last_newline(text);
  return text;
}

Secret read_credential(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return core::SecretError{"a credential's name must be one file name"};
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return core::SecretError{"credential:" + name +
                             " needs systemd: CREDENTIALS_DIRECTORY is not set"};
  }
  return read_file(std::string(directory) + "/" + name);
}

Secret read_environment(const std::string& name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return core::SecretError{"environment variable " + name + " is not set"};
  std::string text(value);
  drop_last_newline(text);
  return text;
}

}  // namespace

Secret read_secret(const core::SecretReference& reference) {
  switch (reference.kind) {
    case core::SecretReference::Kind::kFile:
      return read_file(reference.name);
    case core::SecretReference::Kind::kCredential:
      return read_credential(reference.name);
    case core::SecretReference::Kind::kEnvironment:
      return read_environment(reference.name);
  }
  std::abort();
}

}  // namespace reconciled
