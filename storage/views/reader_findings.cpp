#include "storage/reader.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {

std::vector<Reader::OpenKind> Reader::open_kinds(std::int64_t payments_each) {
  std::vector<OpenKind> kinds;
  {
    Query query = impl_->session.query(
        "SELECT kind, count(*), min(opened_at_ms), max(finding_id) FROM finding "
        "WHERE open = 1 GROUP BY kind ORDER BY kind");
    while (query.next()) {
      Row row = query.row();
      OpenKind kind{.kind = row.word<core::FindingKind>()};
      kind.count = row.integer();
      kind.since = row.time();
      kind.newest = row.integer();
      kinds.push_back(std::move(kind));
    }
  }
  for (OpenKind& kind : kinds) {
    Query query = impl_->session.query(
        "SELECT payment_id FROM finding WHERE open = 1 AND kind = ? "
        "ORDER BY finding_id DESC LIMIT ?");
    query.with(kind.kind, payments_each);
    while (query.next()) kind.payments.push_back(query.row().payment_id());
  }
  return kinds;
}

}  // namespace reconciled::storage
