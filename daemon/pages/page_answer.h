// The whole answer that carries a page: never kept, never framed, nothing loaded from anywhere.
//
// For the buyer's pages and the operator's. Style and script are constant texts in the page itself,
// allowed by their hashes.
#pragma once

#include <string>

#include "daemon/core/words/html.h"
#include "daemon/http/exchange.h"

namespace reconciled {

// `'sha256-…'`: how a Content-Security-Policy allows that style or script.
[[nodiscard]] std::string allowed_by_hash(core::Markup text);

// `policy`: its Content-Security-Policy. 503 says when to retry.
[[nodiscard]] http::Response page_answer(int status, std::string html, const std::string& policy);

}  // namespace reconciled
