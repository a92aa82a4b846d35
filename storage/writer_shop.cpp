// The units of work that the shop and its people ask for: orders, what PortOne is told of them,
// findings closed by hand, and the messages to its backend.
#include "storage/units/notifications.h"
#include "storage/writer_impl.h"

namespace reconciled::storage {

void Writer::register_order(OrderRequest request, Done<OrderOutcome> done) {
  impl_->submit_for<OrderOutcome>(
      Lane::kFirst,
      [this, request = std::move(request)](Session& session, CommitNotice& notice) mutable {
        request.at = impl_->even(request.at);
        std::optional<Settled> settled;
        const OrderOutcome outcome =
            storage::register_order(session, *impl_->context_now(), request, settled);
        if (settled) note(notice, {*settled});
        notice.lookups_changed = notice.preregistrations_changed = true;
        return outcome;
      },
      std::move(done));
}

void Writer::resolve_finding(ResolveRequest request, Done<ResolveOutcome> done) {
  impl_->submit_for<ResolveOutcome>(
      Lane::kFirst,
      [this, request = std::move(request)](Session& session, CommitNotice& notice) mutable {
        request.at = impl_->even(request.at);
        std::optional<Settled> settled;
        const ResolveOutcome outcome =
            storage::resolve_finding(session, *impl_->context_now(), request, settled);
        if (settled) note(notice, {*settled});
        notice.lookups_changed = true;
        return outcome;
      },
      std::move(done));
}

void Writer::withdraw_order(core::PaymentId payment_id, core::Time now, Done<OrderOutcome> done) {
  impl_->submit_for<OrderOutcome>(
      Lane::kFirst,
      [this, payment_id = std::move(payment_id), now](Session& session, CommitNotice& notice) {
        std::optional<Settled> settled;
        const OrderOutcome outcome = storage::withdraw_order(
            session, *impl_->context_now(), payment_id, impl_->even(now), settled);
        if (settled) note(notice, {*settled});
        notice.lookups_changed = true;
        return outcome;
      },
      std::move(done));
}

void Writer::settle_preregistration(PreregistrationReport report, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kFirst,
      [this, report = std::move(report)](Session& session, CommitNotice& notice) mutable {
        report.answered_at = impl_->even(report.answered_at);
        notice.preregistrations_changed = true;
        notice.told.push_back(report.told.payment_id);
        return storage::settle_preregistration(session, report);
      },
      std::move(done));
}

void Writer::note_try(NotificationTry tried, Done<std::optional<core::NotificationState>> done) {
  impl_->submit_for<std::optional<core::NotificationState>>(
      Lane::kBackground,
      [this, tried = std::move(tried)](Session& session, CommitNotice&) {
        NotificationTry now = tried;
        now.at = impl_->even(tried.at);
        return storage::note_try(session, now);
      },
      std::move(done));
}

void Writer::resend(std::int64_t notification, core::Time now, Done<ResendOutcome> done) {
  impl_->submit_for<ResendOutcome>(
      Lane::kFirst,
      [this, notification, now](Session& session, CommitNotice& notice) {
        const ResendOutcome outcome = storage::resend(session, notification, impl_->even(now));
        if (outcome == ResendOutcome::kResent) notice.notifications.added += 1;
        return outcome;
      },
      std::move(done));
}

void Writer::resend_some(const ResendRequest& request, const ResendSlice& last, core::Time now,
                         Done<ResendSlice> done) {
  impl_->submit_for<ResendSlice>(
      Lane::kBackground,
      [this, request, last, now](Session& session, CommitNotice& notice) {
        const ResendSlice slice = storage::resend_some(session, request, last, impl_->even(now));
        notice.notifications.added += slice.resent;
        return slice;
      },
      std::move(done));
}

void Writer::hasten_notifications(core::Time now, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [this, now](Session& session, CommitNotice&) {
        return hasten_some(session, impl_->even(now));
      },
      std::move(done));
}

}  // namespace reconciled::storage
