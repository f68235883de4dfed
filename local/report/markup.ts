/** Text that is HTML already. Only {@link html} makes it, so that everything else is escaped on its way in. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, nothing is left out. Numbers are formatted before. */
export type Content = string | Markup | readonly Markup[] | null;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const isList = (content: Content): content is readonly Markup[] => Array.isArray(content);

function textOf(content: Content): string {
  if (content === null) return '';
  if (typeof content === 'string') return escaped(content);
  if (isList(content)) return content.map(({ markup }) => markup).join('');
  return content.markup;
}

/** HTML from a template; what is put in is escaped, in text and in quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return {
    markup: strings.reduce((text, part, index) => text + textOf(contents[index - 1] ?? null) + part),
  };
}

/** Constant text of the project's own, such as its style sheet, as it is. */
export const trusted = (markup: string): Markup => ({ markup });
