#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "catch.hpp"
#include "stats/interval.hpp"

using weir::rate_status;
using weir::wilson;

namespace {

void check_interval(std::int64_t n, std::int64_t of, double low, double high) {
    CAPTURE(n, of);
    const auto r = wilson(n, of);
    CHECK(r.n == n);
    CHECK(r.of == of);
    REQUIRE(r.low.has_value());
    REQUIRE(r.high.has_value());
    CHECK(*r.low == Approx(low).margin(5e-10).epsilon(0));
    CHECK(*r.high == Approx(high).margin(5e-10).epsilon(0));
}

std::optional<weir::duration> quantile_of(std::vector<std::int64_t> values, int numerator, int denominator) {
    return weir::quantile(values, numerator, denominator);
}

}  // namespace

TEST_CASE("interval: Wilson's interval is that of the literature") {
    check_interval(81, 263, 0.255288520, 0.366209577);
    check_interval(15, 148, 0.062386400, 0.160487242);
    check_interval(0, 20, 0, 0.161125158);
    check_interval(1, 29, 0.006113214, 0.171755219);
    check_interval(10, 10'000, 0.000543286, 0.001839944);
}

TEST_CASE("interval: nobody and everybody are exact, and marked") {
    for (const std::int64_t of : {1, 2, 3, 20, 1'000, 1'000'000'007}) {
        CAPTURE(of);
        const auto none = wilson(0, of);
        const auto all = wilson(of, of);
        CHECK(none.status == rate_status::boundary);
        CHECK(*none.low == 0.0);
        CHECK(all.status == rate_status::boundary);
        CHECK(*all.high == 1.0);
        CHECK(*none.high == Approx(1 - *all.low));
    }
}

TEST_CASE("interval: of nobody there is no rate") {
    CHECK(wilson(0, 0) == weir::rate{0, 0, {}, {}, rate_status::empty});
    CHECK(weir::share(0, 0) == weir::rate{0, 0, {}, {}, rate_status::empty});
}

TEST_CASE("interval: always around the rate and within 0 and 1") {
    for (std::int64_t of = 1; of <= 60; ++of) {
        for (std::int64_t n = 0; n <= of; ++n) {
            const auto r = wilson(n, of);
            CAPTURE(n, of);
            CHECK((0 <= *r.low && *r.low <= *r.value() && *r.value() <= *r.high && *r.high <= 1));
            CHECK(r.status == (n == 0 || n == of ? rate_status::boundary : rate_status::ok));
        }
    }
}

TEST_CASE("interval: billions of trials stay ordered") {
    const std::int64_t of = std::int64_t{1} << 62;
    const auto r = wilson(of / 3, of);
    CHECK(*r.low <= *r.value());
    CHECK(*r.value() <= *r.high);
    CHECK(*r.high - *r.low < 1e-8);
}

TEST_CASE("interval: a share has a value and no interval") {
    const auto r = weir::share(3, 4);
    CHECK(r == weir::rate{3, 4, {}, {}, rate_status::ok});
    CHECK(*r.value() == 0.75);
    CHECK(weir::share(4, 4).status == rate_status::boundary);
}

TEST_CASE("interval: an undefined rate has no value") {
    const auto r = weir::undefined_rate();
    CHECK(r.status == rate_status::undefined);
    CHECK(r.value() == std::nullopt);
    CHECK(r.low == std::nullopt);
    CHECK(r.high == std::nullopt);
}

TEST_CASE("quantile: an observed value, the ceil(p n)-th smallest") {
    using weir::duration;
    CHECK(quantile_of({4, 1, 3, 2}, 1, 2) == duration{2});
    CHECK(quantile_of({5, 1, 3, 2, 4}, 1, 2) == duration{3});
    CHECK(quantile_of({4, 1, 3, 2}, 3, 4) == duration{3});
    CHECK(quantile_of({4, 1, 3, 2}, 9, 10) == duration{4});
    CHECK(quantile_of({4, 1, 3, 2}, 1, 1) == duration{4});
    CHECK(quantile_of({4, 1, 3, 2}, 1, 1'000'000) == duration{1});
    CHECK(quantile_of({7}, 1, 2) == duration{7});
    CHECK(quantile_of({2, 2, 2, 9}, 1, 2) == duration{2});
    CHECK(quantile_of({}, 1, 2) == std::nullopt);
}

TEST_CASE("quantile: the order of the values does not matter") {
    std::vector<std::int64_t> values;
    for (int i = 1; i <= 1'000; ++i) values.push_back(i);
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        std::shuffle(values.begin(), values.end(), random);
        CHECK(quantile_of(values, 9, 10) == weir::duration{900});
    }
}

TEST_CASE("quantile: of many values too it is the one that sorting puts there") {
    std::mt19937_64 random(3);
    for (const int bits : {1, 5, 13, 40, 64}) {
        std::vector<std::int64_t> values;
        for (int i = 0; i < 40'000; ++i)
            values.push_back(static_cast<std::int64_t>(random() >> (64 - bits)) >> (i % 3 * bits / 4));
        auto sorted = values;
        std::sort(sorted.begin(), sorted.end());
        CAPTURE(bits);
        CHECK(quantile_of(values, 1, 2) == weir::duration{sorted[19'999]});
        CHECK(quantile_of(values, 9, 10) == weir::duration{sorted[35'999]});
        CHECK(quantile_of(values, 1, 1) == weir::duration{sorted.back()});
        auto both = values;
        const auto found = weir::median_and_p90(both);
        CHECK(found.median == weir::duration{sorted[19'999]});
        CHECK(found.p90 == weir::duration{sorted[35'999]});
        CHECK(quantile_of(values, 1, 1'000'000) == weir::duration{sorted.front()});
    }
}

TEST_CASE("quantile: the median and p90 of few values are those that each gives alone") {
    for (std::size_t n = 0; n < 40; ++n) {
        std::vector<std::int64_t> values(n);
        for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<std::int64_t>(i * 7919 % 13);
        auto both = values;
        const auto found = weir::median_and_p90(both);
        CHECK(found.median == quantile_of(values, 1, 2));
        CHECK(found.p90 == quantile_of(values, 9, 10));
    }
}
