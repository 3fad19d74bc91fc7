/** Ids of seeded conversations. */
export function seededConversations(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, n) => `01900000-0000-7000-8000-${String(n + 1).padStart(12, '0')}`,
  );
}

/** Words of a few hundred characters, other ones for each message. */
const CONTENT = `(
  select string_agg(substr(md5(s || ':' || n || ':' || w), 1, 2 + (n + w) % 8), ' ') from generate_series(1, 40) w
)`;

/**
 * Conversations of the only user, with so many messages each, none with a citation; and the same messages in a plain table with the same
 * columns and indexes, without security, to which the yardsticks keep.
 */
export function seedConversations(conversations: number, messages: number): readonly string[] {
  const id = `('01900000-0000-7000-8000-' || lpad(s::text, 12, '0'))::uuid`;
  return [
    `insert into conversations (id, user_id, title, last_seq)
     select ${id}, u.id, 'Conversation ' || s, ${messages}
     from users u cross join generate_series(1, ${conversations}) s`,
    `insert into messages (id, conversation_id, owner_id, seq, role, content)
     select gen_random_uuid(), ${id}, u.id, n, case when n % 2 = 1 then 'user' else 'assistant' end, ${CONTENT}
     from users u cross join generate_series(1, ${conversations}) s cross join generate_series(1, ${messages}) n`,
    'create table plain_messages (like messages including all)',
    'insert into plain_messages (id, conversation_id, owner_id, seq, role, content, created_at) select id, conversation_id, owner_id, seq, role, content, created_at from messages',
    'create table plain_citations (like message_citations including all)',
    'grant select, insert on plain_messages, plain_citations to stockroom_app',
  ];
}
