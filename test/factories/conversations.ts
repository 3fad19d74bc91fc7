import type { ApiAnswer, ApiClient } from '../support/api-client.js';

/** A conversation as the service shows it. */
export interface ShownConversation {
  readonly id: string;
  readonly title: string | null;
  readonly metadata: unknown;
  readonly asOf: number | null;
  readonly branch: string;
  readonly parentId: string | null;
  readonly forkSeq: number | null;
  readonly archived: boolean;
  readonly pinned: boolean;
  readonly retainUntil: string | null;
  readonly lastSeq: number;
  readonly lastActivityAt: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A message as the service shows it. */
export interface ShownMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly role: string;
  readonly content: string;
  readonly citations: readonly unknown[];
  readonly metadata: unknown;
  readonly createdAt: string;
  readonly redactedAt: string | null;
  readonly inherited: boolean;
}

/** What a message is made with, valid by default. */
export function newMessage(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { role: 'user', content: 'What did ACME close at?', ...changes };
}

/** A conversation with so many messages, `message 1` and on. **Errors**: when the service refuses. */
export async function makeConversation(
  api: ApiClient,
  messages = 0,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ShownConversation> {
  const answer = await api.post('/v1/conversations', { json: changes });
  if (answer.status !== 201) throw new Error(`no conversation was made: ${answer.text}`);
  const conversation = answer.json as ShownConversation;
  for (let n = 1; n <= messages; n++) await append(api, conversation.id, { content: `message ${n}` });
  return conversation;
}

/** Adds a message. **Errors**: when the service refuses. */
export async function append(
  api: ApiClient,
  conversationId: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ShownMessage> {
  const answer = await tryAppend(api, conversationId, changes);
  if (answer.status >= 300) throw new Error(`no message was added: ${answer.text}`);
  return answer.json as ShownMessage;
}

/** Tries to add a message. */
export async function tryAppend(
  api: ApiClient,
  conversationId: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ApiAnswer> {
  return api.post(`/v1/conversations/${conversationId}/messages`, { json: newMessage(changes) });
}

/** Makes a fork. **Errors**: when the service refuses. */
export async function fork(api: ApiClient, parentId: string, atSeq: number): Promise<ShownConversation> {
  const answer = await api.post(`/v1/conversations/${parentId}/forks`, { json: { atSeq } });
  if (answer.status !== 201) throw new Error(`no fork was made: ${answer.text}`);
  return answer.json as ShownConversation;
}

/** Every message that a conversation shows, page by page. **Errors**: when the service refuses. */
export async function allMessages(
  api: ApiClient,
  conversationId: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<readonly ShownMessage[]> {
  const messages: ShownMessage[] = [];
  let cursor: string | null = null;
  do {
    const answer = await api.get(`/v1/conversations/${conversationId}/messages`, {
      query: { ...query, ...(cursor === null ? {} : { cursor }) },
    });
    if (answer.status !== 200) throw new Error(`no messages: ${answer.text}`);
    const page = answer.json as { data: readonly ShownMessage[]; nextCursor: string | null };
    messages.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return messages;
}
