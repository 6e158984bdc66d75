// report.cpp - answers are compared before times are.
#include "report.hpp"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace weir_bench {
namespace {

timing timing_of(const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
    if (fields.size() < 6) throw std::runtime_error("not a record: " + line);
    timing t{
        fields[0], fields[1], fields[2], std::stoi(fields[3]), std::stod(fields[4]), std::stoll(fields[5])};
    if (fields.size() > 6) t.answer = fields[6];
    return t;
}

std::string name_of(const timing& t) {
    return t.engine + ' ' + t.question + (t.variant.empty() ? "" : " (" + t.variant + ')');
}

double per_event(const timing& t, std::int64_t events) {
    return t.median_ms * 1e6 / static_cast<double>(events);
}

}  // namespace

std::vector<timing> read_timings(const std::vector<std::string>& files) {
    std::vector<timing> all;
    for (const auto& file : files) {
        std::ifstream in(file);
        if (!in) throw std::runtime_error("cannot read " + file);
        for (std::string line; std::getline(in, line);) all.push_back(timing_of(line));
    }
    return all;
}

void compare_answers(const std::vector<timing>& all) {
    std::map<std::string, const timing*> first;
    for (const auto& t : all) {
        if (t.answer.empty()) continue;
        const timing& other = *first.emplace(t.question, &t).first->second;
        if (other.answer != t.answer)
            throw std::runtime_error(name_of(other) + " answers " + other.answer + " but " + name_of(t) +
                                     " answers " + t.answer);
    }
}

std::string to_markdown(const std::vector<timing>& all, std::int64_t events) {
    std::map<std::pair<std::string, int>, double> weir;  // the way of asking that took least
    for (const auto& t : all) {
        if (t.engine != "weir") continue;
        double& best = weir.emplace(std::pair(t.question, t.threads), t.median_ms).first->second;
        best = std::min(best, t.median_ms);
    }
    std::vector<const timing*> rows;
    for (const auto& t : all) rows.push_back(&t);
    std::stable_sort(rows.begin(), rows.end(), [](const timing* a, const timing* b) {
        return std::pair(a->question, a->threads) < std::pair(b->question, b->threads);
    });
    std::ostringstream out;
    out << "| question | threads | engine | median ms | of weir's | ns/event | peak MB |\n"
           "|---|---|---|---|---|---|---|\n"
        << std::fixed;
    for (const timing* t : rows) {
        out << "| " << t->question << " | " << t->threads << " | " << t->engine
            << (t->variant.empty() ? "" : ", " + t->variant) << " | "
            << std::setprecision(t->median_ms < 1 ? 4 : 1) << t->median_ms << " | ";
        if (const auto w = weir.find({t->question, t->threads}); w != weir.end())
            out << std::setprecision(2) << t->median_ms / w->second;
        out << " | " << std::setprecision(2) << per_event(*t, events) << " | ";
        if (t->peak_bytes > 0) out << t->peak_bytes / 1'000'000;
        out << " |\n";
    }
    return out.str();
}

std::string to_json(const std::vector<timing>& all, std::int64_t events) {
    std::ostringstream out;
    out << "{\"events\": " << events << ", \"timings\": [";
    for (std::size_t i = 0; i < all.size(); ++i) {
        const timing& t = all[i];
        out << (i == 0 ? "\n" : ",\n") << "{\"engine\": \"" << t.engine << "\", \"question\": \""
            << t.question << "\", \"variant\": \"" << t.variant << "\", \"threads\": " << t.threads
            << ", \"median_ms\": " << t.median_ms << ", \"ns_per_event\": " << per_event(t, events)
            << ", \"peak_bytes\": " << t.peak_bytes << '}';
    }
    out << "]}\n";
    return out.str();
}

}  // namespace weir_bench
