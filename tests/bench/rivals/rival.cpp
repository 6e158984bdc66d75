// rival.cpp - runs a script of SQL in another engine, loaded from its shared library into this process.
//
//   weir_rival duckdb|clickhouse|sqlite LIBRARY DATABASE THREADS RUNS SCRIPT.sql FILE.csv
//
// A script has statements under lines "-- QUESTION VARIANT", or "-- load" for those that run once. In them
// @threads@, @csv@, @days30@ and @lead@ stand for what their names say. Prints a record for each question,
// and one for loading.
#include <dlfcn.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "stopwatch.hpp"

namespace {

/// Runs one statement; gives rows as lines of comma-separated values. Throws what the engine complains about.
using engine = std::function<std::string(const std::string&)>;

class library {
public:
    explicit library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
        if (handle_ == nullptr) throw std::runtime_error(dlerror());
    }
    template <class F> F* get(const char* name) const {
        void* const found = dlsym(handle_, name);
        if (found == nullptr) throw std::runtime_error(std::string("the library lacks ") + name);
        F* function = nullptr;
        std::memcpy(&function, &found, sizeof function);
        return function;
    }

private:
    void* handle_;
};

[[noreturn]] void complain(const char* message) {
    throw std::runtime_error(message == nullptr ? "an error without words" : message);
}

// What duckdb.h declares, as far as it is used here.
struct duckdb_result {
    std::uint64_t deprecated[3];
    void* deprecated_columns;
    char* deprecated_error;
    void* internal;
};

engine duckdb(const library& from, const std::string& database) {
    void *db = nullptr, *connection = nullptr;
    if (from.get<int(const char*, void**)>("duckdb_open")(database.c_str(), &db) != 0 ||
        from.get<int(void*, void**)>("duckdb_connect")(db, &connection) != 0)
        throw std::runtime_error("cannot open " + database);
    const auto query = from.get<int(void*, const char*, duckdb_result*)>("duckdb_query");
    const auto error = from.get<const char*(duckdb_result*)>("duckdb_result_error");
    const auto rows = from.get<std::uint64_t(duckdb_result*)>("duckdb_row_count");
    const auto columns = from.get<std::uint64_t(duckdb_result*)>("duckdb_column_count");
    const auto text = from.get<char*(duckdb_result*, std::uint64_t, std::uint64_t)>("duckdb_value_varchar");
    const auto release = from.get<void(void*)>("duckdb_free");
    const auto destroy = from.get<void(duckdb_result*)>("duckdb_destroy_result");
    return [=](const std::string& sql) {
        duckdb_result r{};
        if (query(connection, sql.c_str(), &r) != 0) complain(error(&r));
        std::string lines;
        for (std::uint64_t i = 0; i < rows(&r); ++i)
            for (std::uint64_t j = 0; j < columns(&r); ++j) {
                char* const cell = text(&r, j, i);
                lines += cell == nullptr ? "" : cell;
                lines += j + 1 == columns(&r) ? '\n' : ',';
                release(cell);
            }
        destroy(&r);
        return lines;
    };
}

engine clickhouse(const library& from, const std::string& database) {
    std::string name = "clickhouse", path = "--path=" + database;
    char* words[]{name.data(), path.data()};
    void** const connection = from.get<void**(int, char**)>("chdb_connect")(2, words);
    if (connection == nullptr) throw std::runtime_error("cannot open " + database);
    const auto query = from.get<void*(void*, const char*, const char*)>("chdb_query");
    const auto error = from.get<const char*(void*)>("chdb_result_error");
    const auto buffer = from.get<char*(void*)>("chdb_result_buffer");
    const auto length = from.get<std::size_t(void*)>("chdb_result_length");
    const auto destroy = from.get<void(void*)>("chdb_destroy_query_result");
    return [=](const std::string& sql) {
        void* const r = query(*connection, sql.c_str(), "CSV");
        if (const char* const complaint = error(r)) complain(complaint);
        std::string lines = length(r) == 0 ? std::string() : std::string(buffer(r), length(r));
        destroy(r);
        return lines;
    };
}

int append_row(void* to, int columns, char** cells, char**) {
    auto& lines = *static_cast<std::string*>(to);
    for (int i = 0; i < columns; ++i)
        lines += (cells[i] == nullptr ? std::string() : cells[i]) + (i + 1 == columns ? '\n' : ',');
    return 0;
}

// SQLite has no statement that reads a file: "@insert@ N" fills the table ev of N columns from the CSV.
void insert_all(const library& from, void* db, int columns, const std::string& csv) {
    const auto prepare = from.get<int(void*, const char*, int, void**, const char**)>("sqlite3_prepare_v2");
    const auto bind = from.get<int(void*, int, std::int64_t)>("sqlite3_bind_int64");
    const auto step = from.get<int(void*)>("sqlite3_step");
    const auto reset = from.get<int(void*)>("sqlite3_reset");
    std::string sql = "INSERT INTO ev VALUES (?";
    for (int i = 1; i < columns; ++i) sql += ",?";
    void* statement = nullptr;
    if (prepare(db, (sql + ")").c_str(), -1, &statement, nullptr) != 0) complain("cannot insert");
    std::ifstream rows(csv);
    std::string line;
    for (std::getline(rows, line); std::getline(rows, line);) {
        const char* at = line.c_str();
        for (int i = 1; i <= columns; ++i) {
            char* end = nullptr;
            bind(statement, i, std::strtoll(at, &end, 10));
            at = end + 1;
        }
        step(statement);
        reset(statement);
    }
    from.get<int(void*)>("sqlite3_finalize")(statement);
}

engine sqlite(const library& from, const std::string& database, const std::string& csv) {
    void* db = nullptr;
    if (from.get<int(const char*, void**)>("sqlite3_open")(database.c_str(), &db) != 0)
        throw std::runtime_error("cannot open " + database);
    using callback = int (*)(void*, int, char**, char**);
    const auto exec = from.get<int(void*, const char*, callback, void*, char**)>("sqlite3_exec");
    return [=](const std::string& sql) {
        std::string lines;
        char* error = nullptr;
        if (sql.rfind("@insert@", 0) == 0)
            insert_all(from, db, std::stoi(sql.substr(9)), csv);
        else if (exec(db, sql.c_str(), append_row, &lines, &error) != 0)
            complain(error);
        return lines;
    };
}

struct block {
    std::string question, variant, sql;
};

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    return text;
}

std::vector<block> read_script(const std::string& path, const std::string& threads, const std::string& csv) {
    std::ifstream script(path);
    if (!script) throw std::runtime_error("cannot read " + path);
    std::vector<block> blocks;
    for (std::string line; std::getline(script, line);) {
        if (line.rfind("-- ", 0) == 0) {
            std::istringstream words(line.substr(3));
            blocks.emplace_back();
            words >> blocks.back().question >> blocks.back().variant;
        } else if (!line.empty()) {
            line = replace_all(std::move(line), "@threads@", threads);
            line = replace_all(std::move(line), "@csv@", csv);
            line = replace_all(std::move(line), "@lead@", weir_bench::looked_up_lead);
            blocks.back().sql += replace_all(std::move(line), "@days30@", "2592000000000") + '\n';
        }
    }
    return blocks;
}

std::string sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(replace_all(text, "\"", ""));
    for (std::string line; std::getline(in, line);) lines.push_back(line + '\n');
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const auto& line : lines) all += line;
    return all;
}

// Of waits each engine prints fractions of microseconds in its own way: rounded numbers are compared.
std::string rounded_numbers(const std::string& text) {
    std::string numbers;
    for (const char* at = text.c_str(); *at != '\0';) {
        char* end = nullptr;
        const double number = std::strtod(at, &end);
        if (end != at) numbers += std::to_string(std::llround(number)) + ',';
        at = end == at ? at + 1 : end;
    }
    return numbers;
}

void run(const std::vector<std::string>& words) {
    const library lib(words[1]);
    const std::string &name = words[0], &csv = words[6];
    const engine ask = name == "duckdb"       ? duckdb(lib, words[2])
                       : name == "clickhouse" ? clickhouse(lib, words[2])
                                              : sqlite(lib, words[2], csv);
    weir_bench::timing loading{.engine = name, .question = "load", .threads = std::stoi(words[3])};
    for (const block& b : read_script(words[5], words[3], csv)) {
        if (b.question == "load") {
            loading.median_ms += weir_bench::milliseconds([&] { ask(b.sql); });
            loading.peak_bytes = weir_bench::peak_memory();
            if (b.variant == "end") std::cout << loading << std::flush;
            continue;
        }
        weir_bench::timing t = loading;
        t.question = b.question;
        t.variant = b.variant;
        weir_bench::forget_peak();
        t.median_ms = weir_bench::median_of(std::stoi(words[4]), [&] { t.answer = ask(b.sql); });
        t.peak_bytes = weir_bench::peak_memory();
        t.answer = t.question == "Q3" ? rounded_numbers(t.answer) : sorted_lines(t.answer);
        std::cout << t << std::flush;
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 8)
            throw std::runtime_error("usage: weir_rival ENGINE LIBRARY DATABASE THREADS RUNS SCRIPT.sql CSV");
        run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "weir_rival: " << e.what() << '\n';
        return 1;
    }
}
