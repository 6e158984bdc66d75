#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <weir/error.hpp>

#include "base/fail.hpp"
#include "catch.hpp"

using weir::errc;
using weir::error;
using weir::result;

namespace {

const error no_demo{errc::unknown_name, "no stage is named \"dmeo\"", "steps[2]"};

result<int> half_of(int n) {
    if (n % 2 != 0) return error{errc::bad_input, "odd", {}};
    return n / 2;
}

}  // namespace

TEST_CASE("error: prints the place, the message and the code") {
    CHECK(to_string(no_demo) == "steps[2]: no stage is named \"dmeo\" (unknown_name)");
    CHECK(to_string(error{errc::io, "no such file", {}}) == "no such file (io)");
    std::ostringstream out;
    out << no_demo;
    CHECK(out.str() == to_string(no_demo));
}

TEST_CASE("error: each code has its own name and number") {
    const std::vector<std::pair<errc, std::string>> codes{{errc::invalid_question, "invalid_question"},
                                                          {errc::unknown_name, "unknown_name"},
                                                          {errc::bad_input, "bad_input"},
                                                          {errc::mismatch, "mismatch"},
                                                          {errc::limit_exceeded, "limit_exceeded"},
                                                          {errc::io, "io"},
                                                          {errc::corrupt, "corrupt"},
                                                          {errc::unsupported, "unsupported"},
                                                          {errc::out_of_memory, "out_of_memory"}};
    int number = 1;
    for (const auto& [code, name] : codes) {
        CHECK(to_string(code) == name);
        CHECK(static_cast<int>(code) == number++);
    }
    CHECK(weir::to_string(static_cast<errc>(200)) == "unknown");
}

TEST_CASE("error: an exception keeps the error, and copies share it") {
    const weir::exception e(no_demo);
    const weir::exception copy = e;
    CHECK(copy.error() == no_demo);
    CHECK(std::string(copy.what()) == to_string(no_demo));
    CHECK(copy.what() == e.what());
}

TEST_CASE("result: value() gives the value or throws the error") {
    CHECK(half_of(4).value() == 2);
    try {
        static_cast<void>(half_of(3).value());
        FAIL("no exception");
    } catch (const weir::exception& e) {
        CHECK(e.error() == half_of(3).error());
    }
    CHECK_THROWS_AS(result<void>(no_demo).value(), weir::exception);
    CHECK_NOTHROW(result<void>().value());
}

TEST_CASE("result: steps follow one another until one fails") {
    CHECK(*half_of(8).and_then(half_of) == 2);
    CHECK(half_of(6).and_then(half_of).error().message == "odd");
    CHECK(*half_of(8).transform([](int n) { return std::to_string(n); }) == "4");
    CHECK(half_of(3).transform([](int n) { return n + 1; }).error().code == errc::bad_input);
    CHECK(*half_of(3).or_else([](const error&) { return result<int>(7); }) == 7);
    CHECK(half_of(3).value_or(-1) == -1);
    CHECK(half_of(2).value_or(-1) == 1);
}

TEST_CASE("result: unexpected(e) equals e") {
    const result<int> tagged = weir::unexpected(no_demo);
    REQUIRE(!tagged.has_value());
    CHECK(tagged.error() == no_demo);
}

TEST_CASE("guarded: gives the value of the function") {
    CHECK(*weir::guarded([] { return 3; }) == 3);
    int ran = 0;
    CHECK(weir::guarded([&] { ++ran; }).has_value());
    CHECK(ran == 1);
}

TEST_CASE("guarded: whatever ends the function becomes an error") {
    using weir::guarded;
    CHECK(guarded([] { weir::fail(errc::mismatch, "two currencies", "rows[1]"); }).error() ==
          error{errc::mismatch, "two currencies", "rows[1]"});
    CHECK(guarded([]() -> int { throw std::bad_alloc(); }).error().code == errc::out_of_memory);
    CHECK(guarded([]() -> int { throw std::length_error("x"); }).error().code == errc::limit_exceeded);
    CHECK(guarded([]() -> int { throw std::system_error(EPERM, std::generic_category()); }).error().code ==
          errc::io);
}
