#include "scan/mask_select.hpp"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir::inline v1 {
namespace {

selection select_one_by_one(std::span<const std::uint64_t> masks, std::size_t from, std::uint64_t first,
                            std::uint64_t second, std::uint32_t* to, selection found) {
    for (std::size_t i = from; i < masks.size(); ++i) {
        const bool any = (masks[i] & first) != 0, more = (masks[i] & second) != 0;
        to[found.chosen] = static_cast<std::uint32_t>(i);
        found.chosen += any && more;
        found.counted += any && !more;
    }
    return found;
}

#if defined(__x86_64__)

// Few masks are chosen of most blocks, so that a loop over the bits costs little.
void append_bits(unsigned bits, std::size_t base, std::uint32_t* to, selection& found) {
    for (; bits != 0; bits &= bits - 1)
        to[found.chosen++] = static_cast<std::uint32_t>(base) + static_cast<unsigned>(std::countr_zero(bits));
}

// A bit for each of four masks, set if it has one of `bits`.
__attribute__((target("avx2"))) unsigned having(__m256i masks, __m256i bits) {
    const __m256i none = _mm256_cmpeq_epi64(_mm256_and_si256(masks, bits), _mm256_setzero_si256());
    return ~static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(none))) & 15U;
}

__attribute__((target("avx2"))) selection select_avx2(std::span<const std::uint64_t> masks,
                                                      std::uint64_t first, std::uint64_t second,
                                                      std::uint32_t* to) {
    const __m256i all_first = _mm256_set1_epi64x(static_cast<long long>(first));
    const __m256i all_second = _mm256_set1_epi64x(static_cast<long long>(second));
    selection found;
    std::size_t i = 0;
    for (; i + 4 <= masks.size(); i += 4) {
        const __m256i m = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&masks[i]));
        const unsigned any = having(m, all_first), more = having(m, all_second);
        found.counted += std::popcount(any & ~more);
        append_bits(any & more, i, to, found);
    }
    return select_one_by_one(masks, i, first, second, to, found);
}

__attribute__((target("avx512f,avx512vl"))) selection select_avx512(std::span<const std::uint64_t> masks,
                                                                    std::uint64_t first, std::uint64_t second,
                                                                    std::uint32_t* to) {
    const __m512i all_first = _mm512_set1_epi64(static_cast<long long>(first));
    const __m512i all_second = _mm512_set1_epi64(static_cast<long long>(second));
    __m256i indices = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    selection found;
    std::size_t i = 0;
    for (; i + 8 <= masks.size(); i += 8) {
        const __m512i m = _mm512_loadu_si512(&masks[i]);
        const unsigned any = _mm512_test_epi64_mask(m, all_first),
                       more = _mm512_test_epi64_mask(m, all_second);
        found.counted += std::popcount(any & ~more);
        const auto both = static_cast<__mmask8>(any & more);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + found.chosen),
                            _mm256_maskz_compress_epi32(both, indices));
        found.chosen += static_cast<std::size_t>(std::popcount(any & more));
        indices = _mm256_add_epi32(indices, _mm256_set1_epi32(8));
    }
    return select_one_by_one(masks, i, first, second, to, found);
}

#endif

}  // namespace

simd widest_simd() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return simd::avx512;
    if (__builtin_cpu_supports("avx2")) return simd::avx2;
#endif
    return simd::none;
}

selection select_masks(simd level, std::span<const std::uint64_t> masks, std::uint64_t first,
                       std::uint64_t second, std::uint32_t* to) {
#if defined(__x86_64__)
    if (level == simd::avx512) return select_avx512(masks, first, second, to);
    if (level == simd::avx2) return select_avx2(masks, first, second, to);
#endif
    return select_one_by_one(masks, 0, first, second, to, {});
}

}  // namespace weir::inline v1
