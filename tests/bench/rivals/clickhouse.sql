-- load
CREATE DATABASE IF NOT EXISTS b;
-- load
CREATE TABLE b.ev (ts UInt64, lead UInt32, type UInt8, channel UInt8, campaign UInt16, content UInt16, keyword UInt32, cost Int32, revenue Int64) ENGINE=MergeTree ORDER BY ts;
-- load
INSERT INTO b.ev SELECT * FROM file('@csv@', CSVWithNames, 'time UInt64, lead UInt32, event UInt8, channel UInt8, campaign UInt16,
content UInt16, keyword UInt32, cost Int32, revenue Int64') SETTINGS max_threads=@threads@, max_insert_threads=@threads@;
-- load end
OPTIMIZE TABLE b.ev FINAL;
-- load
CREATE TABLE b.ev_lead (ts UInt64, lead UInt32, type UInt8, channel UInt8, campaign UInt16, content UInt16, keyword UInt32, cost Int32, revenue Int64)
ENGINE=MergeTree ORDER BY (lead, ts, type) SETTINGS index_granularity=1024;
-- load
INSERT INTO b.ev_lead SELECT * FROM b.ev;
-- load
OPTIMIZE TABLE b.ev_lead FINAL;
-- Q1 plain
SELECT countIf(l>=1), countIf(l>=2), countIf(l>=3), countIf(l>=4), countIf(l>=5), countIf(l>=6), countIf(l>=7) FROM (SELECT lead, windowFunnel(@days30@)(ts, type=0, type=1, type=2, type=3, type=4, type=5, type=6) AS l
FROM b.ev WHERE type<7 GROUP BY lead) SETTINGS max_threads=@threads@;
-- Q1 best
SELECT (SELECT uniqExact(lead) FROM b.ev_lead WHERE type=0), countIf(l>=2), countIf(l>=3), countIf(l>=4), countIf(l>=5), countIf(l>=6), countIf(l>=7)
FROM (SELECT lead, windowFunnel(@days30@)(ts, type=0, type=1, type=2, type=3, type=4, type=5, type=6) AS l
FROM b.ev_lead WHERE type<7 AND lead IN (SELECT lead FROM b.ev_lead WHERE type=1) GROUP BY lead)
SETTINGS max_threads=@threads@, optimize_aggregation_in_order=1, optimize_read_in_order=1;
-- Q2 plain
SELECT ch, countIf(l>=1), countIf(l>=2), countIf(l>=3), countIf(l>=4), countIf(l>=5), countIf(l>=6), countIf(l>=7) FROM (SELECT lead, argMin(channel, ts) AS ch,
windowFunnel(@days30@)(ts, type=0, type=1, type=2, type=3, type=4, type=5, type=6) AS l
FROM b.ev GROUP BY lead) GROUP BY ch SETTINGS max_threads=@threads@;
-- Q2 best
SELECT ch, countIf(l>=1), countIf(l>=2), countIf(l>=3), countIf(l>=4), countIf(l>=5), countIf(l>=6), countIf(l>=7) FROM (SELECT lead, argMin(channel, ts) AS ch,
windowFunnel(@days30@)(ts, type=0, type=1, type=2, type=3, type=4, type=5, type=6) AS l
FROM b.ev_lead GROUP BY lead) GROUP BY ch SETTINGS max_threads=@threads@, optimize_aggregation_in_order=1, optimize_read_in_order=1;
-- Q3 plain
SELECT quantilesExactInclusiveIf(0.5,0.9)(t1-t0, t1>=t0),
quantilesExactInclusiveIf(0.5,0.9)(t2-t1, t2>=t1),
quantilesExactInclusiveIf(0.5,0.9)(t3-t2, t3>=t2),
quantilesExactInclusiveIf(0.5,0.9)(t4-t3, t4>=t3),
quantilesExactInclusiveIf(0.5,0.9)(t5-t4, t5>=t4),
quantilesExactInclusiveIf(0.5,0.9)(t6-t5, t6>=t5)
FROM (SELECT lead, minOrNullIf(ts,type=0) t0, minOrNullIf(ts,type=1) t1, minOrNullIf(ts,type=2) t2,
minOrNullIf(ts,type=3) t3, minOrNullIf(ts,type=4) t4, minOrNullIf(ts,type=5) t5, minOrNullIf(ts,type=6) t6
FROM b.ev WHERE type<7 GROUP BY lead) SETTINGS max_threads=@threads@;
-- Q3 best
SELECT quantilesExactInclusiveIf(0.5,0.9)(t1-t0, t1>=t0),
quantilesExactInclusiveIf(0.5,0.9)(t2-t1, t2>=t1),
quantilesExactInclusiveIf(0.5,0.9)(t3-t2, t3>=t2),
quantilesExactInclusiveIf(0.5,0.9)(t4-t3, t4>=t3),
quantilesExactInclusiveIf(0.5,0.9)(t5-t4, t5>=t4),
quantilesExactInclusiveIf(0.5,0.9)(t6-t5, t6>=t5)
FROM (SELECT lead, minOrNullIf(ts,type=0) t0, minOrNullIf(ts,type=1) t1, minOrNullIf(ts,type=2) t2,
minOrNullIf(ts,type=3) t3, minOrNullIf(ts,type=4) t4, minOrNullIf(ts,type=5) t5, minOrNullIf(ts,type=6) t6
FROM b.ev_lead WHERE type<7 AND lead IN (SELECT lead
FROM b.ev_lead WHERE type BETWEEN 1 AND 6) GROUP BY lead) SETTINGS max_threads=@threads@, optimize_aggregation_in_order=1, optimize_read_in_order=1;
-- Q6 plain
SELECT p, type, count() FROM (SELECT type, lagInFrame(type, 1, 255) OVER w AS p FROM b.ev WHERE type<7 WINDOW w AS
(PARTITION BY lead ORDER BY ts, type ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) WHERE p!=255 GROUP BY p, type SETTINGS max_threads=@threads@;
-- Q6 best
SELECT a AS p, b AS t, count() FROM (SELECT arrayJoin(arrayZip(arrayPopBack(x), arrayPopFront(x))) AS ab, ab.1.2 AS a, ab.2.2 AS b
FROM (SELECT arraySort(groupArray((ts, type))) AS x FROM b.ev_lead WHERE type<7 GROUP BY lead HAVING length(x)>1))
GROUP BY p, t SETTINGS max_threads=@threads@, optimize_aggregation_in_order=1, optimize_read_in_order=1;
-- Q7 best
SELECT ts,type,channel,campaign,content,keyword,cost,revenue FROM b.ev_lead WHERE lead=@lead@ SETTINGS max_threads=@threads@;
