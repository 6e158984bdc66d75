// live_funnel.cpp - a funnel that goes from snapshot to snapshot: leads that differ are counted out and in.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/fail.hpp"
#include "measure/funnel_part.hpp"
#include "measure/preset.hpp"
#include "store/changed_leads.hpp"

namespace weir::inline v1 {
live_funnel::live_funnel(funnel question) : question_(std::move(question)), part_(question_) {}

result<live_update> live_funnel::update(const snapshot& s, const scope& how) {
    return guarded([&] {
        const funnel_part::impl& before = part_.data();
        auto now = std::make_shared<funnel_part::impl>(part_without_sums(s, question_, how));
        auto leads = find_changed_leads(seen_.data(), before.as_of, s.data(), now->as_of);
        live_update done{.all = leads.all};
        if (leads.all) {
            now->state = sums_of(s.data(), *now, how);
        } else {
            done.leads = static_cast<std::int64_t>(std::max(leads.before.size(), leads.now.size()));
            const auto less = sums_of(seen_.data(), before, how, std::move(leads.before));
            const auto more = sums_of(s.data(), *now, how, std::move(leads.now));
            now->state = changed(before.state, less, more, resolved(question_));
        }
        part_ = funnel_part(std::shared_ptr<const funnel_part::impl>(std::move(now)));
        seen_ = s;
        return done;
    });
}

}  // namespace weir::inline v1
