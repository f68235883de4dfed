import { describe, expect, it } from 'vitest';
import { EVENTS } from '#contracts/registry.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { afterHalt, afterRevaluation } from '#core/risk/breaker-orders.ts';
import { haltByHand } from '#core/risk/halt-by-hand.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { resumeOutlook, resumption } from '#core/risk/resume.ts';
import { instantText } from '#core/values/clock.ts';
import { bookOf, folded, NOW, orderFilled } from '../../../support/desk-events.ts';
import { fallTo, invested } from '../../../support/drawdown.ts';

const ANA = { by: 'ana', reason: 'a strange market' };
const HOUR = 3_600_000;

/** A person halts: what is asked for, and the book after it is booked. */
function halt(book: AccountBook, flatten: boolean, flag: HaltFlag | null = null, now = NOW) {
  const halting = haltByHand({ book, flag, version: 0 }, { ...ANA, flatten }, now);
  if (halting === null) return null;
  expect(EVENTS.TradingHalted.data.safeParse(halting.entry.event.data).success).toBe(true);
  return { ...halting, data: halting.entry.event.data, book: folded(book, halting.entry.event) };
}
const closings = (book: AccountBook) => {
  const value = valuation(book, 'bar', 'AAPL');
  if (value === null) throw new Error('the book has no value');
  return afterRevaluation(book, value, NOW).flatten.map(({ closes, strategy }) => [closes, strategy]);
};

describe('a halt by hand', () => {
  it('keeps positions under their stops unless they are to be closed', () => {
    const kept = halt(invested(), false);
    expect(kept?.data).toMatchObject({ limit: 'kill-switch', flatten: false, layers: [] });
    expect(kept?.flag).toMatchObject({ halted: true, ...ANA });
    expect(kept?.book.trading).toMatchObject({ state: 'HALTED', coolOffUntil: null });
    expect(closings(kept?.book ?? bookOf())).toEqual([]);
  });

  it('that flattens closes every layer at once, and again at each valuation until trading goes on', () => {
    const halted = halt(invested(), true);
    if (halted === null) throw new Error('it was to halt');
    expect(halted.data.layers).toMatchObject([{ intentId: 'I-1', instrument: 'AAPL', quantity: '1000' }]);
    expect(afterHalt(halted.data, 'cause', NOW)).toMatchObject({
      cancel: { intentId: null, includeStops: false },
      flatten: [{ purpose: 'flatten', closes: 'I-1', quantity: '1000', strategy: 'operator' }],
    });
    expect(closings(halted.book)).toEqual([['I-1', 'operator']]);

    const { entry } = resumption({ by: 'ana', reason: 'all is well again' }, 'kept', 2, NOW + HOUR);
    const resumed = folded(halted.book, entry.event);
    expect(resumed.trading).toMatchObject({ state: 'ACTIVE' });
    expect(resumed.trading.flattening).toBeUndefined();
    expect(closings(resumed)).toEqual([]);
  });

  it('may flatten what an earlier halt kept; asked for again, nothing happens', () => {
    const kept = halt(invested(), false);
    if (kept === null) throw new Error('it was to halt');
    expect(halt(kept.book, false, kept.flag)).toBeNull();

    const flattened = halt(kept.book, true, kept.flag, NOW + HOUR);
    expect(flattened?.book.trading).toMatchObject({ state: 'HALTED', flattening: true });
    expect(closings(flattened?.book ?? bookOf())).toEqual([['I-1', 'operator']]);
    expect(halt(flattened?.book ?? bookOf(), true, kept.flag)).toBeNull();

    // A resumption that did not know of it does not end it.
    const { entry } = resumption({ by: 'bo', reason: 'ana is mistaken' }, 'kept', 2, NOW + HOUR / 2);
    expect(folded(flattened?.book ?? bookOf(), entry.event).trading).toMatchObject({ flattening: true });
  });

  it('goes on flattening while a drawdown step comes, and so leads out of reduce-only', () => {
    const flattening = halt(invested(), true)?.book ?? bookOf();
    const reduced = fallTo('96', flattening).book;
    expect(reduced.trading).toMatchObject({ state: 'HALTED', drawdownStep: 'reduce', flattening: true });
    expect(closings(reduced)).toEqual([['I-1', 'operator']]);
    expect(closings(fallTo('95', reduced, 90).book)).toEqual([['I-1', 'drawdown-breaker']]);

    const given = halt(fallTo('96').book, true)?.book ?? bookOf();
    const flat = folded(
      given,
      orderFilled({
        intentId: 'I-1',
        execId: 'f',
        role: 'stop',
        side: 'SELL',
        quantity: '1000',
        price: '96',
      }),
    );
    expect(closings(flat)).toEqual([]);
    expect(resumeOutlook(flat, DEFAULT_RISK_POLICY, NOW + 24 * HOUR)).toEqual({
      highWater: 'anew',
      missing: [],
    });
  });

  it('where the switch was thrown past the journal tells the journal, under the number of that switch', () => {
    const flag = { halted: true, by: 'Jane Doe', reason: 'by hand', at: instantText(NOW) };
    const told = haltByHand({ book: invested(), flag, version: 3 }, { ...ANA, flatten: false }, NOW);
    expect(told?.flag).toBeNull();
    expect(told?.entry).toMatchObject({ key: 'operator/3', event: { data: { ...ANA, flatten: false } } });
    // The same that a halt journals which throws the switch for the third time: the journal takes one of the two.
    const thrown = haltByHand({ book: invested(), flag: null, version: 2 }, { ...ANA, flatten: false }, NOW);
    expect(thrown?.entry.event.metadata.id).toBe(told?.entry.event.metadata.id);
  });

  it('without a value names no layers: they are closed when there is one', () => {
    const unknown = { ...invested(), marks: {} };
    const halted = halt(unknown, true);
    expect(halted?.data).toMatchObject({ flatten: true, layers: [] });
    expect(closings({ ...(halted?.book ?? bookOf()), marks: invested().marks })).toEqual([
      ['I-1', 'operator'],
    ]);
  });
});
