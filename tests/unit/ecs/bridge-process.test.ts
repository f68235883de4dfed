import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { expectedAccount, healthFile } from '#ecs/ib-gateway/bridge.ts';
import { healthProblem, healthReport } from '#ecs/ib-gateway/health-report.ts';
import { haltReason } from '#ecs/ib-gateway/kill-switch.ts';
import { Mailbox } from '#ecs/ib-gateway/mailbox.ts';
import { BridgeSettingsError, readSettings } from '#ecs/ib-gateway/settings.ts';
import { bookOf, folded, intentOf, orderFilled, withOrder } from '../../support/desk-events.ts';

const ENVIRONMENT = {
  DESK_ENVIRONMENT: 'test',
  BROKER_MODE: 'paper',
  BROKER_PORT: '4002',
  BROKER_COMMAND_QUEUE_URL: 'http://127.0.0.1:4566/q.fifo',
  JOURNAL_TABLE: 'j',
  STATE_TABLE: 's',
  IDEMPOTENCY_TABLE: 'i',
  OBJECT_BUCKET: 'o',
};

describe('settings', () => {
  it('reads the environment, takes an empty variable for none, and names the task as owner', () => {
    const { settings } = readSettings(
      { ...ENVIRONMENT, LIVE_TRADING_CONFIRMED: '', BROKER_ACCOUNT: '', LEASE_SECONDS: '30' },
      'task-1',
    );
    expect(settings).toMatchObject({
      liveConfirmed: null,
      account: null,
      lease: { owner: 'task-1', duration: 30_000, renewEvery: 10_000 },
      haltPollEvery: 500,
    });
    expect(settings.maintenance.dailyRestart).toEqual({ hour: 23, minute: 45, minutes: 15 });
    expect(readSettings({ ...ENVIRONMENT, HEARTBEAT_SECONDS: '900' }).settings.haltPollEvery).toBe(900_000);
  });
  it('names every variable that is wrong', () => {
    expect(() =>
      readSettings({ ...ENVIRONMENT, BROKER_PORT: 'x', BAR_MINUTES: '7', DAILY_RESTART: '25:00' }),
    ).toThrow(BridgeSettingsError);
    expect(() => readSettings({ ...ENVIRONMENT, BROKER_PORT: 'x', BAR_MINUTES: '7' })).toThrow(
      /BROKER_PORT[\s\S]*BAR_MINUTES/,
    );
    expect(() => readSettings({ ...ENVIRONMENT, MESSAGES_PER_SECOND: '5' })).toThrow(/MESSAGES_FOR_CANCELS/);
    expect(() => readSettings({ ...ENVIRONMENT, BROKER_PORT: '4001' })).toThrow(/refuses to trade/);
    expect(() => readSettings({ ...ENVIRONMENT, BROKER_MODE: 'live' })).toThrow(/second switch/);
  });
});

describe('health', () => {
  it('is good until the reported instant and not without a report', () => {
    expect(healthProblem(healthReport(1_000), 1_000)).toBeNull();
    expect(healthProblem(healthReport(1_000), 6_000)).toMatch(/5 s longer/);
    expect(healthProblem(null, 0)).toMatch(/not reported/);
    expect(healthProblem('{', 0)).toMatch(/cannot be read/);
    expect(healthProblem('{"a":1}', 0)).toMatch(/cannot be read/);
  });
  it('is written whole', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bridge-health-'));
    try {
      const path = join(directory, 'health.json');
      healthFile(path)(5_000);
      expect(healthProblem(readFileSync(path, 'utf8'), 4_000)).toBeNull();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the mailbox', () => {
  it('does one thing at a time, in order, and goes on after a fault', async () => {
    const faults: unknown[] = [];
    const mailbox = new Mailbox((fault) => faults.push(fault));
    const log: string[] = [];
    mailbox.post(async () => {
      log.push('a');
      await new Promise((resolve) => setImmediate(resolve));
      log.push('b');
    });
    mailbox.post(() => {
      throw new Error('boom');
    });
    mailbox.post(() => void log.push('c'));
    expect(mailbox.idle).toBe(false);
    await mailbox.settled();
    expect(log).toEqual(['a', 'b', 'c']);
    expect(faults).toHaveLength(1);
    mailbox.close();
    mailbox.post(() => void log.push('d'));
    await mailbox.settled();
    expect(log).toHaveLength(3);
  });

  it('does what is urgent next, and still one thing at a time', async () => {
    const mailbox = new Mailbox(() => {});
    const log: string[] = [];
    const slowly = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
    };
    mailbox.post(slowly('first'));
    await Promise.resolve();
    for (const name of ['second', 'third']) mailbox.post(slowly(name));
    for (const name of ['lease', 'kill switch']) mailbox.postUrgent(slowly(name));
    await mailbox.settled();
    expect(log).toEqual(
      ['first', 'lease', 'kill switch', 'second', 'third'].flatMap((name) => [
        `${name} begins`,
        `${name} ends`,
      ]),
    );
  });
});

describe('the book', () => {
  it('says what is held once it is open, and nothing before', () => {
    expect(expectedAccount(EMPTY_BOOK)).toBeNull();
    const execution = { quantity: '4', price: '160', corrects: null };
    const layer = {
      intentId: 'i',
      positionId: 'i',
      strategy: 's',
      direction: 'short' as const,
      openedAt: '2018-02-05T15:00:00.000Z',
      stop: null,
      opening: { e: execution },
      closing: {},
    };
    const position = {
      instrument: 'AAPL',
      layers: { i: layer },
      plan: null,
      initialRisk: null,
      target: null,
    };
    expect(expectedAccount({ ...EMPTY_BOOK, cash: '1', positions: { AAPL: position } })).toEqual({
      account: null,
      currency: 'USD',
      cash: '1',
      positions: new Map([['AAPL', '-4']]),
      foreign: null,
      awaits: expect.any(Function),
    });
  });

  it('says which executions it has not been told yet, and none of layers that it has let go of or never had', () => {
    const entry = orderFilled({ intentId: 'I-1', quantity: '100', price: '100', execId: 'x.1.01' });
    const authorized = withOrder(bookOf(), intentOf({ intentId: 'I-1' }));
    const awaits = (book: AccountBook, layer: string, execId: string) =>
      expectedAccount(book)?.awaits(layer, execId);
    expect(awaits(authorized, 'I-1', 'x.1.01')).toBe(true);
    const held = folded(authorized, entry);
    expect(awaits(held, 'I-1', 'x.1.01')).toBe(false);
    expect(awaits(held, 'I-1', 'x.2.01')).toBe(true);
    expect(awaits({ ...held, positions: {} }, 'I-1', 'x.2.01')).toBe(false);
    expect(awaits(held, 'unknown', 'x.3.01')).toBe(false);
  });
});

describe('the kill switch', () => {
  it('counts as thrown where it cannot be read', () => {
    expect(haltReason(undefined)).toBeNull();
    expect(haltReason({ halted: false, reason: 'x' })).toBeNull();
    expect(haltReason({ halted: true, reason: 'x' })).toBe('x');
    expect(haltReason('garbage')).toBe('the halt flag is set');
  });
});

describe('the bundle', () => {
  it('is one small file that says what is missing and ends with the code for it', () => {
    const built = buildSync({
      entryPoints: ['ecs/ib-gateway/main.ts'],
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      minify: true,
      mainFields: ['module', 'main'],
    });
    expect(built.outputFiles[0]?.contents.byteLength).toBeLessThan(1_500_000);
  });
});
