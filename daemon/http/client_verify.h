// Whose certificate a peer has to show; private to the clients.
#pragma once

#include <curl/curl.h>

namespace reconciled::http {

// curl's CURLOPT_SSL_CTX_FUNCTION, with a `const std::string*` as its data: the host, whose name or
// address the certificate's SAN has to name. curl by itself would take the common name where it has
// no other.
CURLcode verify_by_san(CURL* easy, void* context, void* host);

}  // namespace reconciled::http
