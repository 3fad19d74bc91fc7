import { describe, expect, it } from '@jest/globals';
import { startTestApp } from '../support/test-app.js';

describe('the language of the search', () => {
  it('is the configured one for what is stored from then on, and the older one for what was there', async () => {
    const english = await startTestApp();
    const german = await startTestApp({ beside: english, env: { STOCKROOM_SEARCH_LANGUAGE: 'german' } });
    const begin = await english.api.post('/v1/conversations', { json: {} });
    const { id } = begin.json as { id: string };
    const say = async (url: string, content: string): Promise<void> => {
      const answer = await fetch(`${url}/v1/conversations/${id}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...english.api.headers },
        body: JSON.stringify({ role: 'user', content }),
      });
      expect(answer.status).toBe(201);
    };
    await say(english.url, 'Rising prices');
    await say(german.url, 'Steigende Aktien');
    const found = async (q: string): Promise<readonly number[]> => {
      const answer = await fetch(`${german.url}/v1/messages/search?q=${q}`, {
        headers: { ...english.api.headers },
      });
      return ((await answer.json()) as { data: readonly { seq: number }[] }).data.map(({ seq }) => seq);
    };
    // Each word in another form than it was written in.
    expect([await found('Aktie'), await found('price')]).toEqual([[2], [1]]);
    await german.close();
    await english.close();
  });
});
