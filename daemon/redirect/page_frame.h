// The frame that all of the buyer's pages stand in: head, style, script, the coloured top, the foot
// with whom to turn to; and the answer that carries one.
//
// No outside resource. Style and script are two constant texts, allowed by their hashes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/core/words/html.h"
#include "daemon/http/exchange.h"
#include "daemon/pages/language.h"
#include "daemon/redirect/page_face.h"

namespace reconciled {

// Whose page it is, as configured; either may be empty.
struct Shop {
  std::string name;
  std::string contact;
};

// How a page learns that something changed.
struct Following {
  std::string url;  // its status; empty: it does not ask
  std::chrono::seconds every{};
  std::chrono::seconds left{};  // until the token's time is over
};

struct Frame {
  Language language = Language::kKorean;
  Face face = Face::kNotice;
  std::string_view state{};  // interface §5; empty: about no payment
  std::string_view title{};
  std::string_view text{};
  Following following{};
  bool has_ended = false;   // it stopped asking, and the payment is open
  bool has_number = false;  // `add_body` adds the number that the script copies
};

// `add_body` adds what stands between the top and the foot.
[[nodiscard]] std::string render_frame(const Frame& frame, const Shop& shop,
                                       const std::function<void(core::Html&)>& add_body);

// A whole answer with that page: never kept, never framed, nothing loaded. 503 says when to retry.
[[nodiscard]] http::Response page_response(int status, std::string html);

}  // namespace reconciled
