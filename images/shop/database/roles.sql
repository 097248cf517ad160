-- Who is who. shop_owner owns the tables and cannot log in.
CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE shop_app LOGIN;
CREATE ROLE reports LOGIN;
CREATE ROLE migrations LOGIN IN ROLE shop_owner;
CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
-- The learner sees everything, may end sessions, change tables and the limits
-- of roles, and is no superuser: three connections stay out of reach.
CREATE ROLE learner LOGIN CREATEROLE IN ROLE shop_owner, pg_monitor, pg_signal_backend;
