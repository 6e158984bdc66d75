-- load
SET threads=@threads@;
-- load
CREATE OR REPLACE TABLE ev AS SELECT * FROM read_csv('@csv@', header=true, auto_detect=false, delim=',', columns={'ts':'BIGINT',
'lead':'UINTEGER','type':'UTINYINT','channel':'UTINYINT','campaign':'USMALLINT','content':'USMALLINT','keyword':'UINTEGER',
'cost':'INTEGER','revenue':'BIGINT'});
-- load end
CHECKPOINT;
-- load
CREATE INDEX ev_lead ON ev(lead);
-- Q1 plain
WITH a AS (SELECT lead, ts, type FROM ev WHERE type<7),
a0 AS (SELECT a.*, max(CASE WHEN type=0 THEN ts END) OVER w AS m0 FROM a WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a1 AS (SELECT a0.*, max(CASE WHEN type=1 AND ts<=m0+@days30@ THEN m0 END) OVER w AS m1
  FROM a0 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a2 AS (SELECT a1.*, max(CASE WHEN type=2 AND ts<=m1+@days30@ THEN m1 END) OVER w AS m2
  FROM a1 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a3 AS (SELECT a2.*, max(CASE WHEN type=3 AND ts<=m2+@days30@ THEN m2 END) OVER w AS m3
  FROM a2 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a4 AS (SELECT a3.*, max(CASE WHEN type=4 AND ts<=m3+@days30@ THEN m3 END) OVER w AS m4
  FROM a3 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a5 AS (SELECT a4.*, max(CASE WHEN type=5 AND ts<=m4+@days30@ THEN m4 END) OVER w AS m5
  FROM a4 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a6 AS (SELECT a5.*, max(CASE WHEN type=6 AND ts<=m5+@days30@ THEN m5 END) OVER w AS m6
  FROM a5 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
l AS (SELECT lead, max(m0) l0, max(m1) l1, max(m2) l2, max(m3) l3, max(m4) l4, max(m5) l5, max(m6) l6 FROM a6 GROUP BY lead)
SELECT count(l0), count(l1), count(l2), count(l3), count(l4), count(l5), count(l6) FROM l;
-- Q1 best
WITH v1 AS MATERIALIZED (SELECT e.lead, e.ts, s.ts AS m FROM (SELECT lead, ts FROM ev WHERE type=1) e
  ASOF JOIN (SELECT lead, ts FROM ev WHERE type=0 AND lead IN (SELECT lead FROM ev WHERE type=1)) s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.ts+@days30@),
v2 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=2) e ASOF JOIN v1 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v3 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=3) e ASOF JOIN v2 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v4 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=4) e ASOF JOIN v3 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v5 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=5) e ASOF JOIN v4 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v6 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=6) e ASOF JOIN v5 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@)
SELECT (SELECT count(DISTINCT lead) FROM ev WHERE type=0), (SELECT count(DISTINCT lead) FROM v1), (SELECT count(DISTINCT lead) FROM v2), (SELECT count(DISTINCT lead) FROM v3), (SELECT count(DISTINCT lead) FROM v4), (SELECT count(DISTINCT lead) FROM v5), (SELECT count(DISTINCT lead) FROM v6);
-- Q2 plain
WITH a AS (SELECT lead, ts, type FROM ev WHERE type<7),
a0 AS (SELECT a.*, max(CASE WHEN type=0 THEN ts END) OVER w AS m0 FROM a WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a1 AS (SELECT a0.*, max(CASE WHEN type=1 AND ts<=m0+@days30@ THEN m0 END) OVER w AS m1
  FROM a0 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a2 AS (SELECT a1.*, max(CASE WHEN type=2 AND ts<=m1+@days30@ THEN m1 END) OVER w AS m2
  FROM a1 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a3 AS (SELECT a2.*, max(CASE WHEN type=3 AND ts<=m2+@days30@ THEN m2 END) OVER w AS m3
  FROM a2 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a4 AS (SELECT a3.*, max(CASE WHEN type=4 AND ts<=m3+@days30@ THEN m3 END) OVER w AS m4
  FROM a3 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a5 AS (SELECT a4.*, max(CASE WHEN type=5 AND ts<=m4+@days30@ THEN m4 END) OVER w AS m5
  FROM a4 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
a6 AS (SELECT a5.*, max(CASE WHEN type=6 AND ts<=m5+@days30@ THEN m5 END) OVER w AS m6
  FROM a5 WINDOW w AS (PARTITION BY lead ORDER BY ts, type ROWS UNBOUNDED PRECEDING)),
l AS (SELECT lead, max(m0) l0, max(m1) l1, max(m2) l2, max(m3) l3, max(m4) l4, max(m5) l5, max(m6) l6 FROM a6 GROUP BY lead),
ft AS (SELECT lead, arg_min(channel, ts) AS ch FROM ev GROUP BY lead)
SELECT ch, count(l0), count(l1), count(l2), count(l3), count(l4), count(l5), count(l6) FROM ft LEFT JOIN l USING (lead) GROUP BY ch;
-- Q2 best
WITH v1 AS MATERIALIZED (SELECT e.lead, e.ts, s.ts AS m FROM (SELECT lead, ts FROM ev WHERE type=1) e
  ASOF JOIN (SELECT lead, ts FROM ev WHERE type=0 AND lead IN (SELECT lead FROM ev WHERE type=1)) s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.ts+@days30@),
v2 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=2) e ASOF JOIN v1 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v3 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=3) e ASOF JOIN v2 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v4 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=4) e ASOF JOIN v3 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v5 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=5) e ASOF JOIN v4 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
v6 AS MATERIALIZED (SELECT e.lead, e.ts, s.m FROM (SELECT lead, ts FROM ev WHERE type=6) e ASOF JOIN v5 s
  ON e.lead=s.lead AND e.ts>=s.ts WHERE e.ts<=s.m+@days30@),
ft AS (SELECT lead, arg_min(channel, ts) AS ch, min(CASE WHEN type=0 THEN ts END) AS t0 FROM ev GROUP BY lead),
lv AS (SELECT lead, max(k) AS k FROM (SELECT lead, 1 k FROM v1 UNION ALL SELECT lead, 2 k FROM v2 UNION ALL SELECT lead, 3 k FROM v3 UNION ALL SELECT lead, 4 k FROM v4 UNION ALL SELECT lead, 5 k FROM v5 UNION ALL SELECT lead, 6 k FROM v6) GROUP BY lead)
SELECT ch, count(t0), count(*) FILTER (k>=1), count(*) FILTER (k>=2), count(*) FILTER (k>=3), count(*) FILTER (k>=4), count(*) FILTER (k>=5), count(*) FILTER (k>=6) FROM ft LEFT JOIN lv USING (lead) GROUP BY ch;
-- Q3 best
WITH f AS (SELECT lead, min(ts) FILTER (type=0) t0, min(ts) FILTER (type=1) t1, min(ts) FILTER (type=2) t2,
min(ts) FILTER (type=3) t3, min(ts) FILTER (type=4) t4, min(ts) FILTER (type=5) t5, min(ts) FILTER (type=6) t6
FROM ev WHERE type<7 AND lead IN (SELECT lead FROM ev WHERE type BETWEEN 1 AND 6) GROUP BY lead)
SELECT (quantile_cont(t1-t0, [0.5,0.9]) FILTER (t1>=t0))::VARCHAR,
(quantile_cont(t2-t1, [0.5,0.9]) FILTER (t2>=t1))::VARCHAR,
(quantile_cont(t3-t2, [0.5,0.9]) FILTER (t3>=t2))::VARCHAR,
(quantile_cont(t4-t3, [0.5,0.9]) FILTER (t4>=t3))::VARCHAR,
(quantile_cont(t5-t4, [0.5,0.9]) FILTER (t5>=t4))::VARCHAR,
(quantile_cont(t6-t5, [0.5,0.9]) FILTER (t6>=t5))::VARCHAR FROM f;
-- Q6 best
SELECT p, type, count(*) FROM (SELECT type, lag(type) OVER w p FROM ev WHERE type<7
WINDOW w AS (PARTITION BY lead ORDER BY ts, type)) q WHERE p IS NOT NULL GROUP BY 1,2;
-- Q7 best
SELECT ts,type,channel,campaign,content,keyword,cost,revenue FROM ev WHERE lead=@lead@;
