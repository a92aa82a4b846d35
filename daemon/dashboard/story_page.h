// One payment: what it is, what to do about it, and its story as it came. Pure.
#pragma once

#include <string>

#include "daemon/dashboard/frame.h"
#include "storage/story.h"

namespace reconciled::dashboard {

struct StoryPage {
  const storage::Story& story;
  std::string done;       // which button was just pressed: "lookup", "replay", "resend"…
  bool notifies = false;  // there is a backend to send messages to
};
[[nodiscard]] http::Response render(const View& view, const StoryPage& content);

// The story alone: a row each, drawn in the lane of whoever spoke.
void add_story(core::Html& html, const View& view, const StoryPage& content);

}  // namespace reconciled::dashboard
