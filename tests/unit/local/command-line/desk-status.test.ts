import { describe, expect, test } from 'vitest';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import { type DeskState, deskStatus, statusLines } from '#local/command-line/desk-status.ts';
import { bookOf, folded, NOW, orderFilled } from '../../../support/desk-events.ts';
import { fallTo, invested } from '../../../support/drawdown.ts';

const DAY = 24 * 3_600_000;
const stateOf = (book: AccountBook, flag: DeskState['flag'] = null): DeskState => ({
  book,
  flag,
  policy: DEFAULT_RISK_POLICY,
});
const linesOf = (state: DeskState, now: number, name: string) =>
  statusLines(state, now)
    .filter((line) => line.startsWith(name))
    .map((line) => line.slice(13));

describe('the status of a desk', () => {
  test('that trades says nothing of resuming', () => {
    const state = stateOf(invested());
    expect(statusLines(state, NOW).join('\n')).toContain(
      'trading      ACTIVE\nequity       100000\nposition     AAPL',
    );
    expect(deskStatus(state, NOW).resume).toBeNull();
  });

  test('after a drawdown step says until when the cool-off runs, and each thing that is missing', () => {
    const state = stateOf(fallTo('96').book);
    expect(linesOf(state, NOW, 'trading')).toEqual(['REDUCING']);
    expect(linesOf(state, NOW, 'cool-off')).toEqual([`until ${instantText(NOW + DAY)}`]);
    expect(linesOf(state, NOW, 'resume')).toEqual([
      expect.stringMatching(/^not yet: the cool-off .* in 24\.0 hours$/),
      'not yet: the book is not flat: 1 position (AAPL) left',
    ]);
    expect(deskStatus(state, NOW).resume).toMatchObject({ highWater: 'anew' });
  });

  test('that may go on says so, and what drawdown is measured from then', () => {
    const sold = {
      intentId: 'I-1',
      execId: 's',
      role: 'stop',
      side: 'SELL',
      quantity: '1000',
      price: '96',
    } as const;
    const flat = stateOf(folded(fallTo('96').book, orderFilled(sold)));
    expect(linesOf(flat, NOW + DAY, 'resume')).toEqual([
      'a person with a reason may; drawdown is then measured anew',
    ]);
    const byHand = stateOf(bookOf(), {
      halted: true,
      by: 'ana',
      reason: 'a strange market',
      at: instantText(NOW),
    });
    expect(linesOf(byHand, NOW, 'trading')).toEqual(['HALTED by ana: a strange market']);
    expect(linesOf(byHand, NOW, 'resume')).toEqual([
      'a person with a reason may; drawdown is then measured from the highest equity as before',
    ]);
  });

  test('of which nothing is known yet says that', () => {
    expect(statusLines(stateOf(EMPTY_BOOK), NOW).slice(0, 3)).toEqual([
      `time         ${instantText(NOW)} (session none yet)`,
      'trading      ACTIVE',
      'equity       not known yet',
    ]);
  });
});
