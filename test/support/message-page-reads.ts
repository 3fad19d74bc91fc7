import { expect, jest } from '@jest/globals';
import { SqlService } from '../../src/database/sql.service.js';
import type { ApiAnswer, ApiClient } from './api-client.js';
import type { TestApp } from './test-app.js';

/** What a test asks of a conversation. */
export type PageQuery = Readonly<Record<string, string | number>>;

/** Counts how often pages of messages are read, and how often it is only asked whether they still hold. */
export class MessagePageReads {
  private readonly sql: SqlService;
  private readonly reads: jest.SpiedFunction<SqlService['read']>;

  constructor(service: TestApp) {
    this.sql = service.app.get(SqlService);
    this.reads = jest.spyOn(this.sql, 'read');
  }

  /** Pages asked for by `work`, one request at a time. **Shape**: names of statements in their order, without what each has. */
  async during(work: () => Promise<unknown>): Promise<readonly string[]> {
    this.reads.mockClear();
    await work();
    return this.reads.mock.calls
      .map(([{ name }]) => name.replace(/_as$/, ''))
      .filter((name) => name.startsWith('message_page_') || name.startsWith('message_stamp_'));
  }

  /** Lets something happen between the next read of a page and its answer. */
  onceAfterRead(happens: () => Promise<unknown>): void {
    const read = SqlService.prototype.read.bind(this.sql);
    this.reads.mockImplementation(async (statement) => {
      const rows = await read(statement);
      if (!statement.name.startsWith('message_page_')) return rows;
      this.reads.mockImplementation(read);
      await happens();
      return rows;
    });
  }

  /** Asks for a page until it is known. **Shape**: the answer. The control of what follows: the last time it was not read. */
  async know(api: ApiClient, conversationId: string, query: PageQuery = {}): Promise<ApiAnswer> {
    const first = await pageOf(api, conversationId, query);
    const texts = [(await pageOf(api, conversationId, query)).text];
    const statements = await this.during(async () =>
      texts.push((await pageOf(api, conversationId, query)).text),
    );
    expect(statements).toEqual([expect.stringMatching(/^message_stamp_/)]);
    expect(texts).toEqual([first.text, first.text]);
    return first;
  }
}

/** A page of messages over HTTP. */
export async function pageOf(
  api: ApiClient,
  conversationId: string,
  query: PageQuery = {},
): Promise<ApiAnswer> {
  return api.get(`/v1/conversations/${conversationId}/messages`, { query });
}

/** Contents of the messages of an answer. */
export function contentsOf(answer: ApiAnswer): readonly string[] {
  return (answer.json as { data: readonly { content: string }[] }).data.map(({ content }) => content);
}
