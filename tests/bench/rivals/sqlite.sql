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
-- Q6 best
SELECT p, type, count(*) FROM (SELECT type, lag(type) OVER w p FROM ev WHERE type<7
WINDOW w AS (PARTITION BY lead ORDER BY ts, type)) q WHERE p IS NOT NULL GROUP BY 1,2;
