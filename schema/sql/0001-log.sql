-- The log. Every table is keyed by the room first: no sequence, no look-up, no statement that needs two rooms to
-- live in one place, so that the same tables can be distributed by room_id.

-- One row per room. id is made from the name (16 bytes of its SHA-256), so that nobody has to ask for it.
-- What changes with every append is not here: the head of a room is the last of its entries, and so is the time of the
-- last change. An append writes only `dirty`, and that only if it is not set.
create table room (
  id uuid primary key,
  name text not null unique,
  kind text not null,
  created_at timestamptz not null default now(),
  epoch int not null default 1,
  dirty boolean not null default false,
  deleted_at timestamptz
) with (fillfactor = 80);

-- Serves: which rooms have entries that no projection has seen yet. An append that is under way while `dirty` is cleared
-- may have seen it set, and then leaves it cleared: whoever clears it looks at the head once more some time after that.
create index room_dirty on room (id) where dirty;

-- One row per entry: an update (Yjs v1 bytes) or an event (typed JSON), never both. The primary key is also what makes
-- appends exactly once: an append names its seqs, and whoever comes second collides. What has a fixed width comes first:
-- no padding, in the heap and in WAL.
create table entry (
  room_id uuid not null,
  seq bigint not null,
  at timestamptz not null,
  author text not null,
  cause jsonb,
  update bytea,
  event jsonb,
  key text,
  primary key (room_id, seq),
  check ((update is null) <> (event is null))
);

-- An update is written once, read rarely and hardly compresses: no attempt to.
alter table entry alter column update set storage external;

-- Serves: the feed of a room, `where event is not null and seq > $after`.
create index entry_event on entry (room_id, seq) where event is not null;

-- Serves: an event with a key is in a room's log once, however often it is delivered.
create unique index entry_key on entry (room_id, key) where key is not null;

-- The document folded from the log up to seq, as Yjs v1 bytes.
create table snapshot (
  room_id uuid not null,
  seq bigint not null,
  state bytea not null,
  primary key (room_id, seq)
);
alter table snapshot alter column state set storage external;

-- Who belongs to a room, and as what.
create table member (
  room_id uuid not null,
  user_id text not null,
  role text not null,
  created_at timestamptz not null default now(),
  primary key (room_id, user_id)
);

-- Secrets that the server made for itself and that every node must share (the key that signs guests' tokens).
create table secret (
  name text primary key,
  value text not null
);
