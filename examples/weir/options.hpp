// options.hpp - the words of the command line, checked; what the command does with them is in main.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <weir.hpp>

struct options {
    std::string command{};     ///< measure, derive, report, ...
    std::string definition{};  ///< QUESTION, LIFECYCLE or REPORT: a file, or a preset's name; or STORE
    std::vector<std::string> sources{};
    std::vector<std::string> maps{};  ///< none, one for all, or one for each source
    std::string identity{};           ///< a file, or empty
    std::string lead{};               ///< of explain: its key
    std::string lifecycle{};          ///< a file, a preset's name, or empty
    std::string format{};
    std::string output{};
    std::optional<weir::instant> as_of{};
    bool accept_lost_erasures = false;  ///< of salvage
    int threads = 1;
    std::int64_t memory = std::int64_t{4} << 30;  ///< budget
};

/// What the command prints for --help.
std::string usage();
/// Errors: invalid_question, one sentence.
weir::result<options> parse_options(int argc, const char* const* argv);
