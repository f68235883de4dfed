import * as z from 'zod';
import { findInstrument } from '#core/market/catalog.ts';

const cron = z.string().regex(/^cron\(.+\)$/);
const maintenance = z
  .string()
  .regex(/^(off|([01]\d|2[0-3]):[0-5]\d\+\d{1,4})$/, 'a New York time and a length, "23:45+15", or "off"');

/** Settings of one environment. Every deployment names one; nothing else differs between them. */
/** An image that is the same tomorrow. */
const pinnedImage = z.string().regex(/^.+@sha256:[0-9a-f]{64}$/, 'an image pinned by digest, name@sha256:…');

export const settingsSchema = z.strictObject({
  environment: z.enum(['local', 'dev', 'paper', 'live']),
  /** `live` needs its second switch, `liveAccount`, and an account that is a live one. */
  mode: z.enum(['paper', 'live']),
  /** The account id that live trading is confirmed for; null outside live. */
  liveAccount: z.string().nullable(),
  /** What the desk watches, by ids of the catalog; what exists in simulation only belongs to `local`. */
  instruments: z.array(z.string().regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/)).min(1),
  seed: z.string().min(1),
  barMinutes: z.union([z.literal(5), z.literal(15)]),
  /** Seconds after which a fan-in stage closes with whoever has answered. */
  stageDeadlineSeconds: z.int().min(5).max(900),
  schedules: z.strictObject({
    weekly: cron,
    prepare: cron,
    preMarket: cron,
    decision: z.array(cron).min(1),
    midday: cron,
    recovery: cron,
    close: cron,
    audit: cron,
  }),
  broker: z.strictObject({
    host: z.string(),
    port: z.int().min(1).max(65535),
    account: z.string(),
    /** Never 0: that client binds manual orders, which are not ours. */
    clientId: z.int().min(1).max(9_999),
    /** Names the lease's holder; null lets every task name itself. */
    leaseOwner: z.string().min(1).nullable(),
    leaseSeconds: z.int().min(10),
    heartbeatSeconds: z.int().min(1),
    haltPollSeconds: z.number().min(0.1),
    reconcileMinutes: z.int().min(1),
    /** New York time and length of the gateway's own restart, `23:45+15`, or `off`. */
    dailyRestart: maintenance,
    sundayLogin: maintenance,
    /** Minutes that a person has for the login of a new task, or after a planned window, before the task is replaced. */
    firstLoginMinutes: z.int().min(3).max(1_440),
    marketDataSource: z.string().min(1),
    /** Tasks to start with; the replay starts its one task once its gateway listens. */
    desiredTasks: z.union([z.literal(0), z.literal(1)]),
    marketDataModelled: z.boolean(),
    /** Whether the task carries its own IB Gateway container; false where a gateway runs elsewhere. */
    gatewayContainer: z.boolean(),
    /** The gateway's image, pinned by digest; null only where no gateway container is carried. */
    gatewayImage: pinnedImage.nullable(),
    /** Node's image that the bridge's is built on, pinned by digest; null only where the bridge runs without an image. */
    nodeImage: pinnedImage.nullable(),
  }),
  retainData: z.boolean(),
  /** Days an audit object is locked; governance mode outside live, compliance in live. */
  auditRetentionDays: z.int().min(1),
  onCallEmail: z.email().nullable(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Settings that cannot be deployed. Names each value and the mend. */
export class InvalidSettingsError extends Error {
  readonly code = 'InvalidSettings';
  readonly retryable = false;
  constructor(problems: readonly string[]) {
    super(`the settings cannot be used: ${problems.join('; ')}`);
    this.name = 'InvalidSettingsError';
  }
}

/** Parses settings and checks what a schema cannot say. @throws InvalidSettingsError */
export function parseSettings(value: unknown): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (!parsed.success) {
    throw new InvalidSettingsError(
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`),
    );
  }
  const settings = parsed.data;
  const problems: string[] = [];
  if (settings.mode === 'live' && settings.environment !== 'live') {
    problems.push(
      `mode is live in the environment ${settings.environment}; live trading belongs to the environment "live"`,
    );
  }
  if (settings.mode === 'live' && settings.liveAccount === null) {
    problems.push(
      'mode is live without liveAccount, its second switch; name the account that live trading is confirmed for, or set mode to paper',
    );
  }
  if (
    settings.mode === 'live' &&
    settings.liveAccount !== null &&
    settings.liveAccount !== settings.broker.account
  ) {
    problems.push(
      `live trading is confirmed for ${settings.liveAccount}, but broker.account is ${settings.broker.account}; they must be the same`,
    );
  }
  if (settings.mode === 'live' && settings.broker.account.startsWith('DU')) {
    problems.push(
      `mode is live, but the account ${settings.broker.account} is a paper account; set mode to paper, or name the live account`,
    );
  }
  if (settings.broker.gatewayContainer && settings.broker.gatewayImage === null) {
    problems.push(
      'broker.gatewayImage is not set; give the IB Gateway image you trust, pinned by digest (name@sha256:…)',
    );
  }
  if (settings.broker.gatewayContainer && settings.broker.nodeImage === null) {
    problems.push(
      'broker.nodeImage is not set; give the Node 24 image that the bridge is to be built on, pinned by digest, such as public.ecr.aws/docker/library/node@sha256:…',
    );
  }
  if (settings.mode === 'paper' && !settings.broker.account.startsWith('DU')) {
    problems.push(`mode is paper, but the account ${settings.broker.account} is not a paper account (DU…)`);
  }
  if (settings.mode === 'paper' && settings.broker.port === 4001) {
    problems.push('mode is paper, but broker.port is 4001, the live port; use 4002');
  }
  for (const name of settings.instruments) {
    const instrument = findInstrument(name);
    if (instrument === undefined)
      problems.push(`instruments has ${name}, which the catalog does not have (core/market/catalog.ts)`);
    else if (settings.environment !== 'local' && instrument.proxyFor !== null)
      problems.push(
        `instruments has ${name}, a stand-in for ${instrument.proxyFor} that no broker has a price of; take it out, or name a fund that follows ${instrument.proxyFor}`,
      );
  }
  if (problems.length > 0) throw new InvalidSettingsError(problems);
  return settings;
}

const IN_SESSION = ['cron(45 9 ? * MON-FRI *)', 'cron(0/15 10-15 ? * MON-FRI *)'];

const BASE: Settings = {
  environment: 'dev',
  mode: 'paper',
  liveAccount: null,
  instruments: ['AAPL', 'SPX'],
  seed: 'abc-application',
  barMinutes: 5,
  stageDeadlineSeconds: 30,
  schedules: {
    weekly: 'cron(30 5 ? * MON *)',
    prepare: 'cron(0 6 ? * MON-FRI *)',
    preMarket: 'cron(30 7 ? * MON-FRI *)',
    decision: IN_SESSION,
    midday: 'cron(0 12 ? * MON-FRI *)',
    recovery: 'cron(7/15 9-16 ? * MON-FRI *)',
    close: 'cron(30 16 ? * MON-FRI *)',
    audit: 'cron(0 17 ? * MON-FRI *)',
  },
  broker: {
    host: '127.0.0.1',
    port: 4002,
    account: 'DU0000001',
    clientId: 7,
    leaseOwner: null,
    leaseSeconds: 30,
    heartbeatSeconds: 15,
    haltPollSeconds: 0.5,
    reconcileMinutes: 5,
    dailyRestart: '23:45+15',
    sundayLogin: '01:00+600',
    firstLoginMinutes: 60,
    marketDataSource: 'ibkr',
    desiredTasks: 1,
    marketDataModelled: false,
    gatewayContainer: true,
    gatewayImage: null,
    nodeImage: null,
  },
  retainData: false,
  auditRetentionDays: 1,
  onCallEmail: null,
};

const ENVIRONMENTS: Readonly<Record<Settings['environment'], Settings>> = {
  local: {
    ...BASE,
    environment: 'local',
    instruments: [...BASE.instruments, 'SPX-PROXY'],
    // A replay lives through weeks in a minute: intervals that only guard real time are stretched, the fencing token is not.
    broker: {
      ...BASE.broker,
      leaseOwner: 'local-bridge',
      leaseSeconds: 21_600,
      heartbeatSeconds: 7200,
      haltPollSeconds: 7200,
      reconcileMinutes: 180,
      dailyRestart: 'off',
      sundayLogin: 'off',
      marketDataSource: 'paper-gateway',
      desiredTasks: 0,
      marketDataModelled: true,
      gatewayContainer: false,
    },
  },
  dev: BASE,
  paper: { ...BASE, environment: 'paper', retainData: true, auditRetentionDays: 365 },
  live: { ...BASE, environment: 'live', retainData: true, auditRetentionDays: 2557 },
};

/** The settings of an environment with overrides on top, checked as a whole. @throws InvalidSettingsError */
export function settingsFor(
  environment: string,
  overrides: Readonly<Record<string, unknown>> = {},
): Settings {
  const known = Object.keys(ENVIRONMENTS);
  if (!known.includes(environment)) {
    throw new InvalidSettingsError([
      `there is no environment ${JSON.stringify(environment)}; choose one of ${known.join(', ')}`,
    ]);
  }
  const base = ENVIRONMENTS[environment as Settings['environment']];
  const broker = { ...base.broker, ...((overrides['broker'] as Record<string, unknown> | undefined) ?? {}) };
  return parseSettings({ ...base, ...overrides, broker });
}
