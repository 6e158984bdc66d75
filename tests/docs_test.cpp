// The documents keep their word: snippets compile and print what stands below them, definitions can be read,
// files that are named exist.
//
// A block ```cpp is the body of a function after the includes of `preamble` below. All blocks of a document
// become one program; each is a function of its own. A block directly followed by a block ```text is run and
// has to print that text, byte by byte; any other, and every ```cpp no-run, is only compiled. A block ```sh
// directly followed by ```text is run by a shell that finds the command weir, if that is built. All run in a
// directory that holds examples/data, and examples/data/events.csv as events.csv.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

#ifndef WEIR_COMMAND
#define WEIR_COMMAND ""  // the command weir is not built
#endif

namespace fs = std::filesystem;

namespace {

using weir_test::ContainsSubstring;

const fs::path root = WEIR_SOURCE_DIR;

constexpr const char* preamble = R"(#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
#include <weir.hpp>

template <class F> void run(int number, F snippet) {
    std::cout << '\x1e' << number << '\n';
    try {
        snippet();
    } catch (const std::exception& e) {
        std::cout << "ended by an exception: " << e.what() << '\n';
    }
    std::cout << std::flush;
}
)";

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Reading a document
// ------------------------------------------------------------------------------------------

struct block {
    std::string kind;  // what stands behind the opening quotes: "cpp", "cpp no-run", "text", "json"
    int line;          // of the first line inside
    std::string text;
    bool adjoins;  // to the block before: nothing but blank lines between
};

std::vector<block> blocks_of(const std::string& document) {
    std::vector<block> blocks;
    std::istringstream in(document);
    bool inside = false, adjoins = false;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.compare(0, 3, "```") == 0) {
            if (!inside) blocks.push_back({line.substr(3), number + 1, {}, adjoins});
            inside = !inside;
            adjoins = true;
        } else if (inside) {
            blocks.back().text += line + '\n';
        } else if (!line.empty()) {
            adjoins = false;
        }
    }
    return blocks;
}

std::vector<std::string> documents() {
    std::vector<std::string> found{"README.md"};
    for (const auto& e : fs::directory_iterator(root / "docs"))
        if (e.path().extension() == ".md") found.push_back("docs/" + e.path().filename().string());
    return found;
}

// Snippets
// ----------------------------------------------------------------------------------------------------

// A block of code, and what it claims to print.
struct snippet {
    int line;
    std::string code;
    bool runs;
    std::string output;
};

std::vector<snippet> snippets_of(const std::vector<block>& blocks, const std::string& language) {
    std::vector<snippet> snippets;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const block& b = blocks[i];
        if (b.kind != language && b.kind != language + " no-run") continue;
        const bool told = i + 1 < blocks.size() && blocks[i + 1].kind == "text" && blocks[i + 1].adjoins;
        const bool runs = told && b.kind == language;
        snippets.push_back({b.line, b.text, runs, runs ? blocks[i + 1].text : std::string()});
    }
    return snippets;
}

std::string program_of(const std::string& document, const std::vector<snippet>& snippets) {
    std::string functions, calls;
    for (std::size_t i = 0; i < snippets.size(); ++i) {
        const std::string n = std::to_string(i);
        functions += "\ninline void snippet_" + n + "() {\n#line " + std::to_string(snippets[i].line) +
                     " \"" + document + "\"\n" + snippets[i].code + "}\n";
        if (snippets[i].runs) calls += "    run(" + n + ", snippet_" + n + ");\n";
    }
    return preamble + functions + "\nint main() {\n" + calls + "}\n";
}

fs::path fresh_directory(const std::string& document) {
    std::string name = document;
    std::replace(name.begin(), name.end(), '/', '-');
    const fs::path here = fs::path(WEIR_BINARY_DIR) / "docs" / name;
    fs::remove_all(here);
    fs::create_directories(here / "examples");
    fs::copy(root / "examples/data", here / "examples/data", fs::copy_options::recursive);
    fs::copy(root / "examples/data/events.csv", here / "events.csv");
    return here;
}

bool shell(const fs::path& directory, const std::string& command) {
    return std::system(("cd '" + directory.string() + "' && " + command).c_str()) == 0;
}

// What snippet i printed, from the output of all.
std::string printed_by(std::size_t i, const std::string& output) {
    const std::string marker = '\x1e' + std::to_string(i) + '\n';
    const auto begin = output.find(marker);
    if (begin == std::string::npos) return "(nothing: a snippet before ended the program)\n";
    const auto end = output.find('\x1e', begin + 1);
    const auto first = begin + marker.size();
    return output.substr(first, end == std::string::npos ? end : end - first);
}

using complaints = std::vector<std::string>;

void compare(const snippet& s, const std::string& document, const std::string& printed, complaints& into) {
    if (printed != s.output)
        into.push_back(document + ":" + std::to_string(s.line) + ": printed\n" + printed +
                       "but the document says\n" + s.output);
}

void try_program(const std::string& document, const std::vector<snippet>& snippets, const fs::path& here,
                 complaints& into) {
    std::ofstream(here / "snippets.cpp") << program_of(document, snippets);
    if (!shell(here, WEIR_CXX " -std=c++20 -Wall -Wextra -Wno-unused -Werror snippets.cpp " WEIR_LIBRARY_FLAGS
                              " -o snippets >compiler.txt 2>&1")) {
        into.push_back("does not compile: " + read_file(here / "compiler.txt"));
        return;
    }
    if (!shell(here, "./snippets >output.txt"))
        into.push_back(document + ": the program of its snippets failed");
    const std::string output = read_file(here / "output.txt");
    for (std::size_t i = 0; i < snippets.size(); ++i)
        if (snippets[i].runs) compare(snippets[i], document, printed_by(i, output), into);
}

void try_commands(const std::string& document, const std::vector<snippet>& snippets, const fs::path& here,
                  const std::string& path, complaints& into) {
    for (const auto& s : snippets) {
        if (!s.runs) continue;
        std::ofstream(here / "commands.sh") << "set -e\n" << s.code;
        const bool ended_well = shell(here, "PATH='" + path + "':$PATH sh commands.sh >answer.txt");
        compare(s, document, read_file(here / "answer.txt") + (ended_well ? "" : "(and failed)\n"), into);
    }
}

// Everything in which a document does not keep its word.
complaints broken_promises(const std::string& document, const std::string& text) {
    const auto blocks = blocks_of(text);
    const auto programs = snippets_of(blocks, "cpp"), commands = snippets_of(blocks, "sh");
    complaints found;
    if (programs.empty() && commands.empty()) return found;
    const fs::path here = fresh_directory(document);
    if (!programs.empty()) try_program(document, programs, here, found);
    const std::string path = fs::path(WEIR_COMMAND).parent_path().string();
    if (!path.empty()) try_commands(document, commands, here, path, found);
    return found;
}

// Definitions and names
// ---------------------------------------------------------------------------------------

// Why a definition cannot be read, or "".
std::string fault_of(const std::string& json) {
    const auto open = json.find('"');
    const std::string form = json.substr(open + 1, json.find('"', open + 1) - open - 1);
    const auto tell = [](const auto& r) { return r ? std::string() : to_string(r.error()); };
    if (form == "lifecycle") return tell(weir::lifecycle_from_json(json));
    if (form == "identity") return tell(weir::identity_from_json(json));
    if (form == "report") return tell(weir::report_from_json(json));
    if (form == "funnel" || form == "flow" || form == "what_if" || form == "compare" || form == "drop_off")
        return tell(weir::question_from_json(json));
    return tell(weir::mapping_from_json(json));
}

// Files and folders of the project that a document names or links to and that are not there.
std::vector<std::string> missing_files(const std::string& document, const std::string& text) {
    static const std::regex path("\\b(src|include|tests|examples|docs|cmake)/[A-Za-z0-9_./-]*[A-Za-z0-9_/]");
    static const std::regex link("\\]\\(([A-Za-z0-9_./-]+)(#[^)]*)?\\)");
    std::vector<std::string> missing;
    const std::sregex_iterator end;
    for (std::sregex_iterator it(text.begin(), text.end(), path); it != end; ++it) {
        const bool inside = it->position() > 0 && text[static_cast<std::size_t>(it->position()) - 1] == '/';
        if (!inside && !fs::exists(root / it->str())) missing.push_back(it->str());
    }
    for (std::sregex_iterator it(text.begin(), text.end(), link); it != end; ++it)
        if (!fs::exists((root / document).parent_path() / it->str(1))) missing.push_back(it->str(1));
    return missing;
}

}  // namespace

TEST_CASE("docs: every snippet compiles and prints what the document says") {
    for (const auto& document : documents())
        for (const auto& broken : broken_promises(document, read_file(root / document))) {
            INFO(broken);
            CHECK(false);
        }
}

TEST_CASE("docs: every definition in JSON can be read") {
    for (const auto& document : documents())
        for (const auto& b : blocks_of(read_file(root / document)))
            if (b.kind == "json") {
                INFO(document << ":" << b.line);
                CHECK(fault_of(b.text) == "");
            }
    CHECK_THAT(fault_of(R"({"funnel": {"step": ["visit"]}})"), ContainsSubstring("steps"));
    CHECK_THAT(fault_of(R"({"lead": "id", "event": []})"), ContainsSubstring("events"));
}

TEST_CASE("docs: every file that is named exists") {
    for (const auto& document : documents()) {
        INFO(document);
        CHECK(missing_files(document, read_file(root / document)).empty());
    }
    CHECK(missing_files("docs/a.md", "`src/scan/scan.cpp`, tests/cases/*.case and src/scan/skan.cpp.") ==
          std::vector<std::string>{"src/scan/skan.cpp"});
    CHECK(missing_files("docs/a.md",
                        "[words](glossary.md), [rules](semantics.md#5-funnels), [more](more.md)") ==
          std::vector<std::string>{"more.md"});
}

TEST_CASE("docs: a wrong output is found") {
    const auto broken =
        broken_promises("tests/docs/wrong_output.md", read_file(root / "tests/docs/wrong_output.md"));
    REQUIRE(broken.size() == 2);
    CHECK(broken[0] == "tests/docs/wrong_output.md:14: printed\n1 event\nbut the document says\n2 events\n");
    CHECK_THAT(broken[1], ContainsSubstring("ended by an exception: nowhere.csv"));
}

TEST_CASE("docs: a command that prints something else or fails is found") {
    const snippet kept{1, "echo told", true, "told\n"}, other{3, "echo other", true, "told\n"},
        failing{5, "echo told; false", true, "told\n"};
    complaints found;
    try_commands("a.md", {kept, other, failing}, fresh_directory("commands"), "/bin", found);
    CHECK(found == complaints{"a.md:3: printed\nother\nbut the document says\ntold\n",
                              "a.md:5: printed\ntold\n(and failed)\nbut the document says\ntold\n"});
}

TEST_CASE("docs: a snippet that does not compile is found, with its line in the document") {
    const auto broken =
        broken_promises("tests/docs/broken_snippet.md", read_file(root / "tests/docs/broken_snippet.md"));
    REQUIRE(broken.size() == 1);
    CHECK_THAT(broken[0], ContainsSubstring("broken_snippet.md:6:"));
}
