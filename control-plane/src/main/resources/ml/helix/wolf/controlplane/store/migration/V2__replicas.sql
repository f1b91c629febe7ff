-- The replicas of the control plane that share this database.
create table replica (
  id varchar(8) primary key,
  -- Where the others reach it, host:port.
  address varchar(512) not null,
  -- SHA-256 of its certificate, in hex.
  fingerprint varchar(64) not null,
  -- Until when it counts as alive.
  lease timestamp(3) with time zone not null
);

-- Which replica holds a runner's newest control connection; null if it was lost.
create table tunnel (
  runner varchar(512) primary key,
  replica varchar(8),
  -- When the connection came up, in microseconds. A greater one is newer.
  generation bigint not null,
  -- Tells two agents with one id apart.
  agent varchar(512) not null,
  -- Grows with each change, in the order of the commits.
  revision bigint not null,
  changed timestamp(3) with time zone not null
);

create sequence tunnel_revision;

create index tunnel_by_revision on tunnel (revision);
create index tunnel_by_replica on tunnel (replica);
