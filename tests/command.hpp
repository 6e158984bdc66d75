// command.hpp - runs the program weir in a folder of its own, and catches what it prints and how it ends.
#pragma once

#include <string>

struct ended {
    int status = -1;    // as a shell says it: 128 and more for a crash
    std::string out{};  // standard output
    std::string err{};  // standard error
};

// A temporary folder with small files of each kind: events.csv and stages.csv, q.json (a funnel), f.json (a
// flow), l.json (a lifecycle), r.json (a report).
class folder {
public:
    folder();
    ~folder();
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    const std::string& path() const { return path_; }
    void write(const std::string& name, const std::string& content) const;
    std::string read(const std::string& name) const;
    // Runs weir inside the folder; the arguments are words for a shell.
    ended weir(const std::string& arguments) const;
    // Runs any line of a shell inside the folder.
    ended run(const std::string& line) const;

private:
    std::string path_;
};

// What weir says behind "weir: " where it refuses as it should: status 1, nothing on standard output, one
// line on standard error. Otherwise all that it did.
std::string refusal(const ended&);

// What a funnel counts, from its answer as CSV: "visit 2, won 1", with "group: " before those of a group.
std::string counts(const std::string& csv);
