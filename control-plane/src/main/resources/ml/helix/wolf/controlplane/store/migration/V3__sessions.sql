-- At which instance each session is that callers name by X-Wolf-Session.
create table routed_session (
  -- SHA-256 of the session's name and its caller's ids, in hex.
  id varchar(64) primary key,
  instance varchar(512) not null,
  -- How often it has moved. The greatest number wins; of equal ones, the first.
  moves integer not null,
  moved timestamp(3) with time zone not null,
  used timestamp(3) with time zone not null
);

create index routed_session_by_moved on routed_session (moved);
create index routed_session_by_used on routed_session (used);
