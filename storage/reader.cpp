// How a reader comes to its connection.
#include "storage/engine.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2s;

}  // namespace

Reader::Reader(const Store& store)
    : impl_(std::make_unique<Impl>(open_session(store.location(), kPatience))) {}

}  // namespace reconciled::storage
