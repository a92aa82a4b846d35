#include "daemon/commands/init.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "daemon/commands/commands.h"
#include "daemon/commands/terminal.h"
#include "daemon/runtime/secrets.h"

namespace reconciled::commands {
namespace {

constexpr const char* kUnknownUrl = "https://YOUR-HOST";

int refuse(const std::string& why, int status) {
  for (const std::string& line : wrap("reconciled: " + why, kColumns)) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  return status;
}

std::string words_of_errno() { return std::generic_category().message(errno); }

// The instance's name where the file is one's, by the folder of its secrets.
std::string shop_of(const std::string& folder) {
  const std::filesystem::path path(folder);
  return path.filename() == "credentials" ? "" : path.filename().string();
}

std::string fault_of_url(const std::string& url) {
  const bool has_scheme = url.starts_with("https://") || url.starts_with("http://");
  const std::size_t host = url.find("://") + 3;
  if (!has_scheme || host >= url.size()) {
    return "--url is where your reverse proxy stands: https://pay.example.com";
  }
  if (url.find_first_of("?# \"'\\<>", host) != std::string::npos) {
    return "--url takes neither query nor blanks: https://pay.example.com";
  }
  if (url.find('/', host) != std::string::npos) {
    return "--url takes no path: PortOne's and the buyers' paths are added (webhook.path and redirect.path say "
           "them)";
  }
  return {};
}

// Beside the place and then over it, so that nobody ever reads half a file. Readable by the service's
// user whatever the umask is; there are no secrets in it.
std::string write(const std::string& path, const std::string& text, bool over) {
  const std::string beside = path + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return "cannot write " + beside + ": " + words_of_errno();
  const bool is_written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                          ::fchmod(file, 0644) == 0 && ::fsync(file) == 0;
  const std::string why = words_of_errno();
  ::close(file);
  std::string fault;
  if (!is_written) {
    fault = "cannot write " + beside + ": " + why;
  } else if (!over && ::link(beside.c_str(), path.c_str()) != 0) {
    fault = "cannot write " + path + ": " + words_of_errno();  // another made it meanwhile
  } else if (over && ::rename(beside.c_str(), path.c_str()) != 0) {
    fault = "cannot write " + path + ": " + words_of_errno();
  }
  ::unlink(beside.c_str());
  return fault;
}

std::string keep_old(const std::string& path) {
  std::error_code failed;
  std::filesystem::copy_file(path, path + ".old", std::filesystem::copy_options::overwrite_existing,
                             failed);
  return failed ? "cannot keep the old file as " + path + ".old: " + failed.message() : "";
}

struct Next {
  std::string config_path;
  std::string folder;  // of the secrets
  std::string url;
  InitOptions options;
  InitApis apis;
  bool is_url_known;
};

// What `reconciled` needs to say which file is meant.
std::string command(const Next& next, const char* what) {
  const bool is_usual = next.config_path == "/etc/reconciled/reconciled.toml";
  return "reconciled " + (is_usual ? "" : "--config " + next.config_path + " ") + what;
}

struct Secret {
  const char* name;
  const char* what;
  bool is_v1;
};
constexpr std::array<Secret, 4> kSecrets{{{"imp_key", "V1: REST API key", true},
                                          {"imp_secret", "V1: REST API secret", true},
                                          {"portone_api_secret", "V2: API secret", false},
                                          {"portone_webhook_secret",
                                           "V2: webhook secret, whsec_…, made in step 2", false}}};

bool is_wanted(const Next& next, const Secret& secret) {
  return secret.is_v1 ? next.apis.v1 : next.apis.v2;
}

bool is_there(const Next& next, const Secret& secret) {
  return ::access((next.folder + "/" + secret.name).c_str(), F_OK) == 0;
}

void say_secrets(const Next& next) {
  std::printf("\n1. Secrets, a file each, as root: paste, Enter, Ctrl-D. They stand in PortOne's console,\n"
              "   결제 연동 > 연동 관리.\n");
  if (::access(next.folder.c_str(), F_OK) != 0) {
    std::printf("     install -d -m 700 %s\n", next.folder.c_str());
  }
  for (const Secret& secret : kSecrets) {
    if (!is_wanted(next, secret)) continue;
    const bool there = is_there(next, secret);
    std::printf("     # %s%s\n", secret.what, there ? " (is there)" : "");
    if (!there) std::printf("     (umask 077; cat >%s/%s)\n", next.folder.c_str(), secret.name);
  }
}

void say_console(const Next& next) {
  const char* const environment = next.options.channel == "live" ? "실연동" : "테스트";
  std::printf("\n2. PortOne's console, 결제 연동 > 연동 관리 > 결제알림(Webhook) 관리, %s:\n", environment);
  for (const bool v1 : {true, false}) {
    if (!(v1 ? next.apis.v1 : next.apis.v2)) continue;
    std::printf("     결제모듈 %s   Endpoint URL   %s/webhooks/portone\n", v1 ? "V1" : "V2", next.url.c_str());
    if (v1) continue;
    std::printf("                   Content Type   application/json\n"
                "                   version        2024-04-25\n"
                "                   secret         웹훅 시크릿 발급: it is portone_webhook_secret of step 1\n");
  }
  std::printf("   Where PortOne's support has switched on the confirm process, its URL is\n"
              "     %s/confirm/portone\n", next.url.c_str());
}

void say_the_way_back(const Next& next) {
  std::printf("\n3. The payment window's way back, in the page that opens it:\n");
  if (next.apis.v1) std::printf("     V1   m_redirect_url: \"%s/payments/complete\"\n", next.url.c_str());
  if (next.apis.v2) std::printf("     V2   redirectUrl: \"%s/payments/complete\"\n", next.url.c_str());
  std::printf("\n4. Your reverse proxy, with TLS (README, \"Reverse proxy\", has nginx and Caddy):\n"
              "     %s/webhooks/portone, /confirm/portone       to 127.0.0.1:%lld\n"
              "     %s/payments/complete, …/complete/status     to 127.0.0.1:%lld\n",
              next.url.c_str(), static_cast<long long>(next.options.port), next.url.c_str(),
              static_cast<long long>(next.options.port + 1));
  if (!next.is_url_known) {
    std::printf("   YOUR-HOST is that proxy's name; with --url it stands everywhere.\n");
  }
}

void say_start(const Next& next) {
  const std::string shop = shop_of(next.folder);
  const bool is_unit = next.config_path.starts_with("/etc/reconciled/");
  std::printf("\n5. Then\n     %s\n     %s\n", command(next, "check --online").c_str(),
              is_unit ? ("systemctl enable --now reconciled" + (shop.empty() ? "" : "@" + shop)).c_str()
                      : command(next, "serve").c_str());
}

std::string names_of(const InitApis& apis) {
  if (apis.v1 && apis.v2) return "V1 and V2";
  return apis.v1 ? "V1" : "V2";
}

int end_with_check(const Next& next) {
  const bool are_there = std::all_of(kSecrets.begin(), kSecrets.end(), [&](const Secret& secret) {
    return !is_wanted(next, secret) || is_there(next, secret);
  });
  if (are_there || read_config_file(next.config_path, core::ConfigUse::kServe).ok()) {
    std::printf("\nAll secrets are there: this is what `check --online` says.\n");
    return check(next.config_path, {.online = true});
  }
  std::printf("\nStill to do, before PortOne can be asked:\n");
  if (next.apis.v2 && next.options.store_id.empty()) {
    std::printf("     portone.v2.store_id in %s: store-… from PortOne's console\n",
                next.config_path.c_str());
  }
  std::printf("     the secrets of step 1\n");
  return kDone;
}

}  // namespace

int init(const std::string& config_path, const InitOptions& options) {
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  if (!options.url.empty()) {
    if (const std::string fault = fault_of_url(url); !fault.empty()) return refuse(fault, kUsage);
  }
  std::error_code unknown;
  const std::string path = std::filesystem::absolute(config_path, unknown).lexically_normal().string();
  const std::string folder = credential_folder(path);
  const std::string text = configuration_of(options, shop_of(folder));
  if (const auto faults = faults_of(text, options); !faults.empty()) {
    print(faults);
    return refuse("nothing was written", kUsage);
  }
  struct stat found {};
  const bool exists = ::lstat(path.c_str(), &found) == 0;
  if (exists && !options.force) {
    return refuse(path + " is there, and init overwrites nothing. Another file is named with --config; with "
                         "--force it is written anew, and the old one kept as " + path + ".old", kFailed);
  }
  if (exists && !S_ISREG(found.st_mode)) return refuse(path + " is no regular file", kFailed);
  std::string fault = exists ? keep_old(path) : "";
  if (fault.empty()) fault = write(path, text, exists);
  if (!fault.empty()) {
    return refuse(fault + (::geteuid() == 0 ? "" : " (try as root, or name another file with --config)"), kFailed);
  }
  const Next next{path, folder, url.empty() ? kUnknownUrl : url, options, apis_of(options), !url.empty()};
  std::printf("%s is written: %s, %s channel. It explains every key.\n", path.c_str(),
              names_of(next.apis).c_str(), options.channel.c_str());
  if (exists) std::printf("What was there is kept as %s.old.\n", path.c_str());
  say_secrets(next);
  say_console(next);
  say_the_way_back(next);
  say_start(next);
  return end_with_check(next);
}

}  // namespace reconciled::commands
