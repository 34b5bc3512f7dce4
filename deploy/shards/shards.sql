-- Names the shards to the coordinator; hosts and users are to be replaced. Run as a user who may create servers.
--
-- A shard is a database, not a machine: begin with more of them than you have machines, and move one to a machine of its
-- own when it needs it. Their number stays as it is.
create extension if not exists postgres_fdw;

create server roomlog_shard_0 foreign data wrapper postgres_fdw options (
  host 'shard-0.internal', port '5432', dbname 'roomlog',
  -- Without it, a look for one room would fetch the whole table.
  use_remote_estimate 'true',
  fetch_size '1000',
  -- Both shards of a batch commit at the same time, not one after the other.
  parallel_commit 'true', parallel_abort 'true',
  -- Two shards cannot see that they wait for each other: whoever waits this long is told to try again.
  options '-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s');
create user mapping for current_user server roomlog_shard_0 options (user 'roomlog', password_required 'false');

create server roomlog_shard_1 foreign data wrapper postgres_fdw options (
  host 'shard-1.internal', port '5432', dbname 'roomlog',
  use_remote_estimate 'true', fetch_size '1000', parallel_commit 'true', parallel_abort 'true',
  options '-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s');
create user mapping for current_user server roomlog_shard_1 options (user 'roomlog', password_required 'false');
