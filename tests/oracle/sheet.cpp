#include "oracle/sheet.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace oracle {
namespace {

std::string print(const weir::rate& r) {
    std::ostringstream out;
    out << r.n << " of " << r.of << " status " << static_cast<int>(r.status);
    if (r.low) out << " low " << *r.low;
    if (r.high) out << " high " << *r.high;
    return out.str();
}

std::string print(const weir::cell& c) {
    std::ostringstream out;
    if (const auto* t = std::get_if<std::string>(&c))
        out << '"' << *t << '"';
    else if (const auto* i = std::get_if<std::int64_t>(&c))
        out << *i;
    else if (const auto* d = std::get_if<double>(&c))
        out << *d;
    else if (const auto* b = std::get_if<bool>(&c))
        out << (*b ? "true" : "false");
    else if (const auto* r = std::get_if<weir::rate>(&c))
        out << print(*r);
    else if (const auto* w = std::get_if<weir::duration>(&c))
        out << w->count() << "us";
    else if (const auto* s = std::get_if<weir::instant>(&c))
        out << '@' << s->time_since_epoch().count();
    else if (const auto* m = std::get_if<weir::money>(&c))
        out << m->units << ' ' << m->currency.code();
    else
        out << "null";
    return out.str();
}

bool near(const std::optional<double>& a, const std::optional<double>& b) {
    return a.has_value() == b.has_value() && (!a || std::abs(*a - *b) < 1e-12);
}

bool same(const weir::cell& a, const weir::cell& b) {
    const auto* x = std::get_if<weir::rate>(&a);
    const auto* y = std::get_if<weir::rate>(&b);
    if (x == nullptr || y == nullptr) return a == b;
    return x->n == y->n && x->of == y->of && x->status == y->status && near(x->low, y->low) &&
           near(x->high, y->high);
}

std::string print_row(const std::vector<weir::cell>& row) {
    std::string out;
    for (const auto& c : row) out += (out.empty() ? "" : " | ") + print(c);
    return out;
}

std::vector<weir::cell> row_of(const weir::table& t, std::size_t r) {
    std::vector<weir::cell> row;
    for (const auto& c : t.columns()) row.push_back(c.cells[r]);
    return row;
}

// "equal-time events of 2 leads differ in "x"; order of arrival decided"
std::map<std::string, std::int64_t> disputes_in(const weir::answer& a) {
    std::map<std::string, std::int64_t> out;
    const std::string opening = "equal-time events of ", before_name = " differ in \"";
    for (const auto& note : a.notes) {
        if (note.rfind(opening, 0) != 0) continue;
        const auto name = note.find(before_name) + before_name.size();
        out[note.substr(name, note.find('"', name) - name)] += std::stoll(note.substr(opening.size()));
    }
    return out;
}

// "2 leads that an exclusion disqualifies are left out of all steps"
std::int64_t leads_in(const weir::answer& a, const std::string& words) {
    for (const auto& note : a.notes)
        if (note.find(words) != std::string::npos) return std::stoll(note);
    return 0;
}

bool notes_open_period(const weir::answer& a) {
    return std::any_of(a.notes.begin(), a.notes.end(), [](const std::string& note) {
        return note.find("period not over") != std::string::npos;
    });
}

std::string all_notes(const weir::answer& a) {
    std::string out;
    for (const auto& note : a.notes) out += "\n  " + note;
    return out;
}

}  // namespace

std::string difference(const sheet& expected, const weir::table& got) {
    std::string columns, got_columns;
    for (const auto& c : expected.columns) columns += c + " ";
    for (const auto& c : got.columns()) got_columns += c.name + " ";
    if (columns != got_columns)
        return expected.name + " has columns " + got_columns + "instead of " + columns;
    const std::size_t rows = std::max(expected.rows.size(), got.row_count());
    for (std::size_t r = 0; r < rows; ++r) {
        const std::string where = expected.name + " row " + std::to_string(r) + ":\n";
        if (r >= got.row_count())
            return where + "  expected " + print_row(expected.rows[r]) + "\n  got no row";
        const auto row = row_of(got, r);
        if (r >= expected.rows.size()) return where + "  expected no row\n  got      " + print_row(row);
        for (std::size_t c = 0; c < row.size(); ++c)
            if (!same(expected.rows[r][c], row[c]))
                return where + "  column " + expected.columns[c] + "\n  expected " +
                       print_row(expected.rows[r]) + "\n  got      " + print_row(row);
    }
    return {};
}

std::string difference(const verdict& expected, const weir::answer& got) {
    const auto as_of = got.as_of ? std::optional(got.as_of->time_since_epoch().count()) : std::nullopt;
    if (as_of != expected.as_of) return "another as_of";
    if (disputes_in(got) != expected.disputed) {
        std::string all;
        for (const auto& [attribute, leads] : expected.disputed)
            all += " of " + std::to_string(leads) + " leads in " + attribute;
        return "expected disputes" + all + " in the notes:" + all_notes(got);
    }
    if (leads_in(got, " without an account ") != expected.without_account)
        return "expected " + std::to_string(expected.without_account) + " leads without account" +
               all_notes(got);
    if (leads_in(got, " that an exclusion disqualifies ") != expected.excluded)
        return "expected " + std::to_string(expected.excluded) + " disqualified leads" + all_notes(got);
    if (notes_open_period(got) != expected.period_open)
        return "another opinion on the end of the period" + all_notes(got);
    if (got.tables.size() != expected.sheets.size()) return "another number of tables";
    for (std::size_t i = 0; i < expected.sheets.size(); ++i) {
        const auto& sheet = expected.sheets[i];
        if (got.tables[i].name() != sheet.name)
            return "table " + got.tables[i].name() + " instead of " + sheet.name;
        if (auto d = difference(sheet, got.tables[i]); !d.empty()) return d;
    }
    return {};
}

weir::rate of_dependent(std::int64_t n, std::int64_t of) {
    weir::rate r;
    r.n = n;
    r.of = of;
    if (of == 0)
        r.status = weir::rate_status::empty;
    else
        r.status = n == 0 || n == of ? weir::rate_status::boundary : weir::rate_status::ok;
    return r;
}

weir::rate of_independent(std::int64_t n, std::int64_t of) {
    weir::rate r = of_dependent(n, of);
    if (of == 0) return r;
    // Wilson: the shares p that lie within z standard errors of the observed one, from the quadratic
    // equation.
    const double z = 1.959963984540054, t = static_cast<double>(of), x = static_cast<double>(n);
    const double a = t + z * z, b = -(2 * x + z * z), c = x * x / t;
    const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
    r.low = n == 0 ? 0 : (-b - root) / (2 * a);
    r.high = n == of ? 1 : (-b + root) / (2 * a);
    return r;
}

weir::rate without_meaning() {
    weir::rate r;
    r.status = weir::rate_status::undefined;
    return r;
}

weir::cell mean(const std::vector<std::int64_t>& values) {
    if (values.empty()) return {};
    // Whole parts and remainders apart, so that no sum is too great.
    const auto n = static_cast<std::int64_t>(values.size());
    std::int64_t whole = 0, rest = 0;
    for (const std::int64_t v : values) {
        whole += v / n;
        rest += v % n;
    }
    return weir::duration{whole + rest / n};
}

weir::cell quantile(std::vector<std::int64_t> values, int percent) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    for (std::size_t i = 0; i < values.size(); ++i)
        if ((i + 1) * 100 >= values.size() * static_cast<std::size_t>(percent))
            return weir::duration{values[i]};
    return {};
}

weir::cell optional_text(const std::optional<std::string>& text) {
    return text ? weir::cell(*text) : weir::cell();
}

}  // namespace oracle
