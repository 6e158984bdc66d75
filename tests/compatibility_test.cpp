// Cases recorded from the tests of other engines. They are no part of weir: WEIR_VECTORS names files of them,
// with colons between.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "catch.hpp"
#include "vectors.hpp"

using weir_test::vector_result;
using verdict = vector_result::verdict;

namespace {

std::string read(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Runs a file; every case that differs has to stand in docs/compatibility.md, with its reason.
void check_file(const std::string& path, const std::string& document) {
    int agree = 0, differ = 0, others = 0;
    for (const vector_result& r : weir_test::run_vectors(path)) {
        agree += r.what == verdict::agrees ? 1 : 0;
        differ += r.what == verdict::differs ? 1 : 0;
        others += r.what == verdict::not_covered ? 1 : 0;
        if (r.what == verdict::agrees) continue;
        const bool covered = r.what == verdict::differs;
        std::cout << "  " << r.id << (covered ? " differs: " : " is not covered: ") << r.why << '\n';
        INFO(r.id << ": " << r.why);
        CHECK((!covered || document.find(r.id) != std::string::npos));
    }
    std::cout << path << ": " << agree + differ << " covered, " << agree << " agree, " << differ
              << " differ, " << others << " not covered\n";
    CHECK(agree > 0);
}

std::string write(const std::string& text) {
    const std::string path = WEIR_BINARY_DIR "/vectors.json";
    std::ofstream(path) << text;
    return path;
}

}  // namespace

TEST_CASE("compatibility: recorded cases of other engines agree, or docs/compatibility.md says why not",
          "[vectors]") {
    const char* files = std::getenv("WEIR_VECTORS");
    if (files == nullptr) {
        std::cout << "skipped: WEIR_VECTORS names no files\n";
        SUCCEED();
        return;
    }
    const std::string document = read(WEIR_SOURCE_DIR "/docs/compatibility.md");
    std::istringstream list(files);
    for (std::string path; std::getline(list, path, ':');) check_file(path, document);
}

TEST_CASE("compatibility: the runner tells a case that agrees from one that differs and one it cannot put") {
    const auto results = weir_test::run_vectors(write(R"([
        {"id": "right", "window": 5, "modes": [], "steps": ["a", "b"], "expected_level": {"u": 2},
         "events": [{"user": "u", "ts": 1, "matches_steps": [0]},
                    {"user": "u", "ts": 6, "matches_steps": [1]}]},
        {"id": "wrong", "window": 4, "modes": [], "steps": ["a", "b"], "expected_level": {"u": 2},
         "events": [{"user": "u", "ts": 1, "matches_steps": [0]},
                    {"user": "u", "ts": 6, "matches_steps": [1]}]},
        {"id": "other", "runs": [{"call": "something", "kwargs": {}}], "asserts": []}])"));
    REQUIRE(results.size() == 3);
    CHECK(results[0].what == verdict::agrees);
    CHECK(results[1].what == verdict::differs);
    CHECK(results[1].why == "expected u: 2 got u: 1 ");
    CHECK(results[2].what == verdict::not_covered);
}
