// A resolver that never answers: a library for LD_PRELOAD, above libc's getaddrinfo.
//
// Asked for the host that HANGING_HOST names it sleeps for ever; all else goes on untouched.
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  const char* const hangs = std::getenv("HANGING_HOST");
  if (node != nullptr && hangs != nullptr && std::strcmp(node, hangs) == 0) {
    for (;;) pause();
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, found);
}
