// json.cpp - an answer as JSON.
#include <string>

#include <weir/table.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"

namespace weir::inline v1 {
namespace {

// A question that somebody wrote by hand may be no JSON; the answer must be some nevertheless.
void write_question(json::writer& out, const std::string& question) {
    if (question.empty()) {
        out.null();
        return;
    }
    const auto parsed = guarded([&] { return json::parse(question); });
    if (parsed)
        json::write(out, *parsed);
    else
        out.text(question);
}

void write_number(json::writer& out, const std::optional<double>& d) {
    if (d)
        out.number(*d);
    else
        out.null();
}

struct cell_writer {
    json::writer& out;
    void operator()(std::monostate) const { out.null(); }
    void operator()(const std::string& s) const { out.text(s); }
    void operator()(std::int64_t i) const { out.integer(i); }
    void operator()(double d) const { out.number(d); }
    void operator()(bool b) const { out.boolean(b); }
    void operator()(duration d) const { out.integer(d.count()); }
    void operator()(instant t) const { out.text(to_string(t)); }
    void operator()(const money& m) const {
        out.begin_object().key("units").integer(m.units).key("currency").text(m.currency.code()).end_object();
    }
    void operator()(const rate& r) const {
        out.begin_object().key("n").integer(r.n).key("of").integer(r.of);
        write_number(out.key("value"), r.value());
        write_number(out.key("low"), r.low);
        write_number(out.key("high"), r.high);
        out.key("status").text(to_string(r.status)).end_object();
    }
};

void write_table(json::writer& out, const table& t) {
    out.begin_object().key("name").text(t.name()).key("columns").begin_array();
    for (const column& c : t.columns())
        out.begin_object().key("name").text(c.name).key("type").text(to_string(c.type)).end_object();
    out.end_array().key("rows").begin_array();
    for (std::size_t row = 0; row < t.row_count(); ++row) {
        out.begin_array();
        for (const column& c : t.columns()) std::visit(cell_writer{out}, c.cells[row]);
        out.end_array();
    }
    out.end_array().end_object();
}

}  // namespace

std::string to_json(const answer& a, int indent) {
    json::writer out(indent);
    out.begin_object().key("question");
    write_question(out, a.question);
    out.key("as_of");
    if (a.as_of)
        out.text(to_string(*a.as_of));
    else
        out.null();
    out.key("title").text(a.title).key("notes").begin_array();
    for (const std::string& note : a.notes) out.text(note);
    out.end_array().key("tables").begin_array();
    for (const table& t : a.tables) write_table(out, t);
    out.end_array().end_object();
    return out.take();
}

}  // namespace weir::inline v1
