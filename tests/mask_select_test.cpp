// Every set of instructions selects what the definition says.
#include <cstdint>
#include <random>
#include <vector>

#include "catch.hpp"
#include "scan/mask_select.hpp"

namespace {

struct chosen_and_counted {
    std::vector<std::uint32_t> chosen{};
    std::int64_t counted = 0;
    friend bool operator==(const chosen_and_counted&, const chosen_and_counted&) = default;
};

chosen_and_counted select(weir::simd level, const std::vector<std::uint64_t>& masks, std::uint64_t first,
                          std::uint64_t second) {
    std::vector<std::uint32_t> to(masks.size() + 8);
    const auto s = weir::select_masks(level, masks, first, second, to.data());
    to.resize(s.chosen);
    return {to, s.counted};
}

chosen_and_counted defined(const std::vector<std::uint64_t>& masks, std::uint64_t first,
                           std::uint64_t second) {
    chosen_and_counted all;
    for (std::size_t i = 0; i < masks.size(); ++i) {
        if ((masks[i] & first) == 0) continue;
        if ((masks[i] & second) == 0)
            ++all.counted;
        else
            all.chosen.push_back(static_cast<std::uint32_t>(i));
    }
    return all;
}

}  // namespace

TEST_CASE("select_masks: all instructions select the same, for any number of masks") {
    std::mt19937_64 random(7);
    for (std::size_t n = 0; n < 100; ++n) {
        std::vector<std::uint64_t> masks(n);
        for (auto& m : masks) m = random() & random() & random();
        for (const std::uint64_t first :
             {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{0}})
            for (const std::uint64_t second : {std::uint64_t{6}, std::uint64_t{5} << 61, ~std::uint64_t{0}}) {
                const auto wanted = defined(masks, first, second);
                for (const auto level : {weir::simd::none, weir::simd::avx2, weir::simd::avx512})
                    if (level <= weir::widest_simd()) CHECK((select(level, masks, first, second) == wanted));
            }
    }
}
