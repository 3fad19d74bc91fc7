import { describe, expect, it } from '@jest/globals';
import { MATCH_BEGINS, MATCH_ENDS, snippetHtml } from './snippet.js';

describe('a snippet', () => {
  it('marks what matched', () => {
    expect(snippetHtml(`the ${MATCH_BEGINS}close${MATCH_ENDS} of`)).toBe('the <mark>close</mark> of');
  });

  it('escapes whatever the content holds, marks of its own too', () => {
    expect(snippetHtml(`<img src=x onerror="a('b')"> & <mark>${MATCH_BEGINS}<b>${MATCH_ENDS}`)).toBe(
      '&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; &lt;mark&gt;<mark>&lt;b&gt;</mark>',
    );
  });

  it('has the characters again that the search put others for', () => {
    expect(snippetHtml(`\u0005usr\u0005${MATCH_BEGINS}lib${MATCH_ENDS}\u0004x \u0006b>`)).toBe(
      '/usr/<mark>lib</mark>_x &lt;b&gt;',
    );
  });
});
