import { isLive, opens } from '#core/portfolio/account-book.ts';
import { openLayers } from '#core/portfolio/position.ts';
import { found, type Limit } from './limit.ts';

const killSwitch: Limit = ({ haltFlag }) =>
  found(
    'kill-switch',
    haltFlag === null || !haltFlag.halted,
    'off',
    haltFlag?.halted ? `on, by ${haltFlag.by}: ${haltFlag.reason}` : 'off',
    'trading is halted by the kill switch; resume with a reason',
  );

const tradingState: Limit = ({ book }) =>
  found(
    'trading-state',
    book.trading.state === 'ACTIVE',
    'ACTIVE',
    book.trading.state,
    `the desk may open nothing while ${book.trading.state}: ${book.trading.reason ?? 'no reason recorded'}`,
  );

const restricted: Limit = ({ policy, intent }) =>
  found(
    'restricted',
    !policy.restricted.includes(intent.instrument),
    'not on the restricted list',
    intent.instrument,
    'the instrument is on the restricted list',
  );

const instrumentHalt: Limit = ({ policy, intent }) =>
  found(
    'instrument-halt',
    !policy.halted.includes(intent.instrument),
    'not halted',
    intent.instrument,
    'trading in the instrument is halted',
  );

const tradable: Limit = ({ instrument, intent }) =>
  found(
    'tradable',
    instrument?.tradable === true,
    'tradable',
    intent.instrument,
    'the instrument is an input only; no orders are allowed in it',
  );

/** Every share of equity is measured in the account's currency, one unit a unit of price: nothing else can be measured yet. */
const baseCurrency: Limit = ({ instrument, book }) =>
  found(
    'currency',
    instrument?.currency === book.currency && instrument.multiplier === '1',
    `priced in ${book.currency}, multiplier 1`,
    `${instrument?.currency ?? 'unknown'}, multiplier ${instrument?.multiplier ?? 'unknown'}`,
    "exposure can be measured only in the account's own currency",
  );

const regularSession: Limit = ({ session }) =>
  found(
    'session',
    session !== null,
    'regular hours',
    session === null ? 'closed' : 'open',
    'the market of the instrument is closed',
  );

const closingWindow: Limit = ({ session, now, policy }) => {
  const left = session === null ? 0 : (session.close - now) / 60_000;
  return found(
    'closing-window',
    left > policy.closingMinutes,
    `more than ${policy.closingMinutes} minutes before the close`,
    `${left.toFixed(1)} minutes`,
    'only reductions are allowed this close to the end of the session',
  );
};

/** An opening sale opens a short layer, whatever else is held: closing a long goes by `closes`. */
const shortSale: Limit = ({ policy, intent }) =>
  found(
    'short-sale',
    policy.shortSelling || intent.side === 'BUY',
    policy.shortSelling ? 'allowed' : 'not allowed',
    intent.side === 'SELL' ? 'sells short' : intent.side,
    'the policy does not allow short sales',
  );

/** A second entry would be an addition without the rules of pyramiding, or a hedge against oneself. */
const singleEntry: Limit = ({ book, intent }) => {
  if (intent.purpose !== 'entry') return null;
  const held = openLayers(book.positions[intent.instrument])[0]?.intentId;
  const working = Object.values(book.orders).find(
    (order) => isLive(order) && opens(order.intent) && order.intent.instrument === intent.instrument,
  )?.intent.intentId;
  const other = held ?? working;
  return found(
    'single-entry',
    other === undefined,
    'nothing held or working in the instrument',
    other ?? 'nothing',
    'a position grows by its pyramiding plan only; close it before entering anew',
  );
};

/** Whether anything may be opened in this instrument now, before any amount is looked at. */
export const permissionLimits: readonly Limit[] = [
  killSwitch,
  tradingState,
  restricted,
  instrumentHalt,
  tradable,
  baseCurrency,
  regularSession,
  closingWindow,
  shortSale,
  singleEntry,
];
