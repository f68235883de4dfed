import { dividendAmount, splitRatio } from '#core/market/corporate-actions.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { ActionSchedule } from './action-schedule.ts';
import { InvalidSimulationError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { SimulatedInstrument } from './options.ts';
import type { SimulatedAccount } from './simulated-account.ts';

/** What corporate actions do to the rest of a simulation. */
export interface ActionEffects {
  cancelAll(instrument: number, reason: string): void;
  incident(kind: string, detail: string): void;
  /** A position ended with its instrument, at this price. */
  delisted(instrument: number, price: number, now: EpochMillis): void;
}

/** Carries out splits, dividends and delistings when they are due. */
export class ActionPlayer {
  readonly schedule: ActionSchedule;
  readonly #feeds: readonly Feed[];
  readonly #account: SimulatedAccount;
  readonly #effects: ActionEffects;

  constructor(
    instruments: readonly SimulatedInstrument[],
    feeds: readonly Feed[],
    account: SimulatedAccount,
    effects: ActionEffects,
  ) {
    this.schedule = new ActionSchedule(instruments);
    this.#feeds = feeds;
    this.#account = account;
    this.#effects = effects;
  }

  /** What is due when a bar of an instrument opens. @throws InvalidSimulationError for a bar of a delisted instrument */
  play(i: number, openTime: EpochMillis, now: EpochMillis): void {
    for (const { action } of this.schedule.take(i, openTime)) {
      switch (action.kind) {
        case 'split':
          // The broker cancels resting orders at a split: their prices and sizes mean something else now.
          this.#effects.cancelAll(i, 'a split changed the units');
          this.#account.split(now, i, splitRatio(action));
          break;
        case 'cash-dividend':
          this.#account.dividend(i, dividendAmount(action), action.currency);
          break;
        case 'delisting':
          throw barAfterDelisting(action.instrument, action.exDate);
      }
    }
  }

  /** Ends what was delisted by now. @throws InvalidSimulationError where it still has bars */
  delist(now: EpochMillis): void {
    const account = this.#account;
    for (const { instrument: i, name, exDate, finalValue, worth } of this.schedule.takeDelistings(now)) {
      const feed = this.#feeds[i] as Feed;
      if (feed.closed < feed.series.length) throw barAfterDelisting(name, exDate);
      this.#effects.cancelAll(i, 'the instrument was delisted');
      const held = account.books.quantity[i] as number;
      const ended = worth ?? (held > 0 ? 0 : (account.marks[i] as number));
      if (held !== 0) this.#effects.delisted(i, ended, now);
      account.delist(now, i, worth);
      this.#effects.incident(
        'delisting',
        `${name} ended at ${finalValue ?? 'an unknown value: longs get nothing, shorts pay the last close'}`,
      );
    }
  }

  /** Says which positions stand at a last close although their instrument is known to end after the last bar played. */
  reportPending(): void {
    for (const { instrument, name, exDate, finalValue } of this.schedule.takeDelistings(
      Number.POSITIVE_INFINITY,
    )) {
      const held = this.#account.books.quantity[instrument] as number;
      if (held === 0) continue;
      this.#effects.incident(
        'delisting-pending',
        `${name} is delisted on ${exDate}, after the last bar, at ${finalValue ?? 'an unknown value'}; ${held} units stand at their last close`,
      );
    }
  }
}

const barAfterDelisting = (instrument: string, exDate: string): InvalidSimulationError =>
  new InvalidSimulationError(`${instrument} has a bar after its delisting on ${exDate}; end its bars before`);
