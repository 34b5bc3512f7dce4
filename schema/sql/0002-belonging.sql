-- Who belongs to a room, whose Yjs client ids are whose, and what was done and refused.

-- What is shown of a member who is not here; who gave the role.
alter table member add column name text not null default '';
alter table member add column granted_by text;

-- Serves: the rooms that a user is a member of.
create index member_user on member (user_id, room_id);

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

-- A link or a short code that gives a role. The code itself is not kept: whoever reads the table cannot join.
create table invite (
  code_hash bytea primary key,
  id uuid not null unique,
  room_id uuid not null,
  role text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  uses_left int not null
);

-- Serves: the invites of a room, for those who manage it.
create index invite_room on invite (room_id, created_at);

-- Whose Yjs client ids these are, up to the newest snapshot; of what came after it, the entries say so themselves.
create table client (
  room_id uuid not null,
  client_id bigint not null,
  user_id text not null,
  primary key (room_id, client_id)
);

-- What people did to a room's members and invites, and what was refused them. id is made so that it grows with time.
create table audit (
  id uuid primary key,
  room_id uuid,
  room text,
  at timestamptz not null default now(),
  user_id text not null,
  action text not null,
  code text,
  detail jsonb not null,
  address text
);

-- Serves: the audit of one room, newest first.
create index audit_room on audit (room_id, at);

-- Serves: the audit of everything, newest first.
create index audit_at on audit (at);

-- Tokens, or all tokens of a user up to a moment, that are good no more, on whichever node they are shown.
create table revocation (
  subject text primary key,
  at timestamptz not null default now(),
  expires_at timestamptz not null
);
