import type { EventType } from '#contracts/registry.ts';
import type { Observed } from './observer.ts';

/** What is shown of one decision cycle while the replay runs. */
export interface CycleLine {
  readonly session: string;
  readonly cycle: string;
  readonly answered: number;
  readonly abstained: number;
  readonly outcome: string;
  readonly orders: number;
  readonly equity: string | null;
  readonly drawdown: number | null;
}

interface Running {
  answered: number;
  abstained: number;
  orders: number;
}

/** Follows the cycles of a run; tells each that has ended. */
export function followCycles(tell: (line: CycleLine) => void): (entry: Observed) => void {
  const cycles = new Map<string, Running>();
  let equity: string | null = null;
  let drawdown: number | null = null;
  const of = (id: string): Running => {
    const running = cycles.get(id) ?? { answered: 0, abstained: 0, orders: 0 };
    cycles.set(id, running);
    return running;
  };
  const end = (entry: Observed, outcome: string) => {
    const running = of(entry.correlationId);
    const [, session = '', cycle = ''] = entry.correlationId.split(':');
    tell({ session, cycle: `${cycle.slice(0, 2)}:${cycle.slice(2)}`, ...running, outcome, equity, drawdown });
    cycles.delete(entry.correlationId);
  };
  const answered = (entry: Observed) => {
    of(entry.correlationId).answered += 1;
  };
  const abstained = (entry: Observed) => {
    of(entry.correlationId).abstained += 1;
  };
  const follow: Partial<Record<EventType, (entry: Observed) => void>> = {
    AnalysisCompleted: answered,
    StrategyProposed: answered,
    AnalysisAbstained: abstained,
    StrategyAbstained: abstained,
    OrderPlanned: (entry) => {
      if (cycles.has(entry.correlationId)) of(entry.correlationId).orders += 1;
    },
    AccountObserved: (entry) => {
      equity ??= entry.data<'AccountObserved'>().netLiquidation;
    },
    PortfolioRevalued: (entry) => {
      const value = entry.data<'PortfolioRevalued'>();
      equity = value.equity;
      drawdown = value.drawdown;
    },
    ConsensusFailed: (entry) =>
      end(entry, entry.data<'ConsensusFailed'>().rounds === 0 ? 'nothing proposed' : 'no consensus'),
    DecisionVetoed: (entry) => end(entry, 'vetoed'),
    PlanCompleted: (entry) => end(entry, 'consensus'),
  };
  return (entry) => follow[entry.type]?.(entry);
}

const percent = (fraction: number | null) => (fraction === null ? 'n/a' : `${(fraction * 100).toFixed(2)} %`);

/** One line of plain text. */
export function cycleText({
  session,
  cycle,
  answered,
  abstained,
  outcome,
  orders,
  equity,
  drawdown,
}: CycleLine): string {
  const money =
    equity === null
      ? 'n/a'
      : Number(equity).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${session} ${cycle}  agents ${String(answered).padStart(2)} answered, ${String(abstained).padStart(2)} abstained  ${outcome.padEnd(16)}  orders ${orders}  equity ${money}  drawdown ${percent(drawdown)}`;
}
