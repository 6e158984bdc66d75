#ifdef WEIR_COMMAND  // the path of the program, where the build has it

#include "command.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>

folder::folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir_command_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
    path_ = pattern;
    write("events.csv",
          "lead,event,time,channel\n"
          "a,visit,2024-01-01,ads\n"
          "a,won,2024-01-03,ads\n"
          "b,visit,2024-01-02,mail\n");
    write("stages.csv",
          "lead,event,time,why\n"
          "a,mql,2024-01-01,\n"
          "a,lost,2024-01-03,price\n"
          "b,mql,2024-01-02,\n"
          "b,sql,2024-01-04,\n");
    write("q.json", R"({"funnel": {"steps": ["visit", "won"]}})");
    write("f.json", R"({"flow": {}})");
    write("l.json", R"({"lifecycle": {"stages": ["mql", "sql"], "exits": ["lost"], "rules": [
        {"to": "mql", "event": "mql"}, {"to": "sql", "event": "sql"},
        {"to": "lost", "event": "lost", "reason_from": "why"}]}})");
    write("r.json", R"({"report": {"title": "The year", "answers": [
        {"title": "Wins", "question": {"funnel": {"steps": ["visit", "won"]}}}]}})");
}

folder::~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void folder::write(const std::string& name, const std::string& content) const {
    const auto file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

std::string folder::read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(std::filesystem::path(path_) / name, std::ios::binary).rdbuf();
    return text.str();
}

ended folder::weir(const std::string& arguments) const { return run("'" WEIR_COMMAND "' " + arguments); }

ended folder::run(const std::string& line) const {
    const int status = std::system(("cd '" + path_ + "' && (" + line + ") >.out 2>.err").c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(".out"), read(".err")};
}

std::string refusal(const ended& e) {
    const std::string begin = "weir: ";
    const bool one_line = e.err.find('\n') + 1 == e.err.size();
    if (e.status == 1 && e.out.empty() && e.err.starts_with(begin) && one_line)
        return e.err.substr(begin.size(), e.err.size() - begin.size() - 1);
    return "status " + std::to_string(e.status) + "\nout: " + e.out + "\nerr: " + e.err;
}

std::string counts(const std::string& csv) {
    std::istringstream lines(csv);
    std::string line, text;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string group, step, name, leads;
        std::getline(std::getline(std::getline(std::getline(fields, group, ','), step, ','), name, ','),
                     leads, ',');
        text += (text.empty() ? "" : ", ") + (group.empty() ? "" : group + ": ") + name + ' ' + leads;
    }
    return text;
}

#endif
