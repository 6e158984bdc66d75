// weir - the library on the command line. It reads files, calls the verbs, prints what they give.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <weir.hpp>

#include "options.hpp"

namespace {

weir::result<std::string> read_file(const std::string& path) {
    std::error_code ignored;  // a path that cannot be looked at cannot be opened either
    if (std::filesystem::is_directory(path, ignored))
        return weir::error{weir::errc::io, "found a directory, expected a file", path};
    std::ifstream in(path, std::ios::binary);
    if (!in) return weir::error{weir::errc::io, "the file cannot be opened", path};
    std::ostringstream text;
    text << in.rdbuf();
    if (in.bad()) return weir::error{weir::errc::io, "the file cannot be read", path};
    return std::move(text).str();
}

weir::error inside(const std::string& path, weir::error e) {
    e.where = e.where.empty() ? path : path + ": " + e.where;
    return e;
}

// What is found wrong when it is measured lies in the definition, or in the lifecycle of a file beside it. An
// error without a place lies in neither.
weir::error inside_definition(const options& o, weir::error e) {
    if (e.where.empty()) return e;
    const bool of_identity = !o.identity.empty() && (e.where + '.').starts_with("identity.");
    if (of_identity) return inside(o.identity, std::move(e));
    const bool of_lifecycle = !o.lifecycle.empty() && e.where.starts_with("lifecycle.");
    return inside(of_lifecycle ? o.lifecycle : o.definition, std::move(e));
}

// Reads a definition; what is wrong inside it is said with the file's name.
template <class Parse>
auto read_definition(const std::string& path, Parse parse) -> decltype(parse(std::string_view{})) {
    const auto text = read_file(path);
    if (!text) return text.error();
    auto parsed = parse(std::string_view(*text));
    if (parsed) return parsed;
    return inside(path, parsed.error());
}

// Both are checked before any source is read, which may take long.
weir::result<weir::question> checked_question(std::string_view text) {
    auto question = weir::question_from_json(text);
    if (!question) return question;
    const auto fine = std::visit([](const auto& one) { return check(one); }, *question);
    if (!fine) return fine.error();
    return question;
}

weir::result<weir::lifecycle> checked_lifecycle(std::string_view text) {
    auto lifecycle = weir::lifecycle_from_json(text);
    if (!lifecycle) return lifecycle;
    if (const auto fine = check(*lifecycle); !fine) return fine.error();
    return lifecycle;
}

weir::result<weir::identity> checked_identity(std::string_view text) {
    auto rules = weir::identity_from_json(text);
    if (!rules) return rules;
    if (const auto fine = check(*rules); !fine) return fine.error();
    return rules;
}

// None if the command line names none.
weir::result<std::optional<weir::identity>> find_identity(const options& o) {
    if (o.identity.empty()) return std::optional<weir::identity>{};
    auto rules = read_definition(o.identity, checked_identity);
    if (!rules) return rules.error();
    return std::optional(std::move(*rules));
}

weir::result<weir::lifecycle> find_lifecycle(const std::string& given) {
    std::error_code ignored;
    if (given.ends_with(".json") || std::filesystem::exists(given, ignored))
        return read_definition(given, checked_lifecycle);
    auto preset = weir::lifecycle::preset(given);
    if (!preset) return weir::error{preset.error().code, preset.error().message, "command line"};
    return preset;
}

// A second file that a mapping joins lies beside the mapping, or else beside the source.
weir::result<weir::mapping> find_mapping(const std::string& path, const std::string& source) {
    namespace fs = std::filesystem;
    auto mapping = read_definition(path, weir::mapping_from_json);
    if (!mapping) return mapping;
    for (auto& lookup : mapping->lookups) {
        const auto beside_mapping = fs::path(path).parent_path() / lookup.file;
        const auto beside_source = fs::path(source).parent_path() / lookup.file;
        std::error_code ignored;
        const bool use_source = !fs::exists(beside_mapping, ignored) && fs::exists(beside_source, ignored);
        lookup.file = (use_source ? beside_source : beside_mapping).string();
    }
    return mapping;
}

bool is_store(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
}

weir::result<weir::load_report> load_source(weir::store& store, const std::string& path,
                                            weir::mapping mapping, int threads) {
    if (is_store(path))
        return weir::error{weir::errc::invalid_question,
                           "found a directory, expected a file; a store on disk is the only SOURCE, or that "
                           "of weir append",
                           path};
    if (path.ends_with(".jsonl"))
        return weir::load(store, weir::json_lines{.path = path, .mapping = std::move(mapping)},
                          {.threads = threads});
    return weir::load(store, weir::csv{.path = path, .mapping = std::move(mapping)}, {.threads = threads});
}

struct loaded_source {
    std::string path;
    weir::load_report report;
    bool is_store = false;  // nothing was loaded, and nothing rejected
};

std::string say(const std::string& path, const weir::rejected_row& row) {
    std::string said = path + ':' + std::to_string(row.line);
    if (row.column > 0) said += ':' + std::to_string(row.column);
    said += ": row rejected: ";
    if (!row.field.empty()) said += row.field + ": ";
    return said + row.reason;
}

void tell_rejected(const loaded_source& s) {
    for (const auto& row : s.report.samples) std::cerr << say(s.path, row) << '\n';
}

void tell(const std::vector<loaded_source>& loaded) {
    for (const auto& s : loaded) {
        const auto& [path, r, ignored] = s;
        tell_rejected(s);
        if (!s.is_store)
            std::cerr << path << ": " << r.rows << " rows, " << r.events << " events, " << r.without_event
                      << " rows without an event, " << r.rejected << " rejected\n";
    }
}

weir::result<std::vector<loaded_source>> load_sources(weir::store& store, const options& o) {
    std::vector<loaded_source> loaded;
    for (std::size_t i = 0; i < o.sources.size(); ++i) {
        weir::mapping mapping;
        if (!o.maps.empty()) {
            auto found = find_mapping(o.maps.size() == 1 ? o.maps.front() : o.maps[i], o.sources[i]);
            if (!found) return found.error();
            mapping = std::move(*found);
        }
        auto report = load_source(store, o.sources[i], std::move(mapping), o.threads);
        if (!report) return report.error();
        loaded.push_back({o.sources[i], std::move(*report)});
    }
    std::int64_t rows = 0, events = 0;
    for (const auto& s : loaded) {
        rows += s.report.rows;
        events += s.report.events + s.report.duplicate + s.report.erased;
    }
    if (events > 0) return loaded;
    for (const auto& s : loaded) tell_rejected(s);
    const auto found =
        rows == 0 ? "found no rows" : "none of " + std::to_string(rows) + " rows gave an event";
    return weir::error{weir::errc::bad_input, found, loaded.front().path};
}

struct gathered {
    weir::store store;
    std::vector<loaded_source> loaded;
};

// What is asked about: a store on disk, which is only read, or all files in one store in memory.
weir::result<gathered> gather(const options& o) {
    if (o.sources.size() == 1 && is_store(o.sources.front())) {
        auto opened = weir::store::open(o.sources.front(), {.memory_budget = o.memory, .read_only = true});
        if (!opened) return opened.error();
        const std::int64_t events = opened->snapshot().size();
        return gathered{std::move(*opened), {{o.sources.front(), {.rows = events, .events = events}, true}}};
    }
    weir::store store({.memory_budget = o.memory});
    auto loaded = load_sources(store, o);
    if (!loaded) return loaded.error();
    return gathered{std::move(store), std::move(*loaded)};
}

// How the rows fared, as an answer of its own: a report must account for every row.
weir::answer account_for(const std::vector<loaded_source>& sources) {
    using type = weir::column_type;
    weir::table t("sources", {{"file", type::text, {}},
                              {"rows", type::integer, {}},
                              {"events", type::integer, {}},
                              {"rows_without_event", type::integer, {}},
                              {"rejected", type::integer, {}},
                              {"duplicate", type::integer, {}}});
    std::int64_t rejected = 0;
    for (const auto& [path, r, ignored] : sources) {
        rejected += r.rejected;
        t.add_row({std::filesystem::path(path).filename().string(), r.rows, r.events, r.without_event,
                   r.rejected, r.duplicate});
    }
    weir::answer a{.title = rejected == 0   ? "every row was read"
                            : rejected == 1 ? "1 row was rejected"
                                            : std::to_string(rejected) + " rows were rejected"};
    for (const auto& s : sources)
        for (const auto& row : s.report.samples)
            a.notes.push_back(say(std::filesystem::path(s.path).filename().string(), row));
    a.tables.push_back(std::move(t));
    return a;
}

std::string in_format(const weir::answer& answer, const std::string& format) {
    if (format == "json") return to_json(answer, 2) + "\n";
    if (format == "csv") return to_csv(answer);
    if (format == "svg") return render(answer, weir::svg{});
    if (format == "html") return render(answer, weir::html{});
    return render(answer);
}

// What a command gives: its text, and how the rows fared.
struct outcome {
    std::string text;
    std::vector<loaded_source> loaded;
};

weir::result<outcome> measure_command(const options& o) {
    auto question = read_definition(o.definition, checked_question);
    if (!question) return question.error();
    if (o.lifecycle.empty() && std::holds_alternative<weir::flow>(*question))
        return weir::error{weir::errc::invalid_question,
                           "a flow is over the stages of a lifecycle; give --lifecycle", o.definition};
    weir::report_part part{.title = {}, .lifecycle = {}, .question = std::move(*question)};
    if (!o.lifecycle.empty()) {
        auto lifecycle = find_lifecycle(o.lifecycle);
        if (!lifecycle) return lifecycle.error();
        part.lifecycle = std::move(*lifecycle);
    }
    auto identity = find_identity(o);
    if (!identity) return identity.error();
    auto all = gather(o);
    if (!all) return all.error();
    const weir::report_question asked{
        .title = {}, .identity = std::move(*identity), .answers = {std::move(part)}};
    const auto report = measure(all->store.snapshot(), asked, {.threads = o.threads, .as_of = o.as_of});
    if (!report) return inside_definition(o, report.error());
    return outcome{in_format(report->sections.front().answer, o.format), std::move(all->loaded)};
}

// The stage events in the form of a SOURCE.
std::string as_source(const weir::stage_history& history) {
    using type = weir::column_type;
    weir::table t("stages", {{"lead", type::text, {}},
                             {"event", type::text, {}},
                             {"time", type::instant_us, {}},
                             {"lifecycle", type::text, {}},
                             {"version", type::integer, {}},
                             {"from", type::text, {}},
                             {"move", type::text, {}},
                             {"cause", type::text, {}},
                             {"reason", type::text, {}},
                             {"stated", type::boolean, {}},
                             {"entry", type::integer, {}}});
    const weir::visit* previous = nullptr;
    for (const auto& v : history.visits) {
        const bool same_lead = previous != nullptr && previous->lead == v.lead;
        const auto text = [](const std::string& s) { return s.empty() ? weir::cell{} : weir::cell{s}; };
        t.add_row({to_string(v.lead), v.stage, v.from, history.lifecycle.name, std::int64_t{v.version},
                   same_lead ? text(previous->stage) : weir::cell{}, v.move, text(v.cause), text(v.reason),
                   v.stated, v.entry});
        previous = &v;
    }
    weir::answer a;
    a.tables.push_back(std::move(t));
    return to_csv(a);
}

weir::result<weir::snapshot> joined_leads(const weir::store& store,
                                          const std::optional<weir::identity>& rules,
                                          const weir::scope& how) {
    if (!rules) return store.snapshot();
    return derive(store.snapshot(), *rules, how);
}

weir::result<outcome> derive_command(const options& o) {
    const auto lifecycle = find_lifecycle(o.definition);
    if (!lifecycle) return lifecycle.error();
    const auto identity = find_identity(o);
    if (!identity) return identity.error();
    auto all = gather(o);
    if (!all) return all.error();
    const weir::scope how{.threads = o.threads, .as_of = o.as_of};
    const auto joined = joined_leads(all->store, *identity, how);
    if (!joined) return inside(o.identity, joined.error());
    const auto staged = derive(*joined, *lifecycle, how);
    if (!staged) return inside_definition(o, staged.error());
    const auto history = weir::history(*staged);
    if (!history) return history.error();
    auto text = o.format == "json" ? to_json(weir::answer(*history), 2) + "\n" : as_source(*history);
    return outcome{std::move(text), std::move(all->loaded)};
}

weir::lead_id lead_named(const std::string& given) {
    const auto colon = given.find(':');
    if (colon == std::string::npos) return given;
    return {given.substr(0, colon), given.substr(colon + 1)};
}

// A lead that was given as "kind:key", or whose key has a colon.
template <class Explain>
weir::result<weir::answer> explain_lead(const weir::snapshot& s, const std::string& given,
                                        Explain&& explain) {
    const weir::lead_id plain(given);
    const auto found = events_of(s, plain);
    if (!found) return found.error();
    const auto told = explain(found->empty() ? lead_named(given) : plain);
    if (!told) return told.error();
    return weir::answer(*told);
}

// A funnel is explained over raw events, or stages; of a flow the stage that the lead is in.
weir::result<outcome> explain_command(const options& o) {
    auto question = read_definition(o.definition, checked_question);
    if (!question) return question.error();
    const char* const other = std::holds_alternative<weir::what_if>(*question)    ? "what_if"
                              : std::holds_alternative<weir::compare>(*question)  ? "compare"
                              : std::holds_alternative<weir::drop_off>(*question) ? "drop_off"
                                                                                  : nullptr;
    if (other != nullptr)
        return weir::error{weir::errc::unsupported,
                           std::string("found ") + other + "; weir explain takes a funnel or a flow",
                           o.definition};
    const auto* flow = std::get_if<weir::flow>(&*question);
    if (o.lifecycle.empty() && flow != nullptr)
        return weir::error{weir::errc::invalid_question,
                           "a flow is over the stages of a lifecycle; give --lifecycle", o.definition};
    const auto identity = find_identity(o);
    if (!identity) return identity.error();
    std::optional<weir::lifecycle> stages;
    if (!o.lifecycle.empty()) {
        auto lifecycle = find_lifecycle(o.lifecycle);
        if (!lifecycle) return lifecycle.error();
        stages = std::move(*lifecycle);
    }
    auto all = gather(o);
    if (!all) return all.error();
    const auto as_of = o.as_of ? o.as_of : flow ? flow->as_of : std::get<weir::funnel>(*question).as_of;
    const weir::scope how{.threads = o.threads, .as_of = as_of};
    auto events = joined_leads(all->store, *identity, how);
    if (!events) return inside(o.identity, events.error());
    if (stages) {
        events = derive(*events, *stages, how);
        if (!events) return inside_definition(o, events.error());
    }
    const auto told =
        explain_lead(*events, o.lead, [&](const weir::lead_id& lead) -> weir::result<weir::answer> {
            if (flow != nullptr) {
                const auto why = explain(*events, lead, flow->lifecycle);
                return why ? weir::result<weir::answer>(weir::answer(*why)) : why.error();
            }
            weir::funnel funnel = std::get<weir::funnel>(*question);
            funnel.as_of = as_of;
            const auto why = explain(*events, funnel, lead);
            return why ? weir::result<weir::answer>(weir::answer(*why)) : why.error();
        });
    if (!told) return inside_definition(o, told.error());
    return outcome{in_format(*told, o.format), std::move(all->loaded)};
}

weir::result<outcome> report_command(const options& o) {
    auto question = read_definition(o.definition, weir::report_from_json);
    if (!question) return question.error();
    const auto identity = find_identity(o);
    if (!identity) return identity.error();
    if (*identity) question->identity = **identity;
    auto all = gather(o);
    if (!all) return all.error();
    auto report = measure(all->store.snapshot(), *question, {.threads = o.threads, .as_of = o.as_of});
    if (!report) return inside_definition(o, report.error());
    if (question->identity) {
        const auto joined =
            joined_leads(all->store, question->identity, {.threads = o.threads, .as_of = o.as_of});
        if (!joined) return inside_definition(o, joined.error());
        report->sections.push_back({"Leads", *identities(*joined)});
    }
    report->sections.push_back({"Sources", account_for(all->loaded)});
    return outcome{render(*report), std::move(all->loaded)};
}

weir::result<outcome> append_command(const options& o) {
    auto store = weir::store::open(o.definition, {.memory_budget = o.memory});
    if (!store) return store.error();
    auto loaded = load_sources(*store, o);
    if (!loaded) return loaded.error();  // what was loaded so far is there, and stays
    if (const auto closed = store->close(); !closed) return closed.error();
    std::int64_t events = 0, duplicate = 0, erased = 0;
    for (const auto& s : *loaded) {
        events += s.report.events;
        duplicate += s.report.duplicate;
        erased += s.report.erased;
    }
    return outcome{o.definition + ": " + std::to_string(events) + " events added, " +
                       std::to_string(duplicate) + " duplicate, " + std::to_string(erased) +
                       " of erased leads; " + std::to_string(store->snapshot().size()) + " in all\n",
                   std::move(*loaded)};
}

weir::result<outcome> verify_command(const options& o) {
    const auto store = weir::store::open(o.definition, {.memory_budget = o.memory, .read_only = true});
    if (!store) return store.error();
    const auto found = store->verify();
    if (!found) return found.error();
    std::string text = o.definition + ": " + std::to_string(found->files) + " files, " +
                       std::to_string(found->bytes) + " bytes, " + std::to_string(found->events) +
                       " events; every checksum fits\n";
    if (found->manifest_copy_damaged)
        text += o.definition + ": one of two copies of the manifest is damaged; the next writer mends it\n";
    if (const auto dropped = store->opened().dropped_bytes; dropped > 0)
        text += o.definition + ": the log ends with " + std::to_string(dropped) +
                " bytes of a call that was never finished\n";
    return outcome{std::move(text), {}};
}

weir::result<outcome> salvage_command(const options& o) {
    const std::string& to = o.sources.front();
    const auto found = weir::salvage(o.definition, to, {.accept_lost_erasures = o.accept_lost_erasures});
    if (!found) return found.error();
    std::string text = to + ": " + std::to_string(found->events) + " events of " +
                       std::to_string(found->leads) + " leads saved, " + std::to_string(found->lost_events) +
                       " events in files and " + std::to_string(found->lost_frames) +
                       " batches or erasures lost\n";
    for (const auto& line : found->lost) text += "lost: " + line + '\n';
    if (found->erasures_may_be_lost) text += "leads that were erased may be back\n";
    return outcome{std::move(text), {}};
}

weir::result<outcome> run(const options& o) {
    if (o.command == "measure") return measure_command(o);
    if (o.command == "derive") return derive_command(o);
    if (o.command == "explain") return explain_command(o);
    if (o.command == "append") return append_command(o);
    if (o.command == "verify") return verify_command(o);
    if (o.command == "salvage") return salvage_command(o);
    return report_command(o);
}

weir::result<void> deliver(const std::string& text, const std::string& path) {
    if (path.empty()) {
        std::cout << text << std::flush;
        if (!std::cout) return weir::error{weir::errc::io, "standard output cannot be written", {}};
        return {};
    }
    std::ofstream out(path, std::ios::binary);
    out << text << std::flush;
    if (!out) return weir::error{weir::errc::io, "the file cannot be written", path};
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
        std::cout << usage();
        return 0;
    }
    const auto o = parse_options(argc, argv);
    const auto done = o.and_then(run).and_then([&](const outcome& found) -> weir::result<void> {
        auto delivered = deliver(found.text, o->output);
        if (delivered) tell(found.loaded);
        return delivered;
    });
    if (done) return 0;
    std::cerr << "weir: " << to_string(done.error()) << '\n';
    return 1;
}
