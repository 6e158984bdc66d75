// flow_test.cpp - the flow between stages: its numbers, its balance, its refusals.
#include <weir/flow.hpp>
#include <weir/funnel.hpp>

#include "catch.hpp"
#include "lifecycle_story.hpp"

using namespace weir_test::stories;

namespace {

// Flow F1 of the semantics: seven leads, judged at 14.
snapshot seven_leads() {
    store s;
    const std::vector<std::string> stories = {"lead@1 mql@3 sql@6 customer@9",
                                              "lead@2 sql@4 lost@7",
                                              "lead@2 mql@5 lead@7 mql@8 sql@11",
                                              "lead@3 mql@6 no_decision@12",
                                              "lead@5",
                                              "mql@4 lost@10 lead@13",
                                              "lead@9"};
    for (std::size_t i = 0; i < stories.size(); ++i) {
        std::istringstream in(stories[i]);
        for (std::string word; in >> word;) s.append(told(word, static_cast<int>(i) + 1)).value();
    }
    lifecycle l = deals();
    for (stage& st : l.stages) st.stalled_after = duration{6};
    return derive(s.snapshot(), l, until(14)).value();
}

flow from_3_to_10() { return {.period = {at(3), at(10)}}; }

const outcome_row& of_stage(const std::vector<outcome_row>& rows, const std::string& stage) {
    return *std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.stage == stage; });
}

error refusal(const snapshot& s, const flow& q) { return measure(s, q).error(); }

}  // namespace

TEST_CASE("flow: movement balances in every stage and exit") {
    const auto t = measure(seven_leads(), from_3_to_10()).value();
    std::vector<std::vector<std::int64_t>> got;
    for (const auto& r : t.movement)
        got.push_back({r.balance_from, r.created, r.in, r.out, r.merged, r.erased, r.balance_until});
    CHECK(got == std::vector<std::vector<std::int64_t>>{{3, 3, 1, 5, 0, 0, 2},
                                                        {0, 1, 4, 2, 0, 0, 3},
                                                        {0, 0, 2, 2, 0, 0, 0},
                                                        {0, 0, 1, 0, 0, 0, 1},
                                                        {0, 0, 1, 0, 0, 0, 1},
                                                        {0, 0, 0, 0, 0, 0, 0}});
}

TEST_CASE("flow: every visit that began in the period has one outcome at as_of") {
    const auto t = measure(seven_leads(), from_3_to_10()).value();
    const auto& mql = of_stage(t.outcome, "mql");
    CHECK(mql.entries == 5);
    CHECK(mql.leads == 4);
    CHECK(mql.advanced == 2);
    CHECK(mql.recycled == 1);
    CHECK(mql.exits == std::vector<std::int64_t>{1, 1});
    CHECK(mql.skipped_past == 1);
    const auto& lead = of_stage(t.outcome, "lead");
    CHECK(lead.stalled == 1);
    CHECK(lead.open == 1);
    const auto& by_lead = of_stage(t.outcome_leads, "mql");
    CHECK(by_lead.leads == 4);
    CHECK(by_lead.advanced == 2);
    CHECK(by_lead.exits == std::vector<std::int64_t>{1, 1});
}

TEST_CASE("flow: a conversion has two denominators") {
    const auto t = measure(seven_leads(), from_3_to_10()).value();
    const auto* leads = t.find("mql", "sql");
    REQUIRE(leads != nullptr);
    CHECK(leads->observed.n == 2);
    CHECK(leads->observed.of == 4);
    CHECK(leads->observed.low.has_value());
    CHECK(leads->lost == 1);
    CHECK(leads->open == 1);
    CHECK(leads->mature.status == rate_status::undefined);
    const auto* entries = t.find("mql", "sql", basis::entries);
    REQUIRE(entries != nullptr);
    CHECK(entries->observed.n == 2);
    CHECK(entries->observed.of == 5);
    CHECK_FALSE(entries->observed.low.has_value());
    CHECK(entries->recycled == 1);
    CHECK(entries->lost == 2);
    CHECK(t.find("mql", "hot") == nullptr);
}

TEST_CASE("flow: the whole goes on over its buckets, and each balances") {
    const auto s =
        derive(story("lead@1 mql@86400000001 sql@259200000002"), deals(), until(300000000000)).value();
    const auto t = measure(s, flow{.bucket = daily()}).value();
    std::vector<std::string> lead_rows;
    for (const auto& r : t.movement)
        if (r.stage == "lead" && r.part.bucket)
            lead_rows.push_back(*r.part.bucket + " " + std::to_string(r.balance_from) + "+" +
                                std::to_string(r.created) + "-" + std::to_string(r.out) + "=" +
                                std::to_string(r.balance_until));
    CHECK(lead_rows == std::vector<std::string>{"1970-01-01 0+1-0=1", "1970-01-02 1+0-1=0",
                                                "1970-01-03 0+0-0=0", "1970-01-04 0+0-0=0"});
}

TEST_CASE("flow: amounts add up by stage and currency, exactly") {
    store s;
    const auto won = [&](int lead, std::int64_t t, money m) {
        event e = told("customer@" + std::to_string(t), lead);
        e.attributes.push_back({"value", m});
        s.append(e).value();
    };
    won(1, 1, money{1999, "EUR"});
    won(2, 2, money{1, "EUR"});
    won(3, 3, money{500, "USD"});
    const auto staged = derive(s.snapshot(), deals()).value();
    const auto adding_up = [&](const char* attribute) {
        flow q;
        q.amount = attribute;
        return measure(staged, q).value();
    };
    const auto t = adding_up("value");
    REQUIRE(t.amounts.size() == 2);
    CHECK(t.amounts[0].amount == money{2000, "EUR"});
    CHECK(t.amounts[0].entries == 2);
    CHECK(t.amounts[1].amount == money{500, "USD"});
    CHECK(adding_up("vale").notes ==
          std::vector<std::string>{"no event carries the attribute \"vale\"; did you mean \"value\"?"});
    CHECK(adding_up("to").notes ==
          std::vector<std::string>{"3 entries have a value of \"to\" that is not money and is not added up"});
}

TEST_CASE("flow: a lead's group is that of its first or last event with the attribute") {
    store s;
    for (const auto& [word, channel] :
         {std::pair{"lead@1", "ads"}, std::pair{"mql@2", "mail"}, std::pair{"!click@3", "web"}}) {
        event e = told(word);
        e.attributes.push_back({"channel", channel});
        s.append(e).value();
    }
    const auto staged = derive(s.snapshot(), deals()).value();
    const auto groups = [&](by_value v) {
        std::vector<std::string> found;
        for (const auto& r : measure(staged, flow{.by = "channel", .by_value = v}).value().movement)
            if (r.part.group && r.stage == "lead") found.push_back(*r.part.group);
        return found;
    };
    CHECK(groups({}) == std::vector<std::string>{"ads"});
    CHECK(groups(by_value::last_touch) == std::vector<std::string>{"web"});
}

TEST_CASE("flow: nobody gives rows of nothing") {
    const auto t = measure(derive(snapshot(), deals()).value(), flow{.bucket = monthly()}).value();
    CHECK_FALSE(t.as_of);
    CHECK(t.movement.size() == 6);
    CHECK(t.conversion.size() == 8);
    CHECK(t.conversion.front().observed.status == rate_status::empty);
    CHECK(weir::answer(t).title == "no lead entered a stage");
}

TEST_CASE("flow: the greatest duration is no horizon") {
    const auto t = measure(seven_leads(), flow{.within = duration::max()}).value();
    CHECK(t.find("mql", "sql")->mature.status == rate_status::undefined);
    CHECK(t.find("mql", "sql", basis::entries)->mature.status == rate_status::undefined);
    CHECK(weir::answer(t).title.find("within") == std::string::npos);
}

TEST_CASE("flow: a title names no worst stage where all went on") {
    const auto title = [](const std::string& one, const std::string& other) {
        store s;
        for (const auto& [lead, text] : {std::pair{1, one}, std::pair{2, other}}) {
            std::istringstream in(text);
            for (std::string word; in >> word;) s.append(told(word, lead)).value();
        }
        return weir::answer(measure(derive(s.snapshot(), deals()).value(), flow{}).value()).title;
    };
    CHECK(title("lead@1 customer@2", "lead@1 customer@3") == "100 % of 2 in lead reach customer");
    CHECK(title("lead@1 sql@2 customer@3", "lead@1 mql@2 customer@3") == "100 % of 2 in lead reach customer");
    CHECK(title("lead@1 customer@2", "lead@1") == "fewest go on from lead to mql: 50 % of 2");
}

TEST_CASE("flow: it agrees with a funnel over the same stages") {
    const auto s = seven_leads();
    const auto f = measure(s, funnel{.steps = {"lead", weir::any_of{"mql", "sql", "customer"}}}).value();
    const auto t = measure(s, flow{}).value();
    CHECK(t.find("lead", "mql")->observed.n == f.rows[1].leads);
    CHECK(t.find("lead", "mql")->observed.of == f.rows[0].leads);
}

TEST_CASE("flow: a wrong question is refused with its place") {
    const auto s = seven_leads();
    CHECK(refusal(snapshot(), {}) ==
          error{errc::invalid_question, "the snapshot has no lifecycle; derive one first", "lifecycle"});
    CHECK(refusal(s, {.lifecycle = "deal"}) ==
          error{errc::unknown_name, "no lifecycle is named \"deal\"; did you mean \"deals\"?", "lifecycle"});
    CHECK(refusal(s, {.as_of = at(15)}).where == "as_of");
    CHECK(refusal(s, {.by = "to", .by_value = by_value::at_step(1)}).where == "by_value");
    CHECK(refusal(s, {.by = "to", .by_value = by_value::each_value}).where == "by_value");
    CHECK(refusal(s, {.within = duration{-1}}).where == "within");
    CHECK(refusal(s, {.period = {at(2), at(1)}}).where == "period");
    CHECK(refusal(s, {.by = "to", .max_groups = 1}).code == errc::limit_exceeded);
    CHECK(refusal(s, {.bucket = daily("Europe/Berln")}).code == errc::unknown_name);
    CHECK(measure(s, flow{}, {.threads = 0}).error().where == "threads");
    lifecycle l = deals();
    l.exits = {"open"};
    CHECK(refusal(derive(story("lead@1"), l).value(), {}).where == "lifecycle.exits");
}

TEST_CASE("flow: too many buckets are refused before they are made") {
    const auto s = derive(story("lead@1 mql@2"), deals(), {.threads = 1, .as_of = utc(2024, 1, 1)}).value();
    const auto e = refusal(s, {.bucket = hourly()});
    CHECK(e.code == errc::limit_exceeded);
    CHECK(e.where == "bucket");
}

TEST_CASE("flow: its JSON reads back") {
    const flow q{.lifecycle = "deals",
                 .by = "channel",
                 .by_value = by_value::last_touch,
                 .period = {utc(2024, 1, 1), utc(2024, 2, 1)},
                 .bucket = weekly("Europe/Berlin"),
                 .within = std::chrono::days{30},
                 .reach = reach::exact,
                 .amount = "value",
                 .as_of = utc(2024, 3, 1),
                 .max_groups = 5};
    CHECK(flow_from_json(to_json(q)).value() == q);
    CHECK(to_json(flow{}) == "{\"flow\":{}}");
    CHECK(flow_from_json("{\"flow\":{\"buckets\":{}}}").error().code == errc::unknown_name);
    CHECK(flow_from_json("{\"funnel\":{}}").error().code == errc::unknown_name);
}
