#include "daemon/runtime/secrets.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using reconciled::credential_folder;
using reconciled::kMaxSecretBytes;
using reconciled::secrets_with;
using reconciled::core::SecretReference;
using reconciled::test::ScopedEnvironment;
using reconciled::test::TemporaryFolder;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

constexpr const char* kNowhere = "/nonexistent/credentials";

reconciled::core::Outcome<std::string, reconciled::core::SecretError> read_secret(
    const SecretReference& reference, const std::string& folder = kNowhere) {
  return secrets_with(folder)(reference);
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

TEST_CASE("secrets: a file's text comes as it stands there") {
  CHECK(secret_in("s3cret") == "s3cret");
  CHECK(secret_in("\ufeff s \r\n\n") == "\ufeff s \r\n\n");
  CHECK(secret_in(std::string("\xe9\0z", 3)) == std::string("\xe9\0z", 3));
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

TEST_CASE("secrets: a credential is looked for in systemd's directory, then in the folder") {
  const TemporaryFolder handed_over;
  const TemporaryFolder folder;
  write(handed_over / "imp_key", "of systemd");
  write(folder / "imp_key", "of the folder");
  write(folder / "other", "beside");
  const auto found = [&](const std::string& name) {
    const auto outcome = read_secret({SecretReference::Kind::kCredential, name}, folder.text());
    return outcome.ok() ? outcome.value() : outcome.error().message;
  };
  {
    const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", handed_over.text());
    CHECK(found("imp_key") == "of systemd");
    CHECK(found("other") == "beside");
    CHECK(found("absent") ==
          "there is no credential absent in " + handed_over.text() + " nor in " + folder.text());
  }
  const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", std::nullopt);
  CHECK(found("imp_key") == "of the folder");
  CHECK(found("absent") == "there is no credential absent in " + folder.text());
}

TEST_CASE("secrets: for a reload only credentials may be missing") {
  const ScopedEnvironment directory("CREDENTIALS_DIRECTORY", std::nullopt);
  const auto source = reconciled::secrets_for_reload(kNowhere);
  const auto credential = source({SecretReference::Kind::kCredential, "absent"});
  REQUIRE(credential.ok());
  CHECK(credential.value() == reconciled::kUnreadCredential);
  CHECK_FALSE(source({SecretReference::Kind::kFile, "/nonexistent/file"}).ok());
  CHECK_FALSE(source({SecretReference::Kind::kEnvironment, "NOT_SET_ANYWHERE"}).ok());
}

TEST_CASE("secrets: an instance has credentials of its own") {
  CHECK(credential_folder("/etc/reconciled/reconciled.toml") == "/etc/reconciled/credentials");
  CHECK(credential_folder("/etc/reconciled/shoes.toml") == "/etc/reconciled/credentials/shoes");
  CHECK(credential_folder("/etc/reconciled/./shoes.toml") == "/etc/reconciled/credentials/shoes");
  CHECK(credential_folder("/srv/shoes.toml") == "/etc/reconciled/credentials");
  CHECK(credential_folder("shoes.toml") == "/etc/reconciled/credentials");
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

TEST_CASE("secrets: an environment variable is read when it is set") {
  const ScopedEnvironment variable("RECONCILED_TEST_SECRET", "value");
  const auto outcome = read_secret({SecretReference::Kind::kEnvironment, "RECONCILED_TEST_SECRET"});
  REQUIRE(outcome.ok());
  CHECK(outcome.value() == "value");
  const ScopedEnvironment unset("RECONCILED_TEST_SECRET", std::nullopt);
  CHECK(fault_of(SecretReference::Kind::kEnvironment, "RECONCILED_TEST_SECRET") ==
        "environment variable RECONCILED_TEST_SECRET is not set");
}
