import { expect, it } from 'vitest';
import { html, trusted } from '#local/report/markup.ts';

const HOSTILE = `</title><script>alert('x')</script>"&`;

it('escapes what is put in, in text and in attributes', () => {
  expect(html`<p title="${HOSTILE}">${HOSTILE}</p>`.markup).toBe(
    '<p title="&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;">&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;</p>',
  );
});
it('takes markup as it is, one or many, and nothing for null', () => {
  const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`);
  expect(html`<ul>${items}</ul>${null}${trusted('<hr>')}`.markup).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li></ul><hr>',
  );
});
