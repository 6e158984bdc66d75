// What a manifest holds, with checksums that are right: it is refused, or it is one that would be written so.
#include "base/fail.hpp"
#include "fuzz.hpp"
#include "sealed.hpp"
#include "store/manifest.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::size_t page = 4096, frame = weir::disk::header_bytes + 8 + 8;
    const std::size_t half = (size + frame + page - 1) / page * page;
    weir_fuzz::bytes file;
    for (const std::size_t begin : {std::size_t{0}, half}) {
        const auto header = weir::disk::write_header(
            {.kind = weir::disk::file_kind::manifest, .store = weir_fuzz::who().store});
        file.insert(file.end(), header.begin(), header.end());
        file.resize(begin + half);
        weir_fuzz::put(file, begin + 64, std::uint64_t{size});
        std::memcpy(file.data() + begin + 72, data, size);
        const weir::disk::file_identity manifest{weir_fuzz::who().store, 0, weir::manifest_name};
        const auto body = std::span(file).subspan(begin + 64, half - 64 - 8);
        weir_fuzz::put(file, begin + half - 8, weir::disk::hash_block(manifest, begin + 64, body));
    }
    const auto read = weir::guarded([&] { return weir::decode_manifest(file); });
    if (!read) {
        weir_fuzz::require(read.error().code == weir::errc::corrupt ||
                               read.error().code == weir::errc::unsupported ||
                               read.error().code == weir::errc::limit_exceeded,
                           to_string(read.error()));
        return 0;
    }
    weir_fuzz::require(read->is_good[0] && read->is_good[1], "one of two equal copies is bad");
    const auto again = weir::decode_manifest(weir::encode_manifest(read->value));
    weir_fuzz::require(again.value == read->value, "a manifest changes when it is written");
    return 0;
}
