// weir.hpp - the whole library, and its tour.
//
// weir measures the flow of leads: where they convert, where they drop off, how fast, and why.
// Everything is an event; a question is a value; an answer is a table.
//
//   weir::store store;
//   weir::load(store, weir::csv{"events.csv"}).value();  // columns lead, event, time; others are
// attributes
//
//   const weir::funnel pipeline{
//       .steps  = {"visit", "signup", {"demo", weir::attribute("source") == "ads"}, "won"},
//       .within = std::chrono::days{30},                        // first step to last step
//       .by     = "channel",                                    // one funnel for each channel, and the
// total
//   };
//   const auto answer = measure(store.snapshot(), pipeline).value();
//   std::cout << to_csv(answer);
//
// Four verbs do all the work. None reads a clock, the environment or a file; load() alone opens the
// path that
// it is given.
//
//   derive   events -> events    derive(snapshot, identity): many keys, one lead
//                                derive(snapshot, lifecycle): the stages that leads enter, as events
//   measure  events -> answer    measure(snapshot, funnel)
//   explain  events -> evidence  explain(snapshot, funnel, lead)
//   render   answer -> text      to_json, to_csv
//
// Where to look:
//
//   error.hpp       result<T>, error, errc, exception      time.hpp       instant, duration, period,
// calendar
//   money.hpp       exact amounts                          value.hpp      attribute values, names
//   event.hpp       lead_id, event, batch                  condition.hpp  attribute("a") == 1 && ...
//   store.hpp       store, snapshot, scope                 ingest.hpp     load(store, csv / json_lines)
//   lifecycle.hpp   stages and rules; derive, history      funnel.hpp     steps and windows
//   explain.hpp     why a lead is where it is              what_if.hpp    other rules, the same events
//   breakdown.hpp   which value names a lead's group       table.hpp      what every answer becomes
//   identity.hpp    keys that are one lead                 live.hpp       answers that follow a store
//   compare.hpp     a funnel under two policies            drop_off.hpp   why leads are lost at each step
//   salvage.hpp     what is left of a damaged store
//   fmt.hpp         formatters (not included here)
//
// What can fail returns a result<T>: ask it like a pointer, or call value(), which throws weir::exception.
// Snapshots, questions and answers are immutable and may be shared between threads; a store may be used
// from
// any thread; a batch belongs to one. The same events give the same bytes of answer for any number of
// threads,
// any cut into batches and any layout in memory.
#pragma once

#include <weir/breakdown.hpp>
#include <weir/compare.hpp>
#include <weir/condition.hpp>
#include <weir/drop_off.hpp>
#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/explain.hpp>
#include <weir/flow.hpp>
#include <weir/funnel.hpp>
#include <weir/identity.hpp>
#include <weir/ingest.hpp>
#include <weir/lifecycle.hpp>
#include <weir/live.hpp>
#include <weir/money.hpp>
#include <weir/question.hpp>
#include <weir/render.hpp>
#include <weir/salvage.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>
#include <weir/value.hpp>
#include <weir/what_if.hpp>
