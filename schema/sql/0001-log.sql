-- The log. Every table is keyed by the room first: no sequence, no look-up, no statement that needs two rooms to
-- live in one place, so that the same tables can be distributed by room_id.

-- One row per room. id is made from the name (16 bytes of its SHA-256), so that nobody has to ask for it.
-- head and changed_at stand side by side: an append changes just these two, and WAL records only what lies
-- between the first and the last changed byte. fillfactor leaves room for HOT updates on the same page.
create table room (
  id uuid primary key,
  name text not null unique,
  kind text not null,
  created_at timestamptz not null default now(),
  epoch int not null default 1,
  head bigint not null default 0,
  changed_at timestamptz not null default now(),
  dirty boolean not null default false,
  deleted_at timestamptz
) with (fillfactor = 80);

-- Serves: which rooms have entries that no projection has seen yet. Not by changed_at: no update of a row whose
-- indexed column changes is HOT, and every append would write all indexes of the room anew.
create index room_dirty on room (id) where dirty;

-- One row per entry: an update (Yjs v1 bytes) or an event (typed JSON), never both. What has a fixed width comes first:
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

-- One row per lane of a node: the number of its last committed batch. A batch that moves it from k to k+1 is written;
-- the same batch again, after a lost answer, finds it moved and writes nothing.
create table writer (
  id uuid primary key,
  batch bigint not null,
  started_at timestamptz not null default now()
);

-- Secrets that the server made for itself and that every node must share (the key that signs guests' tokens).
create table secret (
  name text primary key,
  value text not null
);
