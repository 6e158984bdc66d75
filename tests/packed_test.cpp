#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "segment/packed.hpp"

using weir::packed;
using weir::packed_writer;

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

std::vector<std::int64_t> values_of(const packed& p) {
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < p.size(); ++i) values.push_back(p[i]);
    return values;
}

}  // namespace

TEST_CASE("packed: gives back what it was made from, at every width") {
    for (int bits = 0; bits < 64; ++bits) {
        const auto top = static_cast<std::int64_t>(std::uint64_t{1} << bits);
        for (const std::int64_t base : {std::int64_t{0}, std::int64_t{-5}, least}) {
            const auto to = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) +
                                                      static_cast<std::uint64_t>(top) - 1);
            const std::vector<std::int64_t> values{base, to, base, to};
            const packed p(values);
            CHECK(values_of(p) == values);
            CHECK(p.least() == std::min(base, to));
            CHECK(p.greatest() == std::max(base, to));
        }
    }
    const std::vector<std::int64_t> extremes{most, least, 0, -1, 1};
    CHECK(values_of(packed(extremes)) == extremes);
}

TEST_CASE("packed: takes as many bytes as the range needs") {
    const auto bytes = [](std::int64_t range) {
        constexpr std::int64_t slack = 8;
        return packed(std::vector<std::int64_t>{7, 7 + range, 7, 7}).memory() - slack;
    };
    CHECK(bytes(0) == 0);
    CHECK(bytes(255) == 4);
    CHECK(bytes(256) == 8);
    CHECK(bytes(1 << 24) == 16);
    CHECK(bytes(std::int64_t{1} << 40) == 24);
    CHECK(packed().memory() == 0);
    CHECK(packed(std::vector<std::int64_t>()).empty());
}

TEST_CASE("packed: a column is put together from runs of others, the least value where there is none") {
    const packed narrow(std::vector<std::int64_t>{10, 11, 12, 13}),
        wide(std::vector<std::int64_t>{-1'000'000, 5});
    const std::vector<const packed*> columns{&narrow, nullptr, &wide};
    packed_writer writer(-1'000'000, 13, 7);
    writer.append(columns, std::vector<weir::packed_run>{{0, 1, 4}, {1, 7, 9}});
    writer.append(columns, std::vector<weir::packed_run>{{2, 0, 2}});
    CHECK(values_of(writer.finish()) ==
          std::vector<std::int64_t>{11, 12, 13, -1'000'000, -1'000'000, -1'000'000, 5});
}

TEST_CASE("packed: runs of any length and width, laid out alike or not, are copied exactly") {
    for (int width = 0; width <= 8; ++width) {
        const std::int64_t range = width == 0   ? 0
                                   : width == 8 ? INT64_MAX
                                                : (std::int64_t{1} << 8 * width) - 1;
        std::vector<std::int64_t> values{0, range};
        for (std::int64_t i = 0; i < 98; ++i) values.push_back(range / 97 * i);
        const packed column(values);
        const std::vector<const packed*> columns{&column};
        for (const std::int64_t from : {0, -1}) {
            packed_writer writer(from, range, 2 * values.size());
            std::vector<std::int64_t> expected;
            for (std::uint32_t begin = 0, length = 1; begin < 100; begin += length++) {
                const std::uint32_t end = std::min(begin + length, 100U);
                for (int twice = 0; twice < 2; ++twice) {
                    writer.append(columns, std::vector<weir::packed_run>{{0, begin, end}});
                    expected.insert(expected.end(), values.begin() + begin, values.begin() + end);
                }
            }
            CHECK(values_of(writer.finish()) == expected);
        }
    }
}

TEST_CASE("packed: parts of a column are set in any order, and none touches another") {
    for (int bytes = 0; bytes <= 8; ++bytes) {
        const std::int64_t top = bytes == 8 ? most : (std::int64_t{1} << (8 * bytes)) - 1;
        std::vector<std::int64_t> values;
        for (std::int64_t i = 0; i < 40; ++i) values.push_back(i % 3 == 0 ? top : top / (i + 1));
        weir::bounds all;
        for (const std::int64_t v : values) all.take(v);
        packed_writer writer(all, values.size());
        const auto set = [&](std::size_t begin, std::size_t end) {
            writer.set(begin, end, [&](std::size_t i) { return values[i]; });
        };
        set(39, 40);
        set(20, 39);
        set(20, 20);
        set(0, 3);
        set(3, 20);
        CHECK(values_of(writer.finish()) == values);
    }
}

TEST_CASE("packed: a value beyond the bounds that are stated is found, at every width and place") {
    for (int bytes = 1; bytes <= 8; ++bytes) {
        const std::uint64_t stated = (std::uint64_t{1} << (8 * bytes - 1)) + 1;
        for (const std::size_t size : {1U, 7U, 64U, 65U, 200U})
            for (const std::size_t at : {std::size_t{0}, size / 2, size - 1})
                for (const std::uint64_t more : {0U, 1U}) {
                    auto raw =
                        std::make_unique<std::byte[]>(size * static_cast<std::size_t>(bytes) + packed::slack);
                    const std::uint64_t value = stated + more;
                    std::memcpy(raw.get() + at * static_cast<std::size_t>(bytes), &value,
                                static_cast<std::size_t>(bytes));
                    packed column(0, stated, size);
                    REQUIRE(column.width() == static_cast<std::size_t>(bytes));
                    column.load(std::move(raw));
                    CHECK(column.fits() == (more == 0));
                }
    }
}
