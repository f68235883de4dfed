import { type Content, html, type Markup } from './markup.ts';
import { levelPath, place } from './path.ts';
import { type Axis, BOX, type Tick } from './scale.ts';

/** What a line stands for; the style gives each its colour and dash, so that they differ without colour too. */
export type Role = 'own' | 'market' | 'limit' | 'zero';

/** An entry of a legend. */
export interface LegendEntry {
  readonly role: Role | 'gain' | 'loss';
  readonly name: string;
}

/** One plot: shapes in a box of 1000 by 1000 that the page stretches, labels beside it as text that stays readable. */
export interface Plot {
  /** Unique in the page; letters and hyphens. */
  readonly id: string;
  /** What the plot shows, for those who cannot see it: one sentence a fact. */
  readonly title: string;
  readonly description: string;
  readonly axis: Axis;
  readonly across: readonly Tick[];
  readonly shapes: readonly Markup[];
}

/** Labels from here on would hang over the edge of the page. */
const NEAR_THE_END = 970;

/** The plot without its frame. */
export function plot({ id, title, description, axis, across, shapes }: Plot, kind = ''): Markup {
  const vertical = axis.ticks.map(
    ({ at, label }) => html`<span style="top:${place(at / 10)}%">${label}</span>`,
  );
  const horizontal = across.map(
    ({ at, label }, index) =>
      html`<span class="${index % 2 === 0 ? 'major' : 'minor'}${at > NEAR_THE_END ? ' end' : ''}" style="left:${place(at / 10)}%">${label}</span>`,
  );
  const grid = axis.ticks.map(({ at }) => html`<path class="grid" d="${levelPath(at)}"/>`);
  return html`<div class="plot ${kind}"><div class="up" aria-hidden="true">${vertical}</div><svg viewBox="0 0 ${String(BOX)} ${String(BOX)}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-title ${id}-description"><title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>${grid}${shapes}</svg><div class="across" aria-hidden="true">${horizontal}</div></div>`;
}

export const line = (role: Role, path: string): Markup => html`<path class="line ${role}" d="${path}"/>`;
export const area = (role: Role, path: string): Markup => html`<path class="area ${role}" d="${path}"/>`;

/** A figure with heading, legend and plots; nothing where there is no plot, but the reason. */
export function chart(heading: string, note: Content, legend: readonly LegendEntry[], body: Content): Markup {
  const entries = legend.map(
    ({ role, name }) =>
      html`<span class="key"><i class="${role === 'gain' || role === 'loss' ? `square ${role}` : role}"></i>${name}</span>`,
  );
  return html`<figure class="chart"><figcaption><h3>${heading}</h3><p>${note}</p>${entries.length > 0 ? html`<p class="legend">${entries}</p>` : null}</figcaption>${body}</figure>`;
}
