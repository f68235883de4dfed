import { describe, expect, it } from 'vitest';
import { InvalidSettingsError, parseSettings, settingsFor } from '#lib/config/settings.ts';
import { deployable } from './synthesized.ts';

type Json = Record<string, unknown>;

const LOCAL = deployable('local');
const PAPER = deployable('paper');
const LIVE = {
  ...deployable('live'),
  mode: 'live',
  liveAccount: 'U1234567',
  broker: { ...deployable('live').broker, account: 'U1234567', port: 4001 },
} as const;

function refusal(value: unknown): string {
  try {
    parseSettings(value);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSettingsError);
    expect(error).toMatchObject({ code: 'InvalidSettings', retryable: false });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('settings that can be deployed', () => {
  it.each(['local', 'dev', 'paper', 'live'] as const)('are those of %s', (environment) => {
    expect(deployable(environment).environment).toBe(environment);
  });

  it('trade on paper in every environment unless somebody says otherwise', () => {
    for (const environment of ['local', 'dev', 'paper', 'live'] as const)
      expect(deployable(environment)).toMatchObject({ mode: 'paper', liveAccount: null });
  });

  it('watch what simulations alone have in the environment local only', () => {
    expect(deployable('local').instruments).toEqual(['AAPL', 'SPX', 'SPX-PROXY']);
    for (const environment of ['dev', 'paper', 'live'] as const)
      expect(deployable(environment).instruments).toEqual(['AAPL', 'SPX']);
  });

  it('trade live only in the environment live, for the account that is confirmed', () => {
    expect(parseSettings(LIVE)).toEqual(LIVE);
  });

  it('take overrides on top of the environment, of the broker member by member', () => {
    const settings = settingsFor('local', { seed: 'other', broker: { port: 7496 } });
    expect(settings).toEqual({ ...LOCAL, seed: 'other', broker: { ...LOCAL.broker, port: 7496 } });
  });

  it('keep data for longer where they matter', () => {
    expect(deployable('paper')).toMatchObject({
      retainData: true,
      auditRetentionDays: 365,
    });
    expect(deployable('live').auditRetentionDays).toBeGreaterThanOrEqual(7 * 365);
  });
});

describe('settings that contradict themselves', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      'live trading outside the environment live',
      { ...LIVE, environment: 'paper' },
      'mode is live in the environment paper; live trading belongs to the environment "live"',
    ],
    [
      'live trading without its second switch',
      { ...LIVE, liveAccount: null },
      'mode is live without liveAccount, its second switch; name the account that live trading is confirmed for, or set mode to paper',
    ],
    [
      'live trading confirmed for another account',
      { ...LIVE, liveAccount: 'U7654321' },
      'live trading is confirmed for U7654321, but broker.account is U1234567; they must be the same',
    ],
    [
      'live trading with a paper account',
      { ...LIVE, liveAccount: 'DU7', broker: { ...LIVE.broker, account: 'DU7' } },
      'mode is live, but the account DU7 is a paper account; set mode to paper, or name the live account',
    ],
    [
      'a gateway container without an image',
      { ...PAPER, broker: { ...PAPER.broker, gatewayImage: null } },
      'broker.gatewayImage is not set; give the IB Gateway image you trust, pinned by digest (name@sha256:…)',
    ],
    [
      'a base of the bridge’s image that nobody pinned',
      { ...PAPER, broker: { ...PAPER.broker, nodeImage: null } },
      'broker.nodeImage is not set; give the Node 24 image that the bridge is to be built on, pinned by digest, such as public.ecr.aws/docker/library/node@sha256:…',
    ],
    [
      'paper mode with an account that is none',
      { ...PAPER, broker: { ...PAPER.broker, account: 'U1234567' } },
      'mode is paper, but the account U1234567 is not a paper account (DU…)',
    ],
    [
      'an instrument that nobody knows',
      { ...PAPER, instruments: ['AAPL', 'NOPE'] },
      'instruments has NOPE, which the catalog does not have (core/market/catalog.ts)',
    ],
    [
      'an instrument that exists in simulation only',
      { ...PAPER, instruments: ['AAPL', 'SPX-PROXY'] },
      'instruments has SPX-PROXY, a stand-in for SPX that no broker has a price of; take it out, or name a fund that follows SPX',
    ],
    [
      'paper mode on the live port',
      { ...PAPER, broker: { ...PAPER.broker, port: 4001 } },
      'mode is paper, but broker.port is 4001, the live port; use 4002',
    ],
  ];
  it.each(cases)('are refused: %s', (_, value, message) => {
    expect(refusal(value)).toBe(`the settings cannot be used: ${message}`);
  });

  it('are refused with everything that is wrong at once', () => {
    const message = refusal({
      ...PAPER,
      broker: { ...PAPER.broker, account: 'X', port: 4001, gatewayImage: null },
    });
    expect(message).toContain('broker.gatewayImage is not set');
    expect(message).toContain('the account X is not a paper account');
    expect(message).toContain('broker.port is 4001');
  });

  it('name the environments there are', () => {
    expect(() => settingsFor('production')).toThrow(
      'the settings cannot be used: there is no environment "production"; choose one of local, dev, paper, live',
    );
  });
});

describe('settings out of shape', () => {
  const cases: readonly (readonly [string, Json])[] = [
    ['environment', { environment: 'staging' }],
    ['mode', { mode: 'simulated' }],
    ['liveAccount', { liveAccount: 7 }],
    ['instruments', { instruments: [] }],
    ['instruments.0', { instruments: ['aapl'] }],
    ['seed', { seed: '' }],
    ['barMinutes', { barMinutes: 1 }],
    ['stageDeadlineSeconds', { stageDeadlineSeconds: 4 }],
    ['stageDeadlineSeconds', { stageDeadlineSeconds: 901 }],
    ['stageDeadlineSeconds', { stageDeadlineSeconds: Number.NaN }],
    ['schedules.close', { schedules: { ...LOCAL.schedules, close: 'rate(1 day)' } }],
    ['schedules.decision', { schedules: { ...LOCAL.schedules, decision: [] } }],
    ['broker.port', { broker: { ...LOCAL.broker, port: 0 } }],
    ['broker.port', { broker: { ...LOCAL.broker, port: 65_536 } }],
    ['broker.clientId', { broker: { ...LOCAL.broker, clientId: -1 } }],
    ['broker.clientId', { broker: { ...LOCAL.broker, clientId: 0 } }],
    ['broker.dailyRestart', { broker: { ...LOCAL.broker, dailyRestart: '24:00+15' } }],
    ['broker.sundayLogin', { broker: { ...LOCAL.broker, sundayLogin: 'never' } }],
    ['broker.firstLoginMinutes', { broker: { ...LOCAL.broker, firstLoginMinutes: 2 } }],
    ['broker.leaseOwner', { broker: { ...LOCAL.broker, leaseOwner: '' } }],
    ['broker.leaseSeconds', { broker: { ...LOCAL.broker, leaseSeconds: 9 } }],
    ['broker.heartbeatSeconds', { broker: { ...LOCAL.broker, heartbeatSeconds: 0 } }],
    ['broker.haltPollSeconds', { broker: { ...LOCAL.broker, haltPollSeconds: 0 } }],
    ['broker.reconcileMinutes', { broker: { ...LOCAL.broker, reconcileMinutes: 0.5 } }],
    ['broker.marketDataSource', { broker: { ...LOCAL.broker, marketDataSource: '' } }],
    ['broker.desiredTasks', { broker: { ...LOCAL.broker, desiredTasks: 2 } }],
    ['broker.gatewayImage', { broker: { ...LOCAL.broker, gatewayImage: 'example/ib-gateway:latest' } }],
    ['broker.nodeImage', { broker: { ...LOCAL.broker, nodeImage: 'node:24' } }],
    ['auditRetentionDays', { auditRetentionDays: 0 }],
    ['onCallEmail', { onCallEmail: 'nobody' }],
  ];
  it.each(cases)('are refused by the name of the member: %s', (path, change) => {
    expect(refusal({ ...LOCAL, ...change })).toMatch(
      new RegExp(`^the settings cannot be used: ${path.replaceAll('.', '\\.')}: .+`),
    );
  });

  it('are refused where a member is not known, rather than left alone', () => {
    expect(refusal({ ...LOCAL, riskOff: true })).toContain('riskOff');
    expect(refusal({ ...LOCAL, broker: { ...LOCAL.broker, paper: true } })).toContain('broker');
  });

  it('are refused where there are none', () => {
    expect(refusal(null)).toMatch(/^the settings cannot be used: settings: /);
  });
});
