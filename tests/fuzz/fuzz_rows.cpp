// A file of rows, CSV or JSON lines: every row is accounted for, and two threads read what one does. The
// first byte says how the file is read.
#include <weir.hpp>

#include "fuzz.hpp"

namespace {

weir::mapping mapping_of(unsigned how) {
    weir::mapping m;
    if (how % 2 == 1) m.time_format = "%d.%m.%Y %H:%M";
    if (how / 2 % 2 == 1) m.zone = "Europe/Berlin";
    if (how / 4 % 2 == 1) {
        weir::event_mapping created, won;
        created.event = "created";
        created.time = "time";
        won.event = "won";
        won.time = "closed";
        won.id = "id";
        won.attributes = {
            {.column = "value", .name = "amount", .type = weir::attribute_type::money, .currency = "EUR"}};
        m.events = {created, won};
    }
    return m;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const unsigned how = data[0];
    const std::string content(weir_fuzz::text_of(data + 1, size - 1));
    weir::store store;
    const auto load = [&](int threads) {
        const weir::scope scope{.threads = threads};
        return how / 8 % 2 == 1
                   ? weir::load(store, weir::json_lines{"rows", mapping_of(how), content}, scope)
                   : weir::load(store,
                                weir::csv{"rows", mapping_of(how), content, how / 16 % 2 == 1 ? ';' : ','},
                                scope);
    };
    const auto report = load(1);
    if (!report) {
        weir_fuzz::require(!report.error().message.empty(), "an error without words");
        return 0;
    }
    weir_fuzz::require(report->rows >= report->without_event + report->rejected,
                       "more rows are told of than there are");
    weir_fuzz::require(store.snapshot().size() == report->events, "events are not those of the report");
    weir_fuzz::require(report->samples.size() <= 10, "too many rows are sampled");
    if (how / 32 % 8 != 0) return 0;  // a thread costs more than all the rest
    store = weir::store();
    const auto again = load(2);
    weir_fuzz::require(again && *again == *report, "two threads read otherwise");
    return 0;
}
