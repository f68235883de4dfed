import { relative } from 'node:path';
import type { Plausibility } from '#core/analytics/performance/plausibility.ts';
import type { DaySummary, Percentiles } from '#local/day/summary.ts';

const percent = (fraction: number | null) => (fraction === null ? 'n/a' : `${(fraction * 100).toFixed(2)} %`);
const money = (text: string | null) =>
  text === null
    ? 'n/a'
    : Number(text).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const millis = ({ p50, p99 }: Percentiles) =>
  p50 === null || p99 === null
    ? 'n/a (no order was acknowledged)'
    : `p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms`;
const DRAWDOWN_LIMIT = 0.05;

/** The final table of a replay. */
export function summaryTable(summary: DaySummary, directory: string): string {
  const refusals = Object.entries(summary.orders.refused).map(([limit, count]) => `${limit} ${count}`);
  const rows: readonly (readonly [string, string])[] = [
    [
      'mode',
      `${summary.mode.toUpperCase()} (simulated broker and money; the path inside each day is a model)`,
    ],
    ['sessions, decision cycles', `${summary.sessions}, ${summary.cycles}`],
    [
      'events',
      `${summary.events}${summary.eventsPerSecond === null ? '' : ` (${Math.round(summary.eventsPerSecond)} per second)`}`,
    ],
    ['consensus', `${summary.consensus.reached} reached, ${summary.consensus.failed} failed`],
    [
      'orders',
      `${summary.orders.authorized} authorized, ${refusals.length === 0 ? 'none refused' : `refused by limit: ${refusals.join(', ')}`}`,
    ],
    ['fills', String(summary.fills)],
    ['equity', `${money(summary.equity.start)} → ${money(summary.equity.end)}`],
    [
      'return',
      `${percent(summary.totalReturn)}; ${summary.benchmark.name}: ${percent(summary.benchmark.totalReturn)}`,
    ],
    ['maximum drawdown', `${percent(summary.maxDrawdown)} (limit ${percent(DRAWDOWN_LIMIT)})`],
    ['plausibility', plausibilityText(summary.plausibility)],
    ['breaker trips', String(summary.breakerTrips)],
    ['cycle → broker ack, virtual', millis(summary.latencyMs.virtual)],
    ['cycle → broker ack, real', millis(summary.latencyMs.real)],
    [
      'audit',
      `${summary.audit.leaves} leaves, root ${summary.audit.root.slice(0, 16)}…, ${summary.audit.verified ? 'verified' : 'NOT VERIFIED'}`,
    ],
    ['decisions hash', `${summary.decisionsHash.slice(0, 16)}…`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const agents = summary.agents.map(({ name, answered, abstained, reasons }) => {
    const reason = reasons[0] === undefined ? '' : `  ${shorten(reasons[0])}`;
    return `  ${name.padEnd(20)} ${String(answered).padStart(6)} ${String(abstained).padStart(9)}${reason}`;
  });
  const verify = relative(process.cwd(), `${directory}/audit`) || '.';
  return `${[
    '',
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    `  ${'agent'.padEnd(20)} ${'answers'.padStart(6)} ${'abstained'.padStart(9)}  first reason`,
    ...agents,
    '',
    `verify it yourself: npx abc verify ${verify}`,
  ].join('\n')}\n`;
}

function plausibilityText(plausibility: Plausibility): string {
  switch (plausibility.kind) {
    case 'plausible':
      return 'no bound is broken';
    case 'implausible':
      return `IMPLAUSIBLE: ${plausibility.causes.map(({ text }) => text).join('; ')}`;
  }
}

const LONGEST = 110;
const shorten = (text: string) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);
