#include "store/store_files.hpp"

#include <algorithm>
#include <utility>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr const char* new_manifest = "MANIFEST.tmp";
constexpr const char* reserve_name = "reserve";

bool contains(const manifest& m, std::uint64_t file) {
    return std::any_of(m.segments.begin(), m.segments.end(), [&](const auto& e) { return e.file == file; });
}

bool is_dead(const manifest& m, const std::string& name) {
    if (const auto log = number_in(name, "wal-")) return *log < m.first_log;
    const auto segment = number_in(name, "seg-");
    return segment && !contains(m, *segment);
}

// A file whose failed sync is remembered, whoever syncs it.
class poisoning_file final : public disk::file {
public:
    poisoning_file(std::unique_ptr<disk::file> inner, std::atomic<bool>& poisoned)
        : file_(std::move(inner)), poisoned_(poisoned) {}
    std::uint64_t size() const override { return file_->size(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> to) const override {
        return file_->read(offset, to);
    }
    std::size_t append(std::span<const std::byte> bytes) override { return file_->append(bytes); }
    void sync() override {
        try {
            file_->sync();
        } catch (...) {
            poisoned_ = true;
            throw;
        }
    }

private:
    std::unique_ptr<disk::file> file_;
    std::atomic<bool>& poisoned_;
};

}  // namespace

store_files::store_files(std::unique_ptr<disk::directory> directory, const store_tuning& tuning,
                         const limits& bounds)
    : directory_(std::move(directory)), tuning_(tuning), limits_(bounds) {}

manifest store_files::state() const {
    const std::lock_guard lock(replacing_);
    return state_;
}

disk::file_identity store_files::identity(std::uint64_t number, std::string name) const {
    const std::lock_guard lock(replacing_);
    return {state_.store, number, std::move(name)};
}

void store_files::check() const {
    if (poisoned_)
        fail(errc::io, "an earlier failure left unknown what the disk holds; open the store anew",
             directory_->path());
}

// What fails here leaves unknown what is durable, and a repetition that succeeds proves nothing: the system
// may have dropped the bytes (I7).
template <class F> void store_files::or_poison(F&& step) {
    check();
    try {
        step();
    } catch (...) {
        poisoned_ = !tuning_.forgive_failed_sync;
        throw;
    }
}

// Does a step again if it found no room and there was a reserve.
template <class F> auto store_files::with_reserve(F&& step) {
    try {
        return step();
    } catch (const disk::no_space&) {
        if (!give_up_reserve()) throw;
    }
    return step();
}

bool store_files::give_up_reserve() {
    const std::lock_guard lock(reserving_);
    if (!std::exchange(has_reserve_, false)) return false;
    is_reserve_owed_ = true;
    return guarded([&] { directory_->unlink(reserve_name); }).has_value();
}

void store_files::adopt(manifest m, std::uint64_t greatest_number) {
    const std::lock_guard lock(replacing_);
    state_ = std::move(m);
    next_number_ = std::max(state_.next_file, greatest_number + 1);
}

std::uint64_t store_files::new_number() {
    const std::lock_guard lock(replacing_);
    return next_number_++;
}

void store_files::put(const std::function<void(manifest&)>& change) {
    const std::lock_guard lock(replacing_);
    check();
    manifest next = state_;
    change(next);
    ++next.generation;
    next.next_file = next_number_;
    const byte_vector bytes = encode_manifest(next);
    const auto file = with_reserve([&] { return write_new_manifest(bytes); });
    or_poison([&] { file->sync(); });
    or_poison([&] { directory_->rename(new_manifest, manifest_name); });
    or_poison([&] { directory_->sync(); });
    state_ = std::move(next);
}

std::unique_ptr<disk::file> store_files::write_new_manifest(std::span<const std::byte> bytes) {
    if (directory_->exists(new_manifest)) directory_->unlink(new_manifest);
    auto file = directory_->create(new_manifest);
    try {
        disk::append_all(*file, bytes);
    } catch (...) {
        static_cast<void>(guarded([&] { directory_->unlink(new_manifest); }));  // a full disk
        throw;
    }
    return file;
}

std::unique_ptr<log_writer> store_files::new_log(const log_end& before) {
    check();
    const std::uint64_t number = new_number();
    const std::string name = log_name(number);
    try {
        auto log = std::make_unique<log_writer>(directory_->create(name), identity(number, name), before);
        or_poison([&] { log->sync(); });
        or_poison([&] { directory_->sync(); });
        return log;
    } catch (...) {
        if (!poisoned_) static_cast<void>(guarded([&] { directory_->unlink(name); }));  // a full disk
        throw;
    }
}

// A log that MANIFEST could not be told of stays behind; the next one has another number.
void store_files::begin_log() {
    auto log = new_log({.seq = state().flushed_seq});
    put([&](manifest& m) {
        m.is_clean = false;
        m.first_log = log->end().file;
    });
    log_ = std::move(log);
}

void store_files::sync_log() {
    if (log_ && (!log_->is_synced() || log_->is_closed())) or_poison([&] { log_->sync(); });
}

log_end store_files::rotate() {
    if (!tuning_.no_sync_at_rotation) sync_log();
    const log_end end = log_->end();
    // Should the new log fail, its header may be there all the same after a loss of power, and says that the
    // old one ends here.
    if (!tuning_.write_before_failed_log) log_->close();
    log_ = new_log(end);
    return end;
}

void store_files::write_frames(std::span<const frame> frames) {
    if (!log_)
        begin_log();
    else if (log_->is_closed() && !tuning_.write_behind_failed_write)
        rotate();
    log_->write(frames);
}

void store_files::commit(std::span<const frame> frames, ack level) {
    check();
    const bool erases = std::any_of(frames.begin(), frames.end(),
                                    [](const frame& f) { return f.type != frame_type::events; });
    if (erases || tuning_.events_take_reserve) {
        with_reserve([&] { write_frames(frames); });
    } else {
        restore_reserve();
        write_frames(frames);
    }
    if (level == ack::durable) or_poison([&] { log_->sync(); });
}

// Events must not take the room that was made for an erasure, or the next erasure would find none.
void store_files::restore_reserve() {
    const std::lock_guard lock(reserving_);
    if (is_reserve_owed_) make_reserve();
}

void store_files::keep_reserve() {
    const std::lock_guard lock(reserving_);
    if (tuning_.reserve_bytes == 0 || has_reserve_) return;
    static_cast<void>(guarded([&] { make_reserve(); }));
}

// It is empty of meaning, so a sync that fails tells nothing of what else the disk holds. What a crash left
// of one is made anew.
void store_files::make_reserve() {
    if (directory_->exists(reserve_name)) {
        has_reserve_ = directory_->open(reserve_name)->size() == tuning_.reserve_bytes;
        if (has_reserve_) return;
        directory_->unlink(reserve_name);
    }
    const auto file = directory_->create(reserve_name);
    try {
        disk::append_all(*file, byte_vector(static_cast<std::size_t>(tuning_.reserve_bytes)));
        file->sync();
    } catch (...) {
        static_cast<void>(guarded([&] { directory_->unlink(reserve_name); }));
        throw;
    }
    has_reserve_ = true;
    is_reserve_owed_ = false;
}

segment_entry store_files::write(std::uint64_t number, const segment& data, const snapshot::impl& names,
                                 std::span<const stored_id> ids, std::uint64_t last_seq) {
    check();
    const std::string name = segment_name(number);
    poisoning_file file(directory_->create(name), poisoned_);
    try {
        const auto entry = write_segment(file, identity(number, name), data, names, ids, last_seq);
        or_poison([&] { directory_->sync(); });
        return entry;
    } catch (...) {
        if (!poisoned_) static_cast<void>(guarded([&] { directory_->unlink(name); }));  // a full disk
        throw;
    }
}

std::unique_ptr<disk::file> store_files::find(const segment_entry& entry) const {
    const std::string name = segment_name(entry.file);
    if (!directory_->exists(name))
        fail(errc::corrupt, "a file of the store is missing", directory_->path() + '/' + name);
    check_limit(entry.file_length, limits_.file_bytes, "file_bytes", name);
    return directory_->open(name);
}

opened_segment store_files::open(const segment_entry& entry, snapshot::impl& names,
                                 std::shared_ptr<column_cache> cache) const {
    return open_segment(find(entry), identity(entry.file, segment_name(entry.file)), entry, names,
                        std::move(cache));
}

void store_files::verify(const segment_entry& entry) const {
    verify_segment(find(entry), identity(entry.file, segment_name(entry.file)), entry);
}

void store_files::check_limit(std::uint64_t found, std::int64_t limit, const char* its_name,
                              const std::string& where) const {
    if (found > static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 0)))
        fail(errc::limit_exceeded,
             std::to_string(found) + " are there, limits::" + its_name + " is " + std::to_string(limit),
             directory_->path() + '/' + where);
}

decoded_manifest store_files::read_manifest(std::uint64_t* bytes) const {
    const byte_vector raw = read(manifest_name, limits_.manifest_bytes, "manifest_bytes");
    if (bytes != nullptr) *bytes = raw.size();
    auto found = decode_manifest(raw);
    check_limit(found.value.segments.size(), limits_.files, "files", manifest_name);
    return found;
}

byte_vector store_files::read_log(std::uint64_t number) const {
    return read(log_name(number), limits_.log_bytes, "log_bytes");
}

byte_vector store_files::read(const std::string& name, std::int64_t limit, const char* its_name) const {
    const auto file = directory_->open(name);
    const std::uint64_t size = file->size();
    check_limit(size, limit, its_name, name);
    byte_vector bytes(static_cast<std::size_t>(size));
    bytes.resize(file->read(0, bytes));
    return bytes;
}

void store_files::sync_directory() {
    or_poison([&] { directory_->sync(); });
}

void store_files::remove_dead(bool wipe) {
    check();
    const manifest now = state();
    for (const std::string& name : directory_->list()) {
        if (!is_dead(now, name)) continue;
        if (wipe) directory_->wipe(name);
        directory_->unlink(name);
    }
}

}  // namespace weir::inline v1
