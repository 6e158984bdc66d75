// markup.hpp - is a page or a picture well formed?
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir_test {

/// Says where an XML text is not well formed, or "". Void elements of HTML and a doctype are let through.
inline std::string fault_of_markup(std::string_view xml) {
    std::vector<std::string> open;
    for (std::size_t i = 0; i < xml.size(); ++i) {
        const auto c = static_cast<unsigned char>(xml[i]);
        if (c < 0x20 && c != '\n') return "a control character at " + std::to_string(i);
        if (xml[i] == '&' && xml.substr(i, 12).find(';') == std::string_view::npos) return "a bare &";
        if (xml[i] == '>') return "a bare >";
        if (xml[i] != '<') continue;
        const auto end = xml.find('>', i);
        const std::string tag(xml.substr(i + 1, end - i - 1));
        if (end == std::string_view::npos || tag.find('<') != std::string::npos) return "a bare <";
        if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "an open quote in <" + tag;
        const std::string name = tag.substr(0, tag.find(' '));
        i = end;
        if (tag.starts_with('!') || tag.ends_with('/') || name == "meta") continue;
        if (name == "style") i = xml.find("</style>", i) - 1;
        if (!tag.starts_with('/')) {
            open.push_back(name);
        } else {
            if (open.empty() || "/" + open.back() != name) return "<" + name + "> closes nothing";
            open.pop_back();
        }
    }
    return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

}  // namespace weir_test
