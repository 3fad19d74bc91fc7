import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { appWithoutDatabase } from '../../scripts/openapi.js';

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await appWithoutDatabase();
});
afterAll(() => app.close());

/** Every address that a page or a style sheet makes a browser fetch. */
function fetched(text: string): readonly string[] {
  const inTags = [...text.matchAll(/<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']([^"']+)/g)];
  const inStyles = [...text.matchAll(/url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)/g)];
  return [...inTags, ...inStyles].map(([, first, second]) => first ?? second ?? '');
}

describe('the documentation page', () => {
  it.each(['/docs', '/docs/'])('at %s is whole without a network', async (address) => {
    const page = await app.inject(address);
    expect([page.statusCode, page.headers['content-type']]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    const assets = fetched(page.body).map((url) => new URL(url, `http://service${address}`));
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const asset of assets) {
      expect(asset.origin).toBe('http://service');
      const answer = await app.inject(asset.pathname);
      expect([asset.pathname, answer.statusCode]).toEqual([asset.pathname, 200]);
      const further = asset.pathname.endsWith('.css') ? fetched(answer.body) : [];
      expect(further.filter((url) => !url.startsWith('data:'))).toEqual([]);
    }
  });

  it('has one address, to which the file leads', async () => {
    const { statusCode, headers } = await app.inject('/docs/index.html');
    expect([statusCode, headers.location]).toEqual([302, '/docs']);
  });

  it('keeps to its own policy, which lets nothing in from elsewhere', async () => {
    const { body, headers } = await app.inject('/docs');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*|script-src[^;]*unsafe-inline/);
    // Scripts in the page itself, or in its attributes, would be refused by that policy and leave the page empty.
    expect([...body.matchAll(/<script(?![^>]*\bsrc=)[^>]*>/g)]).toEqual([]);
    expect(body).not.toMatch(/\son\w+=|javascript:/i);
  });

  it('carries the whole document with it, so that it asks for nothing more', async () => {
    const script = await app.inject('/docs/swagger-ui-init.js');
    expect(script.headers['content-security-policy']).toContain("default-src 'none'");
    expect(script.body).toContain('"operationId": "readBars"');
    expect(script.body).not.toMatch(/validatorUrl"?:\s*"http/);
  });

  it('is not let through by the policy of every other route', async () => {
    const { headers } = await app.inject('/livez');
    expect(headers['content-security-policy']).not.toContain("script-src 'self'");
    expect(fetched('<script src="https://cdn.example/x.js"></script>')).toEqual(['https://cdn.example/x.js']);
  });
});
