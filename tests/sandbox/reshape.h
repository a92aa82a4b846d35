// Webhook bodies as they should not be: members of another kind or missing, bytes that are no
// UTF-8, a label that lies. For the control API's sends only.
#pragma once

#include "tests/sandbox/call.h"
#include "tests/sandbox/messages.h"

namespace reconciled::sandbox {

// Changes the message's body, JSON or form, by the members `merge` and `member` with `raw_hex` or
// `raw_json` of `wanted` (a form takes bytes percent-encoded), then its label by `content_type`.
// Throws BadMember.
void reshape(Message& message, const Json& wanted);

}  // namespace reconciled::sandbox
