-- load
PRAGMA cache_size=-2000000; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
-- load
CREATE TABLE ev (ts INTEGER, lead INTEGER, type INTEGER, channel INTEGER, campaign INTEGER, content INTEGER, keyword INTEGER, cost INTEGER, revenue INTEGER); BEGIN;
-- load
@insert@ 9
-- load
COMMIT;
-- load
CREATE INDEX ev_lead ON ev(lead, ts, type, channel);
-- load
CREATE INDEX ev_type ON ev(type, lead, ts) WHERE type BETWEEN 1 AND 6;
-- load end
ANALYZE;
-- Q1 best
WITH a AS (SELECT lead, ts, type FROM ev WHERE type<7 AND lead IN (SELECT lead FROM ev WHERE type=1)),
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
SELECT (SELECT count(DISTINCT lead) FROM ev WHERE type=0), count(l1), count(l2), count(l3), count(l4), count(l5), count(l6) FROM l;
-- Q2 best
WITH a AS (SELECT lead, ts, type FROM ev WHERE type<7 AND lead IN (SELECT lead FROM ev WHERE type=1)),
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
ft AS (SELECT lead, channel AS ch, min(ts) AS mt FROM ev INDEXED BY ev_lead GROUP BY lead),
z AS (SELECT DISTINCT lead FROM ev WHERE type=0)
SELECT ch, count(z.lead), count(l1), count(l2), count(l3), count(l4), count(l5), count(l6) FROM ft LEFT JOIN l ON l.lead=ft.lead LEFT JOIN z ON z.lead=ft.lead GROUP BY ch;
-- Q3 best
WITH f AS MATERIALIZED (SELECT lead, min(ts) FILTER (WHERE type=0) t0, min(ts) FILTER (WHERE type=1) t1, min(ts) FILTER (WHERE type=2) t2,
min(ts) FILTER (WHERE type=3) t3, min(ts) FILTER (WHERE type=4) t4, min(ts) FILTER (WHERE type=5) t5, min(ts) FILTER (WHERE type=6) t6
FROM ev WHERE type<7 AND lead IN (SELECT lead FROM ev WHERE type BETWEEN 1 AND 6) GROUP BY lead), d AS (SELECT 1 s, t1-t0 d FROM f WHERE t1>=t0 UNION ALL
SELECT 2 s, t2-t1 d FROM f WHERE t2>=t1 UNION ALL
SELECT 3 s, t3-t2 d FROM f WHERE t3>=t2 UNION ALL
SELECT 4 s, t4-t3 d FROM f WHERE t4>=t3 UNION ALL
SELECT 5 s, t5-t4 d FROM f WHERE t5>=t4 UNION ALL
SELECT 6 s, t6-t5 d FROM f WHERE t6>=t5), r AS (SELECT s, d, row_number() OVER (PARTITION BY s ORDER BY d)-1 i, count(*) OVER (PARTITION BY s) n FROM d)
SELECT sum(CASE WHEN i=(n-1)/2 THEN d*(1-((n-1)*0.5-(n-1)/2)) WHEN i=(n-1)/2+1 THEN d*((n-1)*0.5-(n-1)/2) END),
sum(CASE WHEN i=(n-1)*9/10 THEN d*(1-((n-1)*0.9-(n-1)*9/10)) WHEN i=(n-1)*9/10+1 THEN d*((n-1)*0.9-(n-1)*9/10) END) FROM r GROUP BY s ORDER BY s;
-- Q6 best
SELECT p, type, count(*) FROM (SELECT type, lag(type) OVER w p FROM ev WHERE type<7
WINDOW w AS (PARTITION BY lead ORDER BY ts, type)) q WHERE p IS NOT NULL GROUP BY 1,2;
-- Q7 best
SELECT ts,type,channel,campaign,content,keyword,cost,revenue FROM ev WHERE lead=@lead@;
