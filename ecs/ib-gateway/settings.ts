import * as z from 'zod';
import type { MaintenancePlan } from '#core/broker/maintenance.ts';
import { requireConsistentMode, type TradingMode } from '#core/broker/trading-mode.ts';

/** The environment does not describe a bridge. Lists every variable that is wrong. */
export class BridgeSettingsError extends Error {
  readonly code = 'BridgeSettings';
  readonly retryable = false;
  constructor(detail: string) {
    super(`the broker bridge cannot start with this environment: ${detail}`);
    this.name = 'BridgeSettingsError';
  }
}

/** `HH:MM+minutes` in New York time, e.g. `23:45+20`, or `off`. */
const window = z
  .string()
  .regex(
    /^(off|([01]\d|2[0-3]):[0-5]\d\+\d{1,4})$/,
    'a New York time and a length such as "23:45+20", or "off"',
  )
  .transform((text) => {
    const match = /^(\d{2}):(\d{2})\+(\d+)$/.exec(text);
    return match === null
      ? null
      : { hour: Number(match[1]), minute: Number(match[2]), minutes: Number(match[3]) };
  });
const seconds = z.coerce
  .number()
  .int()
  .min(1)
  .max(31 * 86_400);
const millis = z.coerce
  .number()
  .int()
  .min(1)
  .max(31 * 86_400_000);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** The bridge's environment, with its defaults. */
export const environmentSchema = z.object({
  /** The desk's environment, which the metrics carry: `local`, `dev`, `paper` or `live`. */
  DESK_ENVIRONMENT: z.string().min(1),
  BROKER_MODE: z.enum(['paper', 'live']),
  BROKER_HOST: z.string().min(1).default('127.0.0.1'),
  BROKER_PORT: z.coerce.number().int().min(1).max(65_535),
  BROKER_CLIENT_ID: z.coerce.number().int().min(1).max(9_999).default(17),
  /** The account to trade where the login has several; the only one otherwise. */
  BROKER_ACCOUNT: z.string().min(1).optional(),
  LIVE_TRADING_CONFIRMED: z.string().min(1).optional(),
  BROKER_COMMAND_QUEUE_URL: z.url(),
  JOURNAL_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  IDEMPOTENCY_TABLE: z.string().min(1),
  OBJECT_BUCKET: z.string().min(1),
  /** Unique to the task; two bridges with one owner would take the lease from each other. Else the task's own name. */
  LEASE_OWNER: z.string().min(1).optional(),
  LEASE_SECONDS: seconds.default(30),
  BAR_MINUTES: z.enum(['5', '15']).default('5').transform(Number),
  BAR_GRACE_MS: millis.default(1_000),
  MARKET_DATA_SOURCE: z.string().min(1).default('ibkr'),
  MARKET_DATA_MODELLED: flag.default(false),
  HISTORY_DURATION: z
    .string()
    .regex(/^\d{1,4} [DWMY]$/, 'a duration such as "5 Y"')
    .default('5 Y'),
  CONNECT_DEADLINE_MS: millis.default(15_000),
  HEARTBEAT_SECONDS: seconds.default(15),
  HEARTBEAT_DEADLINE_MS: millis.default(5_000),
  RECONCILE_DEADLINE_MS: millis.default(30_000),
  RECONCILE_MINUTES: z.coerce.number().int().min(1).max(44_640).default(5),
  ABSENCE_CONFIRM_MS: millis.default(3_000),
  ACKNOWLEDGE_DEADLINE_MS: millis.default(10_000),
  ACCOUNT_MINUTES: z.coerce.number().int().min(1).max(44_640).optional(),
  CASH_TOLERANCE: z.coerce.number().min(0.01).max(1_000_000).default(1),
  HALT_POLL_SECONDS: z.coerce.number().min(0.1).max(86_400).optional(),
  READY_REPORT_SECONDS: z.coerce.number().int().min(1).max(86_400).optional(),
  CLIENT_ID_WAIT_MS: millis.default(10_000),
  MESSAGES_PER_SECOND: z.coerce.number().int().min(2).max(45).default(45),
  MESSAGES_FOR_CANCELS: z.coerce.number().int().min(1).max(20).default(8),
  MAXIMUM_UNACKNOWLEDGED: z.coerce.number().int().min(2).max(100).default(20),
  COMMAND_VISIBILITY_SECONDS: z.coerce.number().int().min(10).max(43_200).default(60),
  DAILY_RESTART: window.prefault('23:45+15'),
  SUNDAY_LOGIN: window.prefault('01:00+600'),
  /** Less than the time the container has to stop in. */
  STOP_WITHIN_SECONDS: z.coerce.number().int().min(1).max(110).default(30),
  MARKET_DATA_LINES: z.coerce.number().int().min(1).max(10_000).default(95),
  HEALTH_FILE: z.string().min(1).optional(),
  HEALTH_GRACE_MS: millis.default(120_000),
  /** Minutes that a person has for the login of a new task, or after a planned window. */
  FIRST_LOGIN_GRACE: z.coerce.number().int().min(3).max(1_440).default(60),
});

const SECOND = 1_000;
const MINUTE = 60_000;

/**
 * The kill switch calls working orders back within a second, the reading and the way to the broker included; where the
 * heartbeat is stretched, as in a replay, so is this. Before each order the switch is read in any case.
 */
export const haltPollSeconds = (heartbeat: number): number => (heartbeat <= 60 ? 0.5 : heartbeat);

/** By the minute, as its alarm looks; where the heartbeat is stretched, as in a replay, so is this. */
const readyReportSeconds = (heartbeat: number): number => Math.max(60, heartbeat);

/** What the bridge runs with, checked. Durations in milliseconds unless named otherwise. */
export interface BridgeSettings {
  /** The desk's environment, by name. */
  readonly environment: string;
  readonly mode: TradingMode;
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  readonly account: string | null;
  readonly liveConfirmed: string | null;
  readonly lease: { readonly owner: string; readonly duration: number; readonly renewEvery: number };
  readonly bars: { readonly minutes: number; readonly grace: number };
  readonly marketData: {
    readonly source: string;
    readonly modelled: boolean;
    readonly historyDuration: string;
    /** Instruments that may be subscribed at a time, below what the account is entitled to (100 by default). */
    readonly lines: number;
  };
  readonly connectDeadline: number;
  readonly heartbeatEvery: number;
  readonly heartbeatDeadline: number;
  readonly reconcileDeadline: number;
  readonly reconcileEvery: number;
  readonly absenceConfirmation: number;
  readonly acknowledgeDeadline: number;
  readonly accountEvery: number;
  /** Money by which account and book may differ, for rounding at the broker; in the account's currency. */
  readonly cashTolerance: number;
  readonly haltPollEvery: number;
  /** How often the bridge says whether it can trade. */
  readonly readyReportEvery: number;
  readonly clientIdWait: number;
  readonly messagesPerSecond: number;
  readonly messagesForCancels: number;
  readonly maximumUnacknowledged: number;
  readonly commandVisibilitySeconds: number;
  readonly maintenance: MaintenancePlan;
  readonly stopWithin: number;
  readonly healthFile: string | null;
  readonly healthGrace: number;
  readonly firstLoginGrace: number;
}

/** The names of what the bridge is wired to. */
export interface BridgeResources {
  readonly commandQueueUrl: string;
  readonly journalTable: string;
  readonly stateTable: string;
  readonly idempotencyTable: string;
  readonly objectBucket: string;
}

/**
 * Reads the bridge's environment. `taskName` tells this task from others where LEASE_OWNER is not set.
 * @throws BridgeSettingsError naming every variable that is wrong
 * @throws TradingModeError where mode, port and confirmation do not go together
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  taskName = 'broker-bridge',
): {
  readonly settings: BridgeSettings;
  readonly resources: BridgeResources;
} {
  // An empty variable is one that was not set: container definitions have no other way to say so.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) throw new BridgeSettingsError(z.prettifyError(parsed.error));
  const env = parsed.data;
  if (env.MESSAGES_FOR_CANCELS >= env.MESSAGES_PER_SECOND)
    throw new BridgeSettingsError('MESSAGES_FOR_CANCELS has to be less than MESSAGES_PER_SECOND');
  const liveConfirmed = env.LIVE_TRADING_CONFIRMED ?? null;
  requireConsistentMode(env.BROKER_MODE, env.BROKER_PORT, liveConfirmed);
  return {
    settings: {
      environment: env.DESK_ENVIRONMENT,
      mode: env.BROKER_MODE,
      host: env.BROKER_HOST,
      port: env.BROKER_PORT,
      clientId: env.BROKER_CLIENT_ID,
      account: env.BROKER_ACCOUNT ?? null,
      liveConfirmed,
      lease: {
        owner: env.LEASE_OWNER ?? taskName,
        duration: env.LEASE_SECONDS * SECOND,
        // Two renewals may be lost before the lease is.
        renewEvery: Math.ceil((env.LEASE_SECONDS * SECOND) / 3),
      },
      bars: { minutes: env.BAR_MINUTES, grace: env.BAR_GRACE_MS },
      marketData: {
        source: env.MARKET_DATA_SOURCE,
        modelled: env.MARKET_DATA_MODELLED,
        historyDuration: env.HISTORY_DURATION,
        lines: env.MARKET_DATA_LINES,
      },
      connectDeadline: env.CONNECT_DEADLINE_MS,
      heartbeatEvery: env.HEARTBEAT_SECONDS * SECOND,
      heartbeatDeadline: env.HEARTBEAT_DEADLINE_MS,
      reconcileDeadline: env.RECONCILE_DEADLINE_MS,
      reconcileEvery: env.RECONCILE_MINUTES * MINUTE,
      absenceConfirmation: env.ABSENCE_CONFIRM_MS,
      acknowledgeDeadline: env.ACKNOWLEDGE_DEADLINE_MS,
      accountEvery: (env.ACCOUNT_MINUTES ?? env.RECONCILE_MINUTES) * MINUTE,
      cashTolerance: env.CASH_TOLERANCE,
      haltPollEvery: (env.HALT_POLL_SECONDS ?? haltPollSeconds(env.HEARTBEAT_SECONDS)) * SECOND,
      readyReportEvery: (env.READY_REPORT_SECONDS ?? readyReportSeconds(env.HEARTBEAT_SECONDS)) * SECOND,
      clientIdWait: env.CLIENT_ID_WAIT_MS,
      messagesPerSecond: env.MESSAGES_PER_SECOND,
      messagesForCancels: env.MESSAGES_FOR_CANCELS,
      maximumUnacknowledged: env.MAXIMUM_UNACKNOWLEDGED,
      commandVisibilitySeconds: env.COMMAND_VISIBILITY_SECONDS,
      maintenance: { dailyRestart: env.DAILY_RESTART, sundayLogin: env.SUNDAY_LOGIN },
      stopWithin: env.STOP_WITHIN_SECONDS * SECOND,
      healthFile: env.HEALTH_FILE ?? null,
      healthGrace: env.HEALTH_GRACE_MS,
      firstLoginGrace: env.FIRST_LOGIN_GRACE * MINUTE,
    },
    resources: {
      commandQueueUrl: env.BROKER_COMMAND_QUEUE_URL,
      journalTable: env.JOURNAL_TABLE,
      stateTable: env.STATE_TABLE,
      idempotencyTable: env.IDEMPOTENCY_TABLE,
      objectBucket: env.OBJECT_BUCKET,
    },
  };
}
