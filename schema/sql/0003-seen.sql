-- When a member last came to the room or left it.
alter table member add column seen_at timestamptz;
