/** Whether real money is at stake. Live takes two independent settings and an account that is a live one. */
export type TradingMode = 'paper' | 'live';

/** The bridge must not trade with these settings or on this account. */
export class TradingModeError extends Error {
  readonly code = 'TradingModeRefused';
  readonly retryable = false;
  constructor(what: string) {
    super(`the broker bridge refuses to trade: ${what}`);
    this.name = 'TradingModeError';
  }
}

/** Port of a live IB Gateway by Interactive Brokers' convention; live TWS listens on 7496. */
const LIVE_PORTS: ReadonlySet<number> = new Set([4001, 7496]);
/** Paper accounts of Interactive Brokers begin so. */
const PAPER_PREFIX = 'DU';

/** Checks the settings before anything is connected. @throws TradingModeError */
export function requireConsistentMode(mode: TradingMode, port: number, liveConfirmed: string | null): void {
  switch (mode) {
    case 'paper':
      if (LIVE_PORTS.has(port)) {
        throw new TradingModeError(
          `mode paper with port ${port}, where a live gateway listens; use the paper gateway's port (4002), or set the mode deliberately`,
        );
      }
      return;
    case 'live':
      if (liveConfirmed === null) {
        throw new TradingModeError(
          'mode live without its second switch; set LIVE_TRADING_CONFIRMED to the account id as well',
        );
      }
      return;
  }
}

/** Checks the account that the broker names. @returns why it must not be traded, or null */
export function accountRefusal(
  mode: TradingMode,
  account: string,
  liveConfirmed: string | null,
): string | null {
  const isPaper = account.startsWith(PAPER_PREFIX);
  switch (mode) {
    case 'paper':
      return isPaper ? null : `mode paper with account ${account}, which does not begin with ${PAPER_PREFIX}`;
    case 'live':
      if (isPaper) return `mode live with the paper account ${account}`;
      return liveConfirmed === account
        ? null
        : `account ${account} is not the one that LIVE_TRADING_CONFIRMED names (${liveConfirmed ?? 'none'})`;
  }
}

/**
 * The account to trade of those that the gateway names.
 * @throws TradingModeError where it is not clear which, or where it does not go with the mode
 */
export function chooseAccount(
  accounts: readonly string[],
  wanted: {
    readonly account: string | null;
    readonly mode: TradingMode;
    readonly liveConfirmed: string | null;
  },
): string {
  const chosen = wanted.account ?? (accounts.length === 1 ? accounts[0] : undefined);
  if (chosen === undefined || !accounts.includes(chosen))
    throw new TradingModeError(
      `the gateway has the accounts ${accounts.join(', ') || '(none)'}; set BROKER_ACCOUNT to the one to trade`,
    );
  const refusal = accountRefusal(wanted.mode, chosen, wanted.liveConfirmed);
  if (refusal !== null) throw new TradingModeError(refusal);
  return chosen;
}

/**
 * A book is of one account: its cash, positions and limits say nothing of another.
 * @param book the account that the desk's book was opened for; null before that
 * @throws TradingModeError
 */
export function requireSameAccount(book: string | null, chosen: string): void {
  if (book === null || book === chosen) return;
  throw new TradingModeError(
    `the desk's book is of account ${book}, and the gateway's is ${chosen}; log in to ${book}, set BROKER_ACCOUNT where the login has both, or give the other account a desk of its own`,
  );
}
