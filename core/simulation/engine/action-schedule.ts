import { actionsOf, type CorporateAction, effectiveAt } from '#core/market/corporate-actions.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { InvalidSimulationError } from './errors.ts';
import type { SimulatedInstrument } from './options.ts';

/** An action that changes units or money. */
type Effective = Exclude<CorporateAction, { readonly kind: 'symbol-change' }>;

/** A corporate action with the instant at which it takes effect. */
export interface DatedAction {
  readonly action: Effective;
  readonly at: EpochMillis;
}

/** The end of an instrument, with what a unit of it is worth then; null where nobody knows. */
export interface Delisting {
  readonly instrument: number;
  readonly name: string;
  readonly exDate: string;
  readonly finalValue: string | null;
  readonly worth: number | null;
}

const isEffective = (action: CorporateAction): action is Effective => action.kind !== 'symbol-change';

/** The corporate actions that are still to come, by instrument. */
export class ActionSchedule {
  /** When the next action of each instrument is due; infinity where there is none. */
  readonly nextAt: Float64Array;
  /** When the next delisting of any instrument is due. */
  nextDelisting = Number.POSITIVE_INFINITY;
  /** Latest first, so that the next one is at the end. */
  readonly #actions: readonly DatedAction[][];
  readonly #delisted: Uint8Array;

  constructor(instruments: readonly SimulatedInstrument[]) {
    this.#actions = instruments.map(({ instrument, actions = [] }) =>
      actionsOf(actions, instrument.id)
        .filter(isEffective)
        .map((action) => ({ action, at: effectiveAt(action, instrument.sessionTemplate) }))
        .reverse(),
    );
    this.nextAt = new Float64Array(instruments.length);
    this.#delisted = new Uint8Array(instruments.length);
    for (let i = 0; i < instruments.length; i++) this.#findNext(i);
    this.#findNextDelisting();
  }

  /** The first split of any instrument, or undefined. */
  firstSplit(): DatedAction | undefined {
    return this.#actions.flat().find(({ action }) => action.kind === 'split');
  }

  isDelisted(instrument: number): boolean {
    return this.#delisted[instrument] === 1;
  }

  /** Takes what is due when a bar opens, oldest first. */
  take(instrument: number, openTime: EpochMillis): readonly DatedAction[] {
    const waiting = this.#actions[instrument] as DatedAction[];
    const due: DatedAction[] = [];
    for (let next = waiting.at(-1); next !== undefined && next.at <= openTime; next = waiting.at(-1)) {
      due.push(next);
      waiting.pop();
    }
    this.#findNext(instrument);
    return due;
  }

  /** Takes the delistings that are due. @throws InvalidSimulationError for a final value that is none */
  takeDelistings(now: EpochMillis): readonly Delisting[] {
    const due: Delisting[] = [];
    for (const [instrument, [last]] of this.#actions.entries()) {
      if (last === undefined || last.action.kind !== 'delisting') continue;
      if (last.at > now || this.isDelisted(instrument)) continue;
      this.#delisted[instrument] = 1;
      const { instrument: name, exDate, finalValue } = last.action;
      const worth = finalValue === null ? null : Number(finalValue);
      if (worth !== null && !(Number.isFinite(worth) && worth >= 0))
        throw new InvalidSimulationError(
          `the final value ${JSON.stringify(finalValue)} of ${name} is not a decimal of zero or more`,
        );
      due.push({ instrument, name, exDate, finalValue, worth });
    }
    this.#findNextDelisting();
    return due;
  }

  #findNext(instrument: number): void {
    this.nextAt[instrument] = this.#actions[instrument]?.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  }

  #findNextDelisting(): void {
    this.nextDelisting = Number.POSITIVE_INFINITY;
    this.#actions.forEach(([last], instrument) => {
      if (last?.action.kind === 'delisting' && !this.isDelisted(instrument))
        this.nextDelisting = Math.min(this.nextDelisting, last.at);
    });
  }
}
