#include <weir/error.hpp>

#include <ostream>

namespace weir::inline v1 {

std::string_view to_string(errc code) noexcept {
    switch (code) {
        case errc::invalid_question: return "invalid_question";
        case errc::unknown_name: return "unknown_name";
        case errc::bad_input: return "bad_input";
        case errc::mismatch: return "mismatch";
        case errc::limit_exceeded: return "limit_exceeded";
        case errc::io: return "io";
        case errc::corrupt: return "corrupt";
        case errc::unsupported: return "unsupported";
        case errc::out_of_memory: return "out_of_memory";
    }
    return "unknown";  // a code of a later version
}

std::string to_string(const error& e) {
    std::string out = e.where;
    if (!out.empty()) out += ": ";
    out += e.message;
    out += " (";
    out += to_string(e.code);
    out += ')';
    return out;
}

std::ostream& operator<<(std::ostream& out, const error& e) { return out << to_string(e); }

// what() must not allocate, so its text is made together with the error.
struct exception::body {
    weir::error error;
    std::string text;
};

exception::exception(weir::error what) {
    std::string text = to_string(what);
    body_ = std::make_shared<const body>(body{std::move(what), std::move(text)});
}

exception::~exception() = default;

const char* exception::what() const noexcept { return body_->text.c_str(); }

const error& exception::error() const noexcept { return body_->error; }

void detail::raise(const error& e) { throw exception(e); }

}  // namespace weir::inline v1
