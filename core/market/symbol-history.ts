import type { EpochMillis } from '#core/values/clock.ts';
import { barBuilder } from './bar-builder.ts';
import type { BarSeries } from './bars.ts';
import type { CivilDate } from './civil-date.ts';
import { type CorporateAction, effectiveAt } from './corporate-actions.ts';
import type { InstrumentId, SessionTemplate } from './instrument.ts';

type SymbolChange = Extract<CorporateAction, { kind: 'symbol-change' }>;
type Delisting = Extract<CorporateAction, { kind: 'delisting' }>;

/** An id under which an instrument traded, from `from` (inclusive) to `until` (exclusive); null: from ever, or until now. */
export interface SymbolSpan {
  readonly instrument: InstrumentId;
  readonly from: CivilDate | null;
  readonly until: CivilDate | null;
}

function symbolChanges(actions: readonly CorporateAction[]): readonly SymbolChange[] {
  return actions
    .filter((action) => action.kind === 'symbol-change')
    .sort((a, b) => (a.exDate < b.exDate ? -1 : a.exDate > b.exDate ? 1 : 0));
}

/**
 * The ids under which the instrument that is now `id` has traded, oldest first. Ids are used again by other companies, so
 * only changes before the span that they lead to count.
 */
export function symbolHistory(actions: readonly CorporateAction[], id: InstrumentId): readonly SymbolSpan[] {
  const changes = symbolChanges(actions);
  const spans: SymbolSpan[] = [];
  let current = id;
  let until: CivilDate | null = null;
  for (;;) {
    const change = changes.findLast(
      (candidate) => candidate.newInstrument === current && (until === null || candidate.exDate < until),
    );
    spans.unshift({ instrument: current, from: change?.exDate ?? null, until });
    if (change === undefined) return spans;
    until = change.exDate;
    current = change.instrument;
  }
}

/** The id on `date` of the instrument that was `id` on `since`: follows the changes between. */
export function symbolOn(
  actions: readonly CorporateAction[],
  id: InstrumentId,
  since: CivilDate,
  date: CivilDate,
): InstrumentId {
  let current = id;
  for (const change of symbolChanges(actions)) {
    if (change.exDate > since && change.exDate <= date && change.instrument === current)
      current = change.newInstrument;
  }
  return current;
}

/** The actions of an instrument over all its ids, each under the current one; symbol changes are taken up in that. */
export function actionsOverHistory(
  actions: readonly CorporateAction[],
  id: InstrumentId,
): readonly CorporateAction[] {
  const spans = symbolHistory(actions, id);
  return actions.flatMap((action) => {
    if (action.kind === 'symbol-change') return [];
    const inSpan = spans.some(
      (span) =>
        span.instrument === action.instrument &&
        (span.from === null || action.exDate >= span.from) &&
        (span.until === null || action.exDate < span.until),
    );
    return inSpan ? [{ ...action, instrument: id }] : [];
  });
}

/**
 * One raw series over all ids of an instrument, under its current id: of each id's bars those inside its span. Bars of an
 * id outside its span belong to another company and are left out. An id without bars leaves a gap for the quality check.
 * @throws RangeError where the series differ in interval
 */
export function joinSymbolHistory(
  seriesOf: (id: InstrumentId) => BarSeries | undefined,
  actions: readonly CorporateAction[],
  id: InstrumentId,
  template: SessionTemplate,
): BarSeries | undefined {
  const parts = symbolHistory(actions, id).flatMap((span) => {
    const series = seriesOf(span.instrument);
    return series === undefined ? [] : [{ span, series }];
  });
  const first = parts[0];
  if (first === undefined) return undefined;
  const result = barBuilder(
    id,
    first.series.interval,
    parts.reduce((sum, { series }) => sum + series.length, 1),
  );
  const edge = (exDate: CivilDate | null, otherwise: number): EpochMillis =>
    exDate === null
      ? otherwise
      : effectiveAt({ kind: 'symbol-change', instrument: id, exDate, newInstrument: id }, template);
  for (const { span, series } of parts) {
    if (JSON.stringify(series.interval) !== JSON.stringify(first.series.interval)) {
      throw new RangeError(
        `the bars of ${span.instrument} have another interval than those of ${first.span.instrument}`,
      );
    }
    const from = edge(span.from, Number.NEGATIVE_INFINITY);
    const until = edge(span.until, Number.POSITIVE_INFINITY);
    for (let i = 0; i < series.length; i++) {
      const openTime = series.openTime[i] as number;
      if (openTime < from || openTime >= until) continue;
      result.push(
        openTime,
        series.closeTime[i] as number,
        series.open[i] as number,
        series.high[i] as number,
        series.low[i] as number,
        series.close[i] as number,
        series.volume[i] as number,
      );
    }
  }
  return result.take();
}

/** The delisting of an instrument that is effective by `asOf`, or undefined while it trades. */
export function delistingBy(
  actions: readonly CorporateAction[],
  id: InstrumentId,
  template: SessionTemplate,
  asOf: EpochMillis,
): Delisting | undefined {
  return actions.find(
    (action): action is Delisting =>
      action.kind === 'delisting' && action.instrument === id && effectiveAt(action, template) <= asOf,
  );
}
