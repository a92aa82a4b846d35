#include "daemon/secrets.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using reconciled::kMaxSecretBytes;
using reconciled::read_secret;
using reconciled::core::SecretReference;
using reconciled::test::ScopedEnvironment;
using reconciled::test::TemporaryFolder;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string secret_in(const std::string& content) {
  const TemporaryFolder folder;
  write(folder / "secret", content);
  const auto outcome = read_secret({SecretReference::Kind::kFile, folder / "secret"});
  REQUIRE(outcome.ok());
  return outcome.value();
}

std::string fault_of(SecretReference::Kind kind, const std::string& name) {
  const auto outcome = read_secret({kind, name});
  REQUIRE_FALSE(outcome.ok());
  return outcome.error().message;
}

}  // namespace

TEST_CASE("secrets: a file's text comes without one newline at its end") {
  CHECK(secret_in("s3cret") == "s3cret");
  CHECK(secret_in("s3cret\n") == "s3cret");
  CHECK(secret_in("s3cret\r\n") == "s3cret");
  CHECK(secret_in("s3cret\n\n") == "s3cret\n");
  CHECK(secret_in(" s \n") == " s ");
  CHECK(secret_in("").empty());
}

TEST_CASE("secrets: a file of 64 KiB is read and a longer one refused") {
  CHECK(secret_in(std::string(kMaxSecretBytes, 'a')).size() == kMaxSecretBytes);
  const TemporaryFolder folder;
  write(folder / "long", std::string(kMaxSecretBytes + 1, 'a'));
  CHECK(fault_of(SecretReference::Kind::kFile, folder / "long") ==
        (folder / "long") + " is longer than 64 KiB");
}

TEST_CASE("secrets: what is no readable file is named with the reason") {
  const TemporaryFolder folder;
  CHECK(fault_of(SecretReference::Kind::kFile, folder / "absent") ==
        "cannot read " + (folder / "absent") + ": No such file or directory");
  CHECK(fault_of(SecretReference::Kind::kFile, folder.text()) ==
        folder.text() + " is no regular file");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(fault_of(SecretReference::Kind::kFile, folder / "fifo") ==
        (folder / "fifo") + " is no regular file");
}

TEST_CASE("secrets: a credential is read from systemd's directory") {
  const TemporaryFolder folder;
  write(folder / "imp_key", "key\n");
  const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", folder.text());
  const auto outcome = read_secret({SecretReference::Kind::kCredential, "imp_key"});
  REQUIRE(outcome.ok());
  CHECK(outcome.value() == "key");
  CHECK(fault_of(SecretReference::Kind::kCredential, "absent") ==
        "cannot read " + (folder / "absent") + ": No such file or directory");
}

TEST_CASE("secrets: a credential's name cannot leave the directory") {
  const TemporaryFolder folder;
  write(folder / "outside", "x");
  const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", folder.text());
  for (const char* name : {"", ".", "..", "../outside", "/etc/passwd", "a/b"}) {
    CHECK(fault_of(SecretReference::Kind::kCredential, name) ==
          "a credential's name must be one file name");
  }
}

TEST_CASE("secrets: credentials without systemd are a fault that says so") {
  const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", std::nullopt);
  CHECK(fault_of(SecretReference::Kind::kCredential, "imp_key") ==
        "credential:imp_key needs systemd: CREDENTIALS_DIRECTORY is not set");
}

TEST_CASE("secrets: an environment variable is read when it is set") {
  const ScopedEnvironment variable("RECONCILED_TEST_SECRET", "value");
  const auto outcome = read_secret({SecretReference::Kind::kEnvironment, "RECONCILED_TEST_SECRET"});
  REQUIRE(outcome.ok());
  CHECK(outcome.value() == "value");
  const ScopedEnvironment unset("RECONCILED_TEST_SECRET", std::nullopt);
  CHECK(fault_of(SecretReference::Kind::kEnvironment, "RECONCILED_TEST_SECRET") ==
        "environment variable RECONCILED_TEST_SECRET is not set");
}
