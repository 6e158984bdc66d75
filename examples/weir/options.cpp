#include "options.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <boost/program_options.hpp>

namespace po = boost::program_options;

namespace {

struct command {
    std::string_view name;
    std::string_view definition;  // what its first operand is
    std::string_view formats;     // between blanks; none: it asks nothing
    bool takes_lifecycle;
    bool takes_sources = true;
    std::string_view target{};  // the only other operand, if it is one
};
constexpr std::array commands{
    command{"measure", "QUESTION", " text json csv svg html ", true},
    command{"derive", "LIFECYCLE", " csv json ", false},
    command{"explain", "QUESTION", " text json ", true},
    command{"report", "REPORT", " html ", false},
    command{"append", "STORE", "", false},
    command{"verify", "STORE", "", false, false},
    command{"salvage", "STORE", "", false, true, "NEWSTORE"},
};

weir::error wrong(std::string message) {
    return {weir::errc::invalid_question, std::move(message), "command line"};
}

po::options_description described() {
    po::options_description all;
    all.add_options()("map", po::value<std::vector<std::string>>())("identity", po::value<std::string>())(
        "lead", po::value<std::string>())("lifecycle", po::value<std::string>())(
        "as-of", po::value<std::string>())("format", po::value<std::string>())("threads", po::value<int>())(
        "memory", po::value<std::int64_t>())("output,o", po::value<std::string>())(
        "accept-lost-erasures", "")("operand", po::value<std::vector<std::string>>());
    return all;
}

weir::result<options> checked(const command& c, const po::variables_map& given) {
    options o{.command = std::string(c.name)};
    if (given.count("operand") != 0) o.sources = given["operand"].as<std::vector<std::string>>();
    if (o.sources.size() < (c.takes_sources ? 2U : 1U))
        return wrong("weir " + o.command + " needs a " + std::string(c.definition) +
                     (!c.target.empty() ? " and a " + std::string(c.target)
                      : c.takes_sources ? " and a SOURCE"
                                        : "") +
                     "; see weir --help");
    if (!c.target.empty() && o.sources.size() > 2)
        return wrong("weir " + o.command + " takes one " + std::string(c.definition) + " and one " +
                     std::string(c.target));
    if (c.target.empty() && given.count("accept-lost-erasures") != 0)
        return wrong("weir " + o.command + " takes no --accept-lost-erasures");
    o.accept_lost_erasures = given.count("accept-lost-erasures") != 0;
    if (!c.takes_sources && o.sources.size() > 1)
        return wrong("weir " + o.command + " takes one " + std::string(c.definition));
    for (const char* option : {"identity", "as-of", "format", "output"})
        if (c.formats.empty() && given.count(option) != 0)
            return wrong("weir " + o.command + " takes no --" + option);
    if ((!c.takes_sources || !c.target.empty()) && given.count("map") != 0)
        return wrong("weir " + o.command + " takes no --map");
    o.definition = o.sources.front();
    o.sources.erase(o.sources.begin());
    if (given.count("map") != 0) o.maps = given["map"].as<std::vector<std::string>>();
    if (o.maps.size() > 1 && o.maps.size() != o.sources.size())
        return wrong("there are " + std::to_string(o.maps.size()) + " --map for " +
                     std::to_string(o.sources.size()) + " sources; give none, one, or one for each source");
    if (given.count("identity") != 0) o.identity = given["identity"].as<std::string>();
    if (given.count("lifecycle") != 0) o.lifecycle = given["lifecycle"].as<std::string>();
    if (!o.lifecycle.empty() && !c.takes_lifecycle)
        return wrong("weir " + o.command + " takes no --lifecycle");
    if (given.count("lead") != 0) o.lead = given["lead"].as<std::string>();
    const bool explains = o.command == "explain";
    if (explains && o.lead.empty()) return wrong("weir explain needs a --lead");
    if (!explains && given.count("lead") != 0) return wrong("weir " + o.command + " takes no --lead");
    if (given.count("output") != 0) o.output = given["output"].as<std::string>();
    if (given.count("format") != 0) o.format = given["format"].as<std::string>();
    if (!o.format.empty() && c.formats.find(' ' + o.format + ' ') == std::string_view::npos)
        return wrong("weir " + o.command + " has no format \"" + o.format + "\"; it has" +
                     std::string(c.formats.substr(0, c.formats.size() - 1)));
    if (given.count("threads") != 0) o.threads = given["threads"].as<int>();
    if (o.threads < 1 || o.threads > 256)
        return wrong("--threads is " + std::to_string(o.threads) + "; give 1 to 256");
    if (given.count("memory") != 0) o.memory = given["memory"].as<std::int64_t>();
    if (o.memory < 1) return wrong("--memory is " + std::to_string(o.memory) + "; give a number of bytes");
    if (given.count("as-of") != 0) {
        auto t = weir::parse_instant(given["as-of"].as<std::string>());
        if (!t) return wrong("--as-of: " + t.error().message);
        o.as_of = *t;
    }
    return o;
}

}  // namespace

std::string usage() {
    return "weir measure QUESTION.json SOURCE... [--identity I.json] [--lifecycle L.json|b2b]\n"
           "             [--map MAPPING.json]... [--as-of T] [--format text|json|csv|svg|html] [--threads "
           "N]\n"
           "             [--memory BYTES]\n"
           "weir derive  LIFECYCLE.json|b2b SOURCE... [--identity I.json] [--map MAPPING.json]... [--as-of "
           "T]\n"
           "             [--format csv|json]\n"
           "weir explain QUESTION.json SOURCE... --lead KEY [--identity I.json] [--lifecycle L.json|b2b]\n"
           "             [--map MAPPING.json]... [--as-of T] [--format text|json]\n"
           "weir report  REPORT.json SOURCE... [--identity I.json] [--map MAPPING.json]... [--as-of T]\n"
           "             [--threads N] -o report.html\n"
           "weir append  STORE SOURCE... [--map MAPPING.json]... [--threads N] [--memory BYTES]\n"
           "weir verify  STORE\n"
           "weir salvage STORE NEWSTORE [--accept-lost-erasures]\n"
           "\n"
           "A SOURCE is a CSV file, or a file of JSON lines that ends in .jsonl, with the columns lead, "
           "event, time\n"
           "and any attributes; a MAPPING turns any other file into events. The i-th --map belongs to the "
           "i-th\n"
           "SOURCE, a single one to all. A STORE is a directory, which append makes if it is not there; it "
           "may "
           "also be\n"
           "the only SOURCE. verify reads every byte of it; salvage writes what can be "
           "read\n"
           "of a damaged one as a new one, and says what is lost. An identity puts leads together before "
           "anything "
           "else. Rows that "
           "cannot be read are counted and named on standard error.\n"
           "Exit status: 0, or 1 for a wrong question, mapping or file, or when no row could be read.\n";
}

weir::result<options> parse_options(int argc, const char* const* argv) {
    const std::string name = argc > 1 ? argv[1] : "";
    const auto* found =
        std::find_if(commands.begin(), commands.end(), [&](const command& c) { return c.name == name; });
    if (found == commands.end())
        return wrong((name.empty() ? "no command is given" : "there is no command \"" + name + "\"") +
                     "; see weir --help");
    try {
        po::positional_options_description operands;
        operands.add("operand", -1);
        po::variables_map given;
        po::store(po::command_line_parser(argc - 1, argv + 1)
                      .options(described())
                      .positional(operands)
                      .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
                      .run(),
                  given);
        po::notify(given);
        return checked(*found, given);
    } catch (const po::error& e) {
        return wrong(e.what());
    }
}
