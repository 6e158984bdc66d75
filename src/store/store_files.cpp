#include "store/store_files.hpp"

#include <algorithm>
#include <utility>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr const char* new_manifest = "MANIFEST.tmp";

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

store_files::store_files(std::unique_ptr<disk::directory> directory, const store_tuning& tuning)
    : directory_(std::move(directory)), tuning_(tuning) {}

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
    if (directory_->exists(new_manifest)) directory_->unlink(new_manifest);
    const auto file = directory_->create(new_manifest);
    disk::append_all(*file, bytes);
    or_poison([&] { file->sync(); });
    or_poison([&] { directory_->rename(new_manifest, manifest_name); });
    or_poison([&] { directory_->sync(); });
    state_ = std::move(next);
}

std::unique_ptr<log_writer> store_files::new_log(const log_end& before) {
    check();
    const std::uint64_t number = new_number();
    const std::string name = log_name(number);
    auto log = std::make_unique<log_writer>(directory_->create(name), identity(number, name), before);
    or_poison([&] { log->sync(); });
    or_poison([&] { directory_->sync(); });
    return log;
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
    log_ = new_log(end);
    return end;
}

void store_files::commit(std::span<const frame> frames, ack level) {
    check();
    if (!log_)
        begin_log();
    else if (log_->is_closed() && !tuning_.write_behind_failed_write)
        rotate();
    log_->write(frames);
    if (level == ack::durable) or_poison([&] { log_->sync(); });
}

segment_entry store_files::write(std::uint64_t number, const segment& data, const snapshot::impl& names,
                                 std::span<const stored_id> ids) {
    check();
    const std::string name = segment_name(number);
    poisoning_file file(directory_->create(name), poisoned_);
    try {
        const auto entry = write_segment(file, identity(number, name), data, names, ids);
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

byte_vector store_files::read(const std::string& name, std::uint64_t limit) const {
    const auto file = directory_->open(name);
    const std::uint64_t size = file->size();
    if (size > limit)
        fail(errc::limit_exceeded,
             "the file has " + std::to_string(size) + " bytes, at most " + std::to_string(limit) +
                 " are expected",
             directory_->path() + '/' + name);
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
