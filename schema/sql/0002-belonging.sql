-- Who belongs to a room, whose Yjs client ids are whose, and what was done and refused.

-- What is shown of a member who is not here; who gave the role. A role of no letters is that of somebody who was sent
-- away from a room that they would get into without being a member.
alter table member add column name text not null default '';
alter table member add column granted_by text;

-- Serves: the rooms that a user is a member of.
create index member_user on member (user_id, room_id);

-- Serves: the rooms that belong to a room, by the beginning of their names.
create index room_name_prefix on room (name text_pattern_ops);

-- A role that somebody has taken for a limited time. It counts before the member's own until it has ended.
create table escalation (
  room_id uuid not null,
  user_id text not null,
  name text not null,
  role text not null,
  reason text not null,
  at timestamptz not null default now(),
  until timestamptz not null,
  primary key (room_id, user_id)
);

-- A link or a short code that gives a role. The code itself is not kept: whoever reads the table cannot join by a link;
-- a short code could be found by trying all of them, within the minutes that it is good for.
create table invite (
  code_hash bytea primary key,
  id uuid not null unique,
  room_id uuid not null,
  kind text not null,
  role text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  uses_left int not null
);

-- Serves: the invites of a room, for those who manage it.
create index invite_room on invite (room_id, created_at);

-- Whose Yjs client ids these are, up to the newest snapshot, and those that were announced; of what came after it, the
-- entries say so themselves.
create table client (
  room_id uuid not null,
  client_id bigint not null,
  user_id text not null,
  primary key (room_id, client_id)
);

-- What people did to a room's members and invites, and what was refused them. id is made so that it grows with time.
-- count: so often within a few seconds.
create table audit (
  id uuid primary key,
  at timestamptz not null,
  room text,
  user_id text not null,
  action text not null,
  code text,
  detail jsonb not null,
  address text not null,
  count int not null
);

-- Serve: the audit of one room, and of one user, newest first.
create index audit_room on audit (room, id);
create index audit_user on audit (user_id, id);

-- Tokens, or all tokens of a user up to a moment, that are good no more, on whichever node they are shown.
create table revocation (
  subject text primary key,
  at timestamptz not null,
  expires_at timestamptz not null
);

-- Serves: what other nodes have revoked since a moment.
create index revocation_at on revocation (at);

-- Rooms of kinds that say what becomes of a room which is left alone: noted when opened. idle_seq is up to where that has
-- been done.
create table awake (
  room_id uuid primary key,
  at timestamptz not null default now(),
  idle_seq bigint
);
