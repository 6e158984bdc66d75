// The rules of the house, read from the files themselves.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"

namespace fs = std::filesystem;

namespace {

const fs::path root = WEIR_SOURCE_DIR;

struct source_file {
    std::string path;  // from the root
    std::vector<std::string> lines;
};

source_file read(const fs::path& path) {
    source_file f{fs::relative(path, root).string(), {}};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) f.lines.push_back(line);
    return f;
}

std::vector<source_file> files_below(std::initializer_list<const char*> folders,
                                     std::initializer_list<const char*> endings) {
    std::vector<source_file> files;
    for (const char* folder : folders)
        for (const auto& e : fs::recursive_directory_iterator(root / folder))
            if (e.is_regular_file() && std::any_of(endings.begin(), endings.end(),
                                                   [&](const char* x) { return e.path().extension() == x; }))
                files.push_back(read(e.path()));
    return files;
}

std::vector<source_file> code() {
    return files_below({"include", "src", "tests", "examples"}, {".hpp", ".cpp"});
}

// Characters, not bytes.
std::size_t width(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(
        line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What may be included from where: a folder of src and those to its left.
const std::map<std::string, std::vector<std::string>>& arrows() {
    static const std::map<std::string, std::vector<std::string>> allowed{
        {"base", {"base"}},
        {"stats", {"base", "stats"}},
        {"disk", {"base", "disk"}},
        {"segment", {"base", "disk", "segment"}},
        {"store", {"base", "disk", "segment", "store"}},
        {"scan", {"base", "segment", "scan"}},
        {"load", {"base", "segment", "scan", "load"}},
        {"derive", {"base", "segment", "scan", "derive"}},
        {"measure", {"base", "stats", "scan", "measure"}},
        {"flow", {"base", "stats", "segment", "scan", "measure", "flow"}},
        {"funnel", {"base", "stats", "segment", "scan", "measure", "funnel"}},
        {"show", {"base", "show"}},
        {"bridge", {"base", "show", "bridge"}},
    };
    return allowed;
}

std::string wrong_arrow(const std::string& folder, const std::string& line) {
    const std::string opening = "#include \"";
    if (line.compare(0, opening.size(), opening) != 0) return {};
    const std::string target = line.substr(opening.size(), line.find('"', opening.size()) - opening.size());
    const std::string to = target.substr(0, target.find('/'));
    const auto& allowed = arrows().at(folder);
    return std::find(allowed.begin(), allowed.end(), to) == allowed.end() ? folder + " includes " + target
                                                                          : std::string();
}

}  // namespace

TEST_CASE("tidy: includes point to the left only") {
    for (const auto& f : files_below({"src"}, {".hpp", ".cpp"})) {
        const auto slash = f.path.find('/');
        const std::string folder = f.path.substr(slash + 1, f.path.find('/', slash + 1) - slash - 1);
        for (const auto& line : f.lines) {
            INFO(f.path);
            CHECK(wrong_arrow(folder, line) == "");
        }
    }
    CHECK(wrong_arrow("base", "#include \"scan/scan.hpp\"") == "base includes scan/scan.hpp");
    CHECK(wrong_arrow("scan", "#include \"store/store_impl.hpp\"") == "scan includes store/store_impl.hpp");
    CHECK(wrong_arrow("measure", "#include \"scan/scan.hpp\"").empty());
}

TEST_CASE("tidy: flow does not know the funnel, neither by its public header") {
    for (const auto& f : files_below({"src/flow", "src/measure"}, {".hpp", ".cpp"})) {
        INFO(f.path);
        for (const auto& line : f.lines)
            if (line.find("#include") == 0) CHECK(line.find("funnel") == std::string::npos);
    }
}

TEST_CASE("tidy: public headers need the standard library and one another alone") {
    for (const auto& f : files_below({"include"}, {".hpp"}))
        for (const auto& line : f.lines) {
            if (line.find("#include") != 0 || f.path == "include/weir/fmt.hpp") continue;
            INFO(f.path << ": " << line);
            const bool own = line.find("<weir/") != std::string::npos;
            const bool standard = line.find('<') != std::string::npos &&
                                  line.find('/') == std::string::npos && line.find(".h") == std::string::npos;
            CHECK((own || standard));
        }
}

TEST_CASE("tidy: public headers have no macro but WEIR_API and no throw") {
    for (const auto& f : files_below({"include"}, {".hpp"}))
        for (const auto& line : f.lines) {
            INFO(f.path << ": " << line);
            CHECK((line.find("define ") == std::string::npos ||
                   line.find("define WEIR_API") != std::string::npos));
            const auto comment = line.find("//");
            CHECK(line.substr(0, comment).find("throw ") == std::string::npos);
        }
}

TEST_CASE("tidy: lines and files are short") {
    for (const auto& f : code()) {
        INFO(f.path);
        const bool header = f.path.find("include/") == 0;
        const bool test = f.path.find("tests/") == 0;
        if (!test) CHECK(f.lines.size() <= (header ? 300U : 600U));
        for (std::size_t i = 0; i < f.lines.size(); ++i) {
            INFO("line " << i + 1);
            const bool literal = test && f.lines[i].find("R\"(") != std::string::npos;
            CHECK((literal || width(f.lines[i]) <= 110));
        }
    }
}

TEST_CASE("tidy: no function is longer than 70 lines") {
    // A function's body begins on a line that ends in ") {" or the like at no deeper than one level of a
    // class.
    for (const auto& f : files_below({"src", "include", "examples"}, {".hpp", ".cpp"})) {
        std::size_t begin = 0;
        std::string indent;
        for (std::size_t i = 0; i < f.lines.size(); ++i) {
            const auto& line = f.lines[i];
            const auto at = line.find_first_not_of(' ');
            if (at == std::string::npos) continue;
            const bool opens = line.back() == '{' && line.find('(') != std::string::npos && at <= 4;
            if (indent.empty() && opens && line.find("namespace") == std::string::npos) {
                begin = i;
                indent = std::string(at, ' ') + "}";
            } else if (!indent.empty() && line.compare(0, indent.size(), indent) == 0) {
                INFO(f.path << ':' << begin + 1);
                CHECK(i - begin <= 70);
                indent.clear();
            }
        }
    }
}

TEST_CASE("tidy: nothing is left over") {
    const std::vector<std::string> markers{
        "TO"
        "DO",
        "FIX"
        "ME",
        "XX"
        "X:",
        "HA"
        "CK",
        "not "
        "implemented",
        "place"
        "holder"};
    for (const auto& f : files_below({"include", "src", "tests", "examples", "docs", "cmake"},
                                     {".hpp", ".cpp", ".md", ".cmake", ".json"}))
        for (const auto& line : f.lines)
            for (const auto& m : markers) {
                INFO(f.path << ": " << line);
                CHECK(line.find(m) == std::string::npos);
            }
}

TEST_CASE("tidy: no file is named for what it is not about") {
    for (const auto& f : code()) {
        const auto name = fs::path(f.path).stem().string();
        INFO(f.path);
        for (const char* vague : {"util", "helper", "common", "misc"})
            CHECK(name.find(vague) == std::string::npos);
    }
}

TEST_CASE("tidy: every test file has a check in it") {
    for (const auto& f : files_below({"tests"}, {".cpp"})) {
        const auto has = [&](const char* word) {
            return std::any_of(f.lines.begin(), f.lines.end(),
                               [&](const auto& l) { return l.find(word) != std::string::npos; });
        };
        INFO(f.path);
        if (has("TEST_CASE(")) CHECK((has("CHECK") || has("REQUIRE")));
    }
}

TEST_CASE("tidy: one file alone calls the operating system for stores") {
    int found = 0;
    for (const auto& f : files_below({"src"}, {".hpp", ".cpp"}))
        for (const auto& line : f.lines)
            for (const char* header : {"<fcntl.h>", "<unistd.h>", "<dirent.h>", "<sys/"}) {
                if (!line.starts_with(std::string("#include ") + header)) continue;
                ++found;
                INFO(line);
                CHECK(f.path == "src/disk/real_file.cpp");
            }
    CHECK(found > 0);
}

TEST_CASE("tidy: the library prints nothing and asks nobody the time") {
    for (const auto& f : files_below({"src"}, {".hpp", ".cpp"}))
        for (const auto& line : f.lines)
            for (const char* word : {"std::cout", "std::cerr", "printf(", "getenv", "setlocale", "::now()",
                                     "std::abort", "std::exit("}) {
                INFO(f.path << ": " << line);
                const bool formats =
                    std::string(word) == "printf(" && line.find("snprintf(") != std::string::npos;
                const bool is_the_door = f.path == "src/disk/real_file.cpp" && std::string(word) == "::now()";
                CHECK((formats || is_the_door || line.find(word) == std::string::npos));
            }
}
