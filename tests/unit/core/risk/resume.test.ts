import { describe, expect, it } from 'vitest';
import { EVENTS } from '#contracts/registry.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { reduceOnly } from '#core/risk/breakers.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { decideResume, resumeOutlook, resumption } from '#core/risk/resume.ts';
import { instantText } from '#core/values/clock.ts';
import {
  at,
  barClosed,
  bookOf,
  deskEvent,
  exitOf,
  folded,
  intentOf,
  NOW,
  orderFilled,
  sessionPrepared,
  withOrder,
} from '../../../support/desk-events.ts';
import { byHand, fallTo, invested } from '../../../support/drawdown.ts';

const DAY = 24 * 3_600_000;
const ANA = { by: 'ana', reason: 'the cause was found' };
const decide = (book: AccountBook, now: number) => decideResume(book, DEFAULT_RISK_POLICY, ANA, now);
const refusal = (book: AccountBook, now: number) => {
  const decision = decide(book, now);
  return decision.kind === 'refused' ? decision.explanation : decision.kind;
};

/** The 1000 AAPL are sold at their stop. */
const stoppedOut = (book: AccountBook, price: string) =>
  folded(
    book,
    orderFilled({ intentId: 'I-1', execId: 's', role: 'stop', side: 'SELL', quantity: '1000', price }),
  );

/** What the ledger makes of a resumption as it is journaled. */
function resumedAt(book: AccountBook, now: number): AccountBook {
  const decision = decide(book, now);
  if (decision.kind === 'refused') throw new Error(decision.explanation);
  return folded(book, resumption(ANA, decision.highWater, 1, now).entry.event);
}

describe('whoever resumes', () => {
  it.each([
    ['nobody', ' ', 'the cause was found'],
    ['a person without a reason', 'ana', ' because '],
  ])('%s is refused', (_, by, reason) => {
    expect(decideResume(bookOf(), DEFAULT_RISK_POLICY, { by, reason }, NOW)).toEqual({
      kind: 'refused',
      explanation: 'resuming needs the name of a person and a reason of at least ten characters',
    });
  });

  it('is journaled with what is measured from then on, and lets the kill switch go', () => {
    const { entry, flag } = resumption(ANA, 'anew', 7, NOW);
    expect(EVENTS.TradingResumed.data.parse(entry.event.data)).toEqual({ ...ANA, highWater: 'anew' });
    expect(entry).toMatchObject({ key: 'operator/7', event: { metadata: { sender: 'operator' } } });
    expect(flag).toEqual({ halted: false, ...ANA, at: instantText(NOW) });
  });
});

describe('out of a drawdown', () => {
  describe.each([
    ['the reduce step', '96', 'the cool-off after the drawdown step of 4.00 % ends at'],
    ['the halt', '95', 'the cool-off after the drawdown halt ends at'],
  ])('after %s', (_, price, words) => {
    const fallen = fallTo(price).book;
    const flat = stoppedOut(fallen, price);

    it('is refused until the cool-off is over', () => {
      expect(refusal(flat, NOW + DAY - 1)).toContain(words);
      expect(refusal(flat, NOW + DAY / 2)).toContain('in 12.0 hours');
      expect(decide(flat, NOW + DAY)).toEqual({ kind: 'resumed', highWater: 'anew' });
    });

    it('is refused while anything is held or works, and says what', () => {
      expect(refusal(fallen, NOW + DAY)).toBe('the book is not flat: 1 position (AAPL) left');
      const working = withOrder(withOrder(fallen, exitOf('I-1', '500')), intentOf({ intentId: 'I-2' }));
      expect(refusal(working, NOW + DAY)).toBe(
        'the book is not flat: 1 position (AAPL) and 2 live orders (I-2, X-I-1) left',
      );
      expect(refusal(withOrder(flat, intentOf({ intentId: 'I-2' })), NOW + DAY)).toContain(
        '1 live order (I-2)',
      );
    });

    it('names all that is missing at once', () => {
      expect(resumeOutlook(fallen, DEFAULT_RISK_POLICY, NOW).missing).toHaveLength(2);
      expect(refusal(fallen, NOW)).toContain('; the book is not flat');
    });

    it('measures anew from the equity of then, so that the same fall trips nothing again', () => {
      const anew = resumedAt(flat, NOW + DAY);
      expect(anew.trading).toMatchObject({ state: 'ACTIVE', coolOffUntil: null, warned: false });
      expect(anew.highWater).toBe(`${price}000`);
      expect(fallTo(price, anew, 90).events).toEqual([]);
    });

    it("keeps the cool-off through somebody's own halt, which is no way around it", () => {
      const halted = byHand(flat, NOW + DAY / 2);
      expect(refusal(halted, NOW + DAY - 1)).toContain(words);
      expect(decide(halted, NOW + DAY)).toEqual({ kind: 'resumed', highWater: 'anew' });
    });

    it('does not know what it has lost while the equity is not known', () => {
      expect(refusal({ ...fallen, marks: {} }, NOW + DAY)).toContain('the equity is not known');
    });
  });

  it('recovered from the reduce step it needs neither, and keeps the high', () => {
    const recovered = fallTo('96.01', fallTo('96').book, 90).book;
    expect(decide(recovered, NOW)).toEqual({ kind: 'resumed', highWater: 'kept' });
    expect(resumedAt(recovered, NOW + 1).highWater).toBe('100000');
    expect(fallTo('95.5', resumedAt(recovered, NOW + 1), 105).events).toMatchObject([
      { type: 'TradingReducing' },
    ]);
  });

  it('recovered from a halt it needs both all the same, and keeps the high', () => {
    const recovered = stoppedOut(fallTo('95').book, '97');
    expect(refusal(recovered, NOW + DAY - 1)).toContain('the cool-off after the drawdown halt');
    expect(decide(recovered, NOW + DAY)).toEqual({ kind: 'resumed', highWater: 'kept' });
    expect(resumedAt(recovered, NOW + DAY).highWater).toBe('100000');
  });

  it('counts the cool-off of a book from before there was one from when it was stopped', () => {
    const { drawdownStep: _, ...trading } = { ...fallTo('96').book.trading, coolOffUntil: null };
    const earlier = { ...stoppedOut(fallTo('96').book, '96'), trading };
    expect(refusal(earlier, NOW + DAY - 1)).toContain('drawdown step of 4.00 %');
    expect(decide(earlier, NOW + DAY)).toEqual({ kind: 'resumed', highWater: 'anew' });

    const { drawdownStep: __, ...halted } = fallTo('95').book.trading;
    expect(refusal({ ...earlier, trading: halted }, NOW + DAY - 1)).toContain('drawdown halt');
  });

  it('asks for a halt first where a fall has begun no cool-off', () => {
    const unmeasured = { ...bookOf(), highWater: '110000' };
    expect(refusal(unmeasured, NOW)).toBe('no cool-off has begun; halt trading, and it counts from the halt');
    expect(decide(byHand(unmeasured), NOW + DAY).kind).toBe('resumed');
  });
});

describe('otherwise', () => {
  it.each([
    ['trading that was never stopped', bookOf()],
    ["somebody's own halt, with positions", byHand(fallTo('96.5').book)],
    ['reduce-only of another cause', reduceOnly(invested(), new Error('an execution of nobody'), NOW).book],
  ])('%s goes on at once and keeps the high', (_, book) => {
    expect(decide(book, NOW)).toEqual({ kind: 'resumed', highWater: 'kept' });
    expect(resumedAt({ ...book, highWater: '100100' }, NOW).highWater).toBe('100100');
  });

  it('an account that nobody has told of has lost nothing', () => {
    expect(decide(byHand(EMPTY_BOOK), NOW)).toEqual({ kind: 'resumed', highWater: 'kept' });
  });

  it('lets disabled strategies trade again, which a new session does not', () => {
    const disabled = { flow: { since: '2018-01-23T15:00:00.000Z', reason: 'it kept re-entering' } };
    expect(resumedAt(bookOf({ disabled }), NOW).disabled).toEqual({});
    expect(folded(bookOf({ disabled }), sessionPrepared('2018-01-24')).disabled).toEqual(disabled);
  });
});

describe('the ledger', () => {
  const anew = (book: AccountBook, occurredAt: number, data: object = { highWater: 'anew' }) =>
    folded(book, deskEvent('TradingResumed', { ...ANA, ...data }, { occurredAt }));

  it('takes no resumption that was decided before trading was last stopped', () => {
    const halted = fallTo('95').book;
    expect(anew(halted, NOW - 1)).toBe(halted);
    expect(anew(halted, NOW).trading.state).toBe('ACTIVE');
  });

  it.each([
    ['the same once more', NOW],
    ['an earlier one, from the dead letters', NOW - 1],
  ])('forgives nothing again for a resumption that trading has gone on from: %s', (_, occurredAt) => {
    const resumed = anew(fallTo('95').book, NOW);
    const losing = {
      ...folded(resumed, barClosed('92', 120)),
      disabled: { flow: { since: at(90), reason: 'it kept re-entering' } },
    };
    expect(anew(losing, occurredAt)).toBe(losing);
    expect(anew(losing, NOW + 1)).toMatchObject({ highWater: '92000', disabled: {} });
  });

  it('takes those of an earlier version as that did: anew after a halt alone', () => {
    expect(anew(fallTo('95').book, NOW, {}).highWater).toBe('95000');
    expect(anew(fallTo('96').book, NOW, {}).highWater).toBe('100000');
  });
});
