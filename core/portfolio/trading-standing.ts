import type { TradingState } from '#contracts/events/desk.ts';

/** A step of the drawdown breaker from which only a person leads back: reduce-only, and at the limit the halt. */
export type DrawdownStep = 'reduce' | 'halt';

/** What the desk may do, since when, why, and what a drawdown asks of whoever resumes. */
export interface TradingStanding {
  readonly state: TradingState;
  readonly since: string | null;
  readonly reason: string | null;
  /** The end of the cool-off that the last drawdown step began; null where no drawdown step stands. */
  readonly coolOffUntil: string | null;
  /**
   * The lowest drawdown step that stands, whatever else has stopped trading besides. Books of earlier versions lack it: see
   * {@link drawdownStepOf}.
   */
  readonly drawdownStep?: DrawdownStep | null;
  readonly warned: boolean;
  /** A halt asked for every position to be closed: each valuation tries again until trading goes on. */
  readonly flattening?: boolean;
}

/** The drawdown step that stands, or null. In books of earlier versions only the halt began a cool-off. */
export const drawdownStepOf = ({ drawdownStep, coolOffUntil }: TradingStanding): DrawdownStep | null =>
  drawdownStep ?? (coolOffUntil === null ? null : 'halt');
