// What a Content-Type header says a body is.
//
// Used by the listeners; a label only: what a message is, its body tells (interface §4). Pure, and
// allocates nothing.
#pragma once

#include <string_view>

namespace reconciled::core {

enum class MediaType { kUnsaid, kJson, kForm, kOther };

// By the type alone, in any case and without its parameters (RFC 9110 §8.3.1); kUnsaid for an empty
// header.
[[nodiscard]] MediaType media_type_of(std::string_view content_type);

}  // namespace reconciled::core
