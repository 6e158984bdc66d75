#include "base/fail.hpp"

namespace weir::inline v1 {

void fail(errc code, std::string message, std::string where) {
    throw exception(error{code, std::move(message), std::move(where)});
}

}  // namespace weir::inline v1
