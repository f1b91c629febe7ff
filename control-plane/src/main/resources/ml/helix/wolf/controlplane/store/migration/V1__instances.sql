-- What is recorded of each instance. Null is what nobody has said.
create table instance (
  id varchar(512) primary key,
  zone varchar,
  labels varchar,
  max_sessions integer,
  active_sessions integer,
  gpu_vendor varchar,
  gpu_name varchar,
  gpu_count integer,
  gpu_utilization_percent double precision,
  gpu_memory_used_mb integer,
  gpu_memory_total_mb integer,
  gpu_temperature_celsius double precision,
  encoder_sessions integer,
  wolf_reachable boolean,
  wolf_health varchar,
  agent_version varchar,
  registered boolean,
  draining boolean,
  last_heartbeat timestamp(3) with time zone,
  connected_at timestamp(3) with time zone,
  lost_at timestamp(3) with time zone,
  -- PostgreSQL: the id of the transaction that wrote the row last, so that other replicas find what is new.
  version bigint not null
);

create index instance_by_version on instance (version);

-- One row. How often rows were deleted from instance, so that other replicas notice.
create table instance_deletions (total bigint not null);

insert into instance_deletions values (0);
