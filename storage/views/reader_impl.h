// The reader's connection, shared by its sources; private to this folder.
#pragma once

#include <memory>

#include "storage/reader.h"
#include "storage/session.h"

namespace reconciled::storage {

struct Reader::Impl {
  explicit Impl(std::unique_ptr<Session> opened) : own(std::move(opened)), session(*own) {}
  std::unique_ptr<Session> own;
  Session& session;
};

}  // namespace reconciled::storage
