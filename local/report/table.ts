import { type Content, html, type Markup } from './markup.ts';

/** A column: its heading, and whether it holds words rather than figures, or can be done without on a phone. */
export interface Column {
  readonly heading: string;
  readonly words?: boolean;
  readonly spare?: boolean;
  /** A heading for screen readers only: the caption says it to the eye. */
  readonly unseen?: boolean;
}

const classOf = ({ words, spare }: Column): string =>
  [words === true ? 'words' : 'figure', ...(spare === true ? ['spare'] : [])].join(' ');

/** A table; the first cell of each row names it. A wide one scrolls in itself, so that the page never does. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Markup {
  const head = columns.map((column) => {
    const { heading, unseen } = column;
    const text = unseen === true ? html`<span class="unseen">${heading}</span>` : heading;
    return html`<th scope="col" class="${classOf(column)}">${text}</th>`;
  });
  const hidden = columns.every(({ unseen }) => unseen === true) ? 'unseen' : '';
  const body = rows.map((row) => {
    const cells = row.map((content, index) => {
      const name = classOf(columns[index] ?? { heading: '' });
      return index === 0
        ? html`<th scope="row" class="${name}">${content}</th>`
        : html`<td class="${name}">${content}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead class="${hidden}"><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
