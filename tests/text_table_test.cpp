#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catch.hpp"
#include "segment/dictionary.hpp"

using weir::text_table;

TEST_CASE("text table: codes count from 0 in the order of first sight, and texts come back") {
    text_table t;
    CHECK(t.insert("b") == 0);
    CHECK(t.insert("") == 1);
    CHECK(t.insert("a") == 2);
    CHECK(t.insert("b") == 0);
    CHECK(t.at(1).empty());
    CHECK(t.find("a") == 2U);
    CHECK_FALSE(t.find("c"));
    CHECK_FALSE(text_table().find(""));
    CHECK(t.size() == 3);
}

TEST_CASE("text table: texts that begin alike, or differ in NUL characters alone, are different") {
    text_table t;
    std::set<text_table::code> codes;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 6U, 7U, 8U, 9U, 15U, 254U, 255U, 256U, 5000U})
        for (const char last : {'a', 'b', '\0'}) {
            std::string text(size, 'x');
            if (size > 0) text.back() = last;
            const auto code = t.insert(text);
            codes.insert(code);
            CHECK(t.at(code) == text);
            CHECK(t.find(text) == code);
        }
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U}) codes.insert(t.insert(std::string(size, '\0')));
    CHECK(codes.size() == t.size());
    CHECK(t.size() == 1 + 13 * 3 + 4);  // "" three times; one NUL was there already
}

TEST_CASE("text table: many texts, against a map") {
    std::mt19937 random(1);
    text_table t;
    std::unordered_map<std::string, text_table::code> known;
    for (int i = 0; i < 20'000; ++i) {
        const auto text = std::to_string(random() % 9000 * 1'000'003ULL % 100'000'007ULL);
        const auto code = t.insert(text);
        CHECK(known.emplace(text, code).first->second == code);
    }
    CHECK(known.size() == t.size());
    const auto before = t.memory();
    t.clear();
    CHECK(t.size() == 0);
    CHECK_FALSE(t.find("1"));
    CHECK(t.insert("1") == 0);
    CHECK(t.memory() < before);
}

TEST_CASE("dictionary: takes all texts of a table and tells their codes") {
    text_table batch;
    for (int i = 0; i < 100; ++i) batch.insert("text" + std::to_string(99 - i));
    weir::dictionary all;
    all.insert("text5");
    const auto codes = all.insert(batch);
    REQUIRE(codes.size() == 100);
    for (text_table::code c = 0; c < 100; ++c) CHECK(all.at(codes[c]) == batch.at(c));
    CHECK(all.size() == 100);
    CHECK(codes[94] == 0);
}

TEST_CASE("dictionary: takes a list of texts, whether they are new, known or stand twice") {
    for (const std::size_t n : {0U, 1U, 15U, 16U, 17U, 5000U}) {
        weir::dictionary one_by_one, at_once;
        for (weir::dictionary* d : {&one_by_one, &at_once})
            for (int i = 0; i < 40; ++i) d->insert("known " + std::to_string(i));
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < n; ++i)
            texts.push_back((i % 3 == 0 ? "known " : "new ") + std::to_string(i * 7 % (n / 2 + 1)));
        std::vector<text_table::code> expected;
        for (const auto& t : texts) expected.push_back(one_by_one.insert(t));
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        CHECK(at_once.insert(views) == expected);
        CHECK(at_once.size() == one_by_one.size());
        for (const auto& t : texts) CHECK(at_once.find(t) == one_by_one.find(t));
    }
}
