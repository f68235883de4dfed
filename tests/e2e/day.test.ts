import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { checkChains } from '#core/audit/completeness.ts';
import type { DaySummary } from '#local/day/summary.ts';
import { journalOf } from '../support/desk-parity.ts';
import { abc, type Finished, stateDirectory } from './command-line.ts';

/** One real session in which the desk buys: the whole product from bars to signed leaves, twice and once interrupted. */
const SESSION = ['--from', '2018-01-23', '--to', '2018-01-23', '--json'] as const;
const LONGEST = 400_000;

const of = <T extends EventType>(events: readonly DeskEvent[], type: T): readonly DeskEvent<T>[] =>
  events.flatMap((event) => (event.metadata.type === type ? [event as DeskEvent<T>] : []));

describe('a trading day', () => {
  const first = stateDirectory();
  const second = stateDirectory();
  let run: Finished;
  let summary: DaySummary;

  beforeAll(async () => {
    run = await abc('day', ...SESSION, '--state', first.path).done;
    summary = JSON.parse(run.stdout === '' ? '{}' : run.stdout) as DaySummary;
  }, LONGEST);
  afterAll(() => {
    first.remove();
    second.remove();
  });

  it('ends well, says at first what it is in at most fifteen lines, and keeps data and messages apart', () => {
    expect(run.stderr).toMatch(/PAPER trading/);
    expect(run.code).toBe(0);
    expect(summary.plausibility).toEqual({ kind: 'plausible' });
    const opening = run.stderr.split('\n').findIndex((line) => line.startsWith('2018-01-23'));
    expect(opening).toBeGreaterThan(0);
    expect(opening).toBeLessThanOrEqual(15);
  });

  it('lets all 22 agents answer or abstain in every cycle, each abstention with its reason', () => {
    expect(summary.agents).toHaveLength(22);
    expect(summary.sessions).toBe(1);
    expect(summary.cycles).toBeGreaterThanOrEqual(25);
    for (const { name, answered, abstained, reasons } of summary.agents) {
      expect(answered + abstained, name).toBeGreaterThan(0);
      if (abstained > 0) expect(reasons.length, name).toBeGreaterThan(0);
    }
  });

  it('carries an order from the bars to a fill under its resting stop, and verifies its own log', () => {
    const events = journalOf(first.path);
    expect(summary.orders.authorized).toBeGreaterThan(0);
    expect(summary.fills).toBeGreaterThan(0);
    expect(summary.audit.verified).toBe(true);
    expect(summary.audit.leaves).toBe(events.length);
    expect(checkChains(events).faults).toEqual([]);
    for (const fill of of(events, 'OrderFilled')) {
      const stop = of(events, 'OrderSubmitted').find(
        ({ data }) => data.intentId === fill.data.intentId && data.role === 'stop',
      );
      expect(stop?.data.quantity).toBe(fill.data.quantity);
    }
  });

  it('keeps the books to the cent: cash and positions at their marks are the equity it reports', () => {
    const [value] = of(journalOf(first.path), 'PortfolioRevalued').slice(-1);
    const held =
      value?.data.positions.reduce((total, position) => total + Number(position.marketValue), 0) ?? 0;
    expect(Number(value?.data.cash) + held).toBeCloseTo(Number(value?.data.equity), 6);
  });

  it(
    'goes on after kill -9 in the middle, with no order lost and none doubled',
    async () => {
      const started = abc('day', ...SESSION, '--state', second.path);
      await started.line(/2018-01-23 09:45 .*orders [1-9]/);
      started.kill('SIGKILL');
      expect((await started.done).signal).toBe('SIGKILL');
      const resumed = await abc('day', ...SESSION, '--state', second.path).done;
      expect(resumed.stderr).toMatch(/going on with an interrupted replay/);
      expect(resumed.code).toBe(0);
      const after = JSON.parse(resumed.stdout) as DaySummary;
      expect(after.audit.verified).toBe(true);
      const [before, now] = [journalOf(first.path), journalOf(second.path)];
      const ordersOf = (events: readonly DeskEvent[]) =>
        of(events, 'OrderAuthorized').map(({ data }) => data.intent.intentId);
      // Without the price: killed between the order and the broker, the order goes out a little later.
      const fillsOf = (events: readonly DeskEvent[]) =>
        of(events, 'OrderFilled').map(({ data }) => [data.orderRef, data.quantity]);
      expect(ordersOf(now)).toEqual(ordersOf(before));
      expect(fillsOf(now)).toEqual(fillsOf(before));
      expect(checkChains(now).faults).toEqual([]);
    },
    LONGEST,
  );

  it(
    'decides, orders and signs the same a second time, byte for byte, with a thread for each function',
    async () => {
      // Apart from each other, functions have only what their own role may read: a grant that is missing shows here.
      const again = await abc('day', ...SESSION, '--state', first.path, '--isolation', 'function').done;
      const repeated = JSON.parse(again.stdout) as DaySummary;
      expect(repeated.decisionsHash).toBe(summary.decisionsHash);
      expect(repeated.audit.root).toBe(summary.audit.root);
    },
    LONGEST,
  );

  it('is caught by verify when one byte of one entry is changed, and the entry is named', async () => {
    const audit = join(first.path, 'audit');
    expect((await abc('verify', audit).done).code).toBe(0);
    const file = join(audit, '000001.entries');
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[7] = lines[7]?.replace('"occurredAt":"2018', '"occurredAt":"2019') ?? '';
    writeFileSync(file, lines.join('\n'));
    const found = await abc('verify', audit).done;
    expect(found.code).toBe(7);
    expect(found.stdout).toMatch(/entry 7 /);
    expect(found.stdout).toMatch(/NOT VERIFIED/);
  }, 60_000);
});
