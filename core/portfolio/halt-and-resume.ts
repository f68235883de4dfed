import type { DeskEvent } from '#contracts/registry.ts';
import { decimalText } from '#core/values/decimal.ts';
import { type AccountBook, equity } from './account-book.ts';
import { drawdownStepOf } from './trading-standing.ts';

/**
 * Books a halt, or what it asks beyond one that stands: that positions are closed. A drawdown step that stands, and its
 * cool-off, outlive whoever else halts.
 */
export function halted(book: AccountBook, { metadata, data }: DeskEvent<'TradingHalted'>): AccountBook {
  const { trading } = book;
  const flattens = data.flatten && data.limit !== 'drawdown' && trading.flattening !== true;
  if (trading.state === 'HALTED' && !flattens) return book;
  return {
    ...book,
    trading: {
      ...trading,
      state: 'HALTED',
      since: metadata.occurredAt,
      reason: data.reason,
      ...(flattens ? { flattening: true } : {}),
    },
  };
}

/**
 * Books a resumption that was decided at its `occurredAt`. One that was decided before trading was last reduced or halted is
 * void: whoever resumed did not know of it. So is one that trading has gone on from already, or that was decided before it
 * did: told again, or late, it would measure the drawdown anew without anybody having looked. An event without `highWater`
 * is of an earlier version, which measured anew after a halt alone.
 */
export function resumed(book: AccountBook, { metadata, data }: DeskEvent<'TradingResumed'>): AccountBook {
  const { state, since } = book.trading;
  const { occurredAt } = metadata;
  if (since !== null && (state === 'ACTIVE' ? since >= occurredAt : since > occurredAt)) return book;
  const highWater = data.highWater ?? (drawdownStepOf(book.trading) === 'halt' ? 'anew' : 'kept');
  const value = highWater === 'anew' ? equity(book) : null;
  return {
    ...book,
    disabled: {},
    highWater: value === null ? book.highWater : decimalText(value),
    trading: {
      state: 'ACTIVE',
      since: occurredAt,
      reason: data.reason,
      coolOffUntil: null,
      drawdownStep: null,
      warned: false,
    },
  };
}
