// A definition that can be read - a question, a report, a lifecycle, an identity, a mapping, a part - prints
// as JSON that reads back as the same, and can be asked of a few events.
#include <algorithm>

#include <weir.hpp>

#include "fuzz.hpp"

namespace {

const weir::snapshot& few_events() {
    static const weir::snapshot events = [] {
        weir::store store;
        weir::batch b;
        const char* const names[]{"visit", "signup", "demo", "won"};
        for (int i = 0; i < 24; ++i)
            b.add({.lead = std::string("lead ") + static_cast<char>('a' + i % 5),
                   .name = names[i * 7 % 4],
                   .time = weir::utc(2024, 1, 1) + std::chrono::hours{i / 2 * 30},
                   .attributes = {{"channel", i % 3 == 0 ? "ads" : "mail"},
                                  {"amount", weir::money{i * 100, "EUR"}}}});
        store.append(b).value();
        return store.snapshot();
    }();
    return events;
}

template <class T, class Read> std::optional<T> round_trip(std::string_view text, Read from_json) {
    const weir::result<T> read = from_json(text);
    if (!read) {
        weir_fuzz::require(!read.error().message.empty(), "an error without words");
        return std::nullopt;
    }
    const std::string printed = to_json(*read);
    const weir::result<T> again = from_json(printed);
    weir_fuzz::require(again.has_value(), "a definition that was printed cannot be read");
    weir_fuzz::require(to_json(*again) == printed, "a definition changes when it is printed");
    return *read;
}

template <class T> void tell(const weir::result<T>& answer) {
    weir_fuzz::require(answer || !answer.error().message.empty(), "an error without words");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = weir_fuzz::text_of(data, size);
    if (const auto q = round_trip<weir::question>(text, weir::question_from_json))
        tell(measure(few_events(), *q));
    if (const auto r = weir::report_from_json(text); r && r->answers.size() < 4)
        tell(measure(few_events(), *r));
    if (const auto l = round_trip<weir::lifecycle>(text, weir::lifecycle_from_json))
        tell(derive(few_events(), *l));
    if (const auto i = round_trip<weir::identity>(text, weir::identity_from_json))
        tell(derive(few_events(), *i));
    round_trip<weir::mapping>(text, weir::mapping_from_json);
    if (const auto p = round_trip<weir::funnel_part>(text, weir::funnel_part_from_json)) {
        const auto twice = merge(*p, *p);
        weir_fuzz::require(p->answer().has_value() || !twice, "a part that can be read has no answer");
    }
    if (const auto p = round_trip<weir::partial_flow>(text, weir::partial_flow_from_json)) {
        const auto told = p->answer();
        tell(told);
        weir_fuzz::require(told || told.error().code != weir::errc::corrupt, "a part blames the library");
        tell(merge(*p, *p));
    }
    if (const auto r = round_trip<weir::funnel_range>(text, weir::funnel_range_from_json)) tell(r->answer());
    return 0;
}
