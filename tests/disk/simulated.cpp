#include "disk/simulated.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/fail.hpp"

namespace simulated {
namespace {

constexpr std::size_t sector = 512;

[[noreturn]] void refuse(const char* why, const std::string& name) {
    weir::fail(weir::errc::io, std::string("simulated: ") + why, name);
}

[[noreturn]] void refuse_for_room(const std::string& name) {
    throw weir::disk::no_space(weir::error{weir::errc::io, "simulated: no space is left", name});
}

bool flip(std::mt19937_64& random) { return (random() & 1) != 0; }

// The sectors of a range that arrived; others keep what the disk had.
void arrive(const inode& file, inode::range r, bytes& on_disk, std::mt19937_64& random, int mode) {
    for (std::size_t at = r.begin; at < r.end;) {
        const std::size_t end = std::min(r.end, (at / sector + 1) * sector);
        const bool arrives = mode == 1 || (mode == 2 && flip(random));
        if (arrives && on_disk.size() < end) on_disk.resize(end);
        if (arrives)
            std::copy(file.shown.begin() + static_cast<std::ptrdiff_t>(at),
                      file.shown.begin() + static_cast<std::ptrdiff_t>(end),
                      on_disk.begin() + static_cast<std::ptrdiff_t>(at));
        at = end;
    }
}

bytes content_after_power_cut(const inode& file, std::mt19937_64& random) {
    bytes left = file.durable;
    const int mode = static_cast<int>(random() % 3);  // nothing, all, some sectors
    for (const auto& r : file.pending) arrive(file, r, left, random, mode);
    if (left.size() < file.shown.size() && !file.pending.empty() &&
        random() % 4 == 0) {  // the size came first
        const std::byte filler = flip(random) ? std::byte{0} : std::byte{0xA5};
        left.resize(left.size() + random() % (file.shown.size() - left.size() + 1), filler);
    }
    return left;
}

}  // namespace

class open_file final : public weir::disk::file {
public:
    open_file(machine& m, std::shared_ptr<inode> what, std::string name)
        : machine_(m), file_(std::move(what)), name_(std::move(name)) {}

    std::uint64_t size() const override { return file_->shown.size(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> to) const override {
        if (offset >= file_->shown.size()) return 0;
        const auto from = std::span(file_->shown).subspan(static_cast<std::size_t>(offset));
        const std::size_t n = std::min(to.size(), from.size());
        if (n > 0) std::memcpy(to.data(), from.data(), n);
        return n;
    }
    std::size_t append(std::span<const std::byte> from) override {
        std::size_t n = from.size();
        const fate f = machine_.ask(call::append, name_);
        if (f == fate::refused) refuse("the write failed", name_);
        const bool is_whole = flip(machine_.random_);
        if (f == fate::no_space && !is_whole) n = machine_.random_() % (n + 1);
        if (f != fate::no_space && n > 1 && machine_.random_() % 8 == 0) n = 1 + machine_.random_() % n;
        const bool is_full = n > machine_.room();
        n = std::min(n, machine_.room());
        const std::size_t begin = file_->shown.size();
        file_->shown.insert(file_->shown.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(n));
        if (n > 0) file_->pending.push_back({begin, begin + n});
        if (is_full || f == fate::no_space) refuse_for_room(name_);
        return n;
    }
    void sync() override {
        const fate f = machine_.ask(call::sync, name_);
        if (f == fate::ignored) return;
        // What an earlier sync dropped is shown, but no sync writes it.
        if (f == fate::done) {
            for (const auto& r : file_->pending) arrive(*file_, r, file_->durable, machine_.random_, 1);
        } else {
            file_->durable = content_after_power_cut(*file_, machine_.random_);
        }
        file_->pending.clear();
        if (f != fate::done) refuse("the sync failed", name_);
    }

private:
    machine& machine_;
    std::shared_ptr<inode> file_;
    std::string name_;
};

class directory final : public weir::disk::directory {
public:
    explicit directory(machine& m) : machine_(m) {}
    ~directory() override { unlock(); }

    std::vector<std::string> list() const override {
        std::vector<std::string> names;
        for (const auto& [name, file] : machine_.names_) names.push_back(name);
        return names;
    }
    bool is_remote() const override { return machine_.is_remote; }
    bool exists(const std::string& name) const override { return machine_.names_.contains(name); }
    std::unique_ptr<weir::disk::file> open(const std::string& name) const override {
        return std::make_unique<open_file>(machine_, find(name), name);
    }
    std::unique_ptr<weir::disk::file> create(const std::string& name) override {
        if (exists(name)) refuse("the file exists", name);
        change(call::create, name, "", std::make_shared<inode>());
        return open(name);
    }
    void rename(const std::string& from, const std::string& to) override {
        change(call::rename, from, to, find(from));
    }
    void unlink(const std::string& name) override { change(call::unlink, name, "", find(name)); }
    void sync() override {
        const fate f = machine_.ask(call::sync_directory, path());
        if (f == fate::ignored) return;
        if (f != fate::done) refuse("the sync failed", path());
        machine_.durable_names_ = machine_.names_;
        machine_.changes_.clear();
    }
    void wipe(const std::string& name) override {
        const auto file = find(name);
        const fate f = machine_.ask(call::wipe, name);
        if (f != fate::done) refuse("the write failed", name);
        std::fill(file->shown.begin(), file->shown.end(), std::byte{0});
        file->durable = file->shown;
        file->pending.clear();
    }
    bool lock(const std::string&) override {
        if (machine_.is_locked) return false;
        return machine_.is_locked = holds_ = true;
    }
    void unlock() override {
        if (std::exchange(holds_, false)) machine_.is_locked = false;
    }
    std::int64_t now() override { return machine_.clock += 1'000'000; }
    void random(std::span<std::byte> to) override {
        for (auto& b : to) b = static_cast<std::byte>(machine_.random_());
    }
    const std::string& path() const override { return path_; }

private:
    std::shared_ptr<inode> find(const std::string& name) const {
        const auto at = machine_.names_.find(name);
        if (at == machine_.names_.end()) refuse("there is no such file", name);
        return at->second;
    }
    void change(call what, const std::string& name, const std::string& to, std::shared_ptr<inode> file) {
        const fate f = machine_.ask(what, name);
        if (f == fate::no_space) refuse_for_room(name);
        if (f != fate::done) refuse("the directory refused", name);
        machine_.changes_.push_back({what, name, to, std::move(file)});
        apply(machine_.changes_.back(), machine_.names_);
    }
    friend class machine;
    static void apply(const machine::change& c, std::map<std::string, std::shared_ptr<inode>>& names) {
        if (c.what == call::create) names[c.name] = c.file;
        if (c.what == call::unlink && names.contains(c.name) && names[c.name] == c.file) names.erase(c.name);
        if (c.what != call::rename) return;
        if (names.contains(c.name) && names[c.name] == c.file) names.erase(c.name);
        names[c.to] = c.file;
    }

    machine& machine_;
    std::string path_ = "simulated";
    bool holds_ = false;
};

machine::machine(std::uint64_t seed, const image& content) : random_(seed) {
    for (const auto& [name, data] : content) names_[name] = std::make_shared<inode>(inode{data, data, {}});
    durable_names_ = names_;
}

fate machine::ask(call what, const std::string& name) {
    ++calls;
    return before ? before(what, name) : fate::done;
}

std::size_t machine::room() const {
    if (!capacity) return SIZE_MAX;
    std::size_t used = 0;
    for (const auto& [name, file] : names_) used += file->shown.size();
    return *capacity - std::min(*capacity, used);
}

image machine::after_power_cut(std::mt19937_64& random) const {
    auto names = durable_names_;
    if (flip(random)) {
        const std::size_t arrived = random() % (changes_.size() + 1);
        for (std::size_t i = 0; i < arrived; ++i) directory::apply(changes_[i], names);
    } else {
        for (const auto& c : changes_)
            if (flip(random)) directory::apply(c, names);
    }
    std::map<const inode*, bytes> contents;  // a file may have two names
    image left;
    for (const auto& [name, file] : names) {
        if (!contents.contains(file.get())) contents[file.get()] = content_after_power_cut(*file, random);
        left[name] = contents[file.get()];
    }
    return left;
}

std::vector<const bytes*> machine::all_bytes() const {
    std::vector<const bytes*> all;
    for (const auto* names : {&names_, &durable_names_})
        for (const auto& [name, file] : *names) {
            all.push_back(&file->shown);
            all.push_back(&file->durable);
        }
    return all;
}

image machine::shown() const {
    image all;
    for (const auto& [name, file] : names_) all[name] = file->shown;
    return all;
}

std::unique_ptr<weir::disk::directory> open(machine& m) { return std::make_unique<directory>(m); }

}  // namespace simulated
