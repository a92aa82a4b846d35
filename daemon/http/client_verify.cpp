#include "daemon/http/client_verify.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace reconciled::http {
namespace {

bool is_ip(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> address(
      a2i_IPADDRESS(host.c_str()), ASN1_OCTET_STRING_free);
  return address != nullptr;
}

}  // namespace

CURLcode verify_by_san(CURL* /*easy*/, void* context, void* host_text) {
  const std::string& host = *static_cast<const std::string*>(host_text);
  auto* const rules = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int named = is_ip(host) ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str())
                                : X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0);
  return named == 1 ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

}  // namespace reconciled::http
