-- Spreads the log over several Postgres servers: makes foreign partitions, by hash of the room, of the tables that grow.
--
-- For the coordinator, after `shards.sql`, when its own tables are there and still empty. Each shard has all tables too,
-- from the same files of schema/sql. What belongs to people (members, invites, audit, secrets) stays on the coordinator.
-- docs/scaling-postgres.md says what this gives and what it costs.
do $$
declare
  shards text[] := array(
    select srvname from pg_foreign_server where srvname ~ '^roomlog_shard_\d+$'
    order by substring(srvname from '\d+$')::int);
  spread text;
  has_rows boolean;
begin
  if cardinality(shards) = 0 then
    raise exception 'no server is named roomlog_shard_0, roomlog_shard_1, ...';
  end if;
  foreach spread in array array['room', 'entry', 'snapshot', 'client', 'awake'] loop
    if (select relkind from pg_class where oid = spread::regclass) = 'p' then
      raise exception '% is spread already', spread;
    end if;
    execute format('select exists (select from %I)', spread) into has_rows;
    if has_rows then
      raise exception '% has rows here: move them to their shards first', spread;
    end if;
    execute format('alter table %I rename to %I', spread, spread || '_here');
    -- No keys: Postgres has none over foreign partitions. Those of the shards hold, for a room is on one shard alone.
    execute format(
      'create table %I (like %I including defaults including constraints including storage) partition by hash (%I)',
      spread, spread || '_here', case spread when 'room' then 'id' else 'room_id' end);
    execute format('drop table %I', spread || '_here');
    for shard in 1 .. cardinality(shards) loop
      execute format(
        'create foreign table %I partition of %I for values with (modulus %s, remainder %s) server %I options (table_name %L)',
        format('%s_%s', spread, shard - 1), spread, cardinality(shards), shard - 1, shards[shard], spread);
    end loop;
  end loop;
end $$;
