// make_seeds DIRECTORY - writes what the targets of files begin with: DIRECTORY/manifest, log, segment.
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>

#include <weir.hpp>

#include "memory_file.hpp"
#include "sealed.hpp"
#include "segment/segment_file.hpp"
#include "store/log_file.hpp"
#include "store/manifest.hpp"

namespace {

namespace fs = std::filesystem;

void write(const fs::path& folder, const char* name, std::span<const std::byte> bytes) {
    fs::create_directories(folder);
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

weir::batch make_batch(int events, int kinds) {
    weir::batch b;
    for (int i = 0; i < events; ++i) {
        weir::event e{.lead = "lead " + std::to_string(i * 7 % 5),
                      .name = i % 3 == 0 ? "visit" : "won",
                      .time = weir::from_unix_seconds(i / 2 * 50)};
        if (kinds > 0 && i % 2 == 0) e.attributes.push_back({"channel", i % 4 == 0 ? "mail" : "ads"});
        if (kinds > 1 && i % 3 != 0) e.attributes.push_back({"deal", weir::money{100 * i, "EUR"}});
        if (kinds > 2) e.attributes.push_back({"paid", i % 3 == 1});
        if (kinds > 3 && i % 5 == 0) e.attributes.push_back({"share", i / 7.0});
        if (kinds > 4) e.attributes.push_back({"since", weir::from_unix_seconds(i)});
        if (kinds > 5 && i % 4 == 0) e.id = "id " + std::to_string(i);
        b.add(e);
    }
    return b;
}

void write_manifests(const fs::path& folder) {
    weir::manifest m{.store = weir_fuzz::who().store};
    const auto payload_of = [](const weir::manifest& of) {
        const auto file = weir::encode_manifest(of);
        const auto size = weir_fuzz::get<std::uint64_t>(file, 64);
        return weir_fuzz::bytes(file.begin() + 72, file.begin() + 72 + static_cast<std::ptrdiff_t>(size));
    };
    write(folder, "empty", payload_of(m));
    m.next_file = 9;
    m.is_clean = false;
    m.segments = {
        {.file = 3, .file_length = 4096, .footer_hash = 7, .rows = 20, .max_time = 9, .last_arrival = 19}};
    m.next_arrival = 20;
    m.erasures = {{1, 5, {7, 8}}};
    m.last_erasure = 1;
    m.purges = {{.last_erasure = 1, .leads = 2, .events = 3}};
    write(folder, "full", payload_of(m));
}

void write_log(const fs::path& folder, const char* name, int batches) {
    auto file = std::make_unique<weir_test::memory_file>();
    const auto& written = *file;
    weir::log_writer log(std::move(file), weir_fuzz::who(), {});
    for (int i = 0; i < batches; ++i) {
        const weir::batch b = make_batch(1 + 3 * i, 1 + i);
        std::vector<std::uint32_t> rows(b.size());
        std::iota(rows.begin(), rows.end(), 0U);
        log.write({{weir::frame{weir::frame_type::events, weir::encode_events(b.data(), rows, 100 * i)}}});
        log.write({{weir::encode_erasures({{{1, 2, {3, 4}}}})}});
        log.write({{weir::encode_erasures({{{2, 3, {5, 6}}, {3, 3, {7, 8}}}})}});
    }
    write(folder, name, written.bytes);
}

void write_segment_file(const fs::path& folder, const char* name, int events, int kinds) {
    weir::store store;
    store.append(make_batch(events, kinds)).value();
    const weir::snapshot s = store.snapshot();
    weir_test::memory_file file;
    weir::write_segment(file, weir_fuzz::who(), *s.data().segments.front(), s.data(),
                        std::vector<weir::stored_id>{{{1, 2}, {3, 4}, 0, 0}});
    write(folder, name, file.bytes);
}

}  // namespace

int main(int, char** arguments) {
    const fs::path to = arguments[1];
    write_manifests(to / "manifest");
    write_log(to / "log", "few", 1);
    write_log(to / "log", "many", 6);
    for (int kinds = 0; kinds < 7; ++kinds)
        write_segment_file(to / "segment", std::to_string(kinds).c_str(), 3 + 4 * kinds, kinds);
}
