import type { EpochMillis } from '#core/values/clock.ts';
import { AwsError } from '../../host/kernel.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectVersion, Retention } from './object-table.ts';

const dayMillis = 86_400_000;

/** The retention of a new version: what the request asks for, else the bucket's default. @throws AwsError InvalidRequest */
export function initialRetention(
  bucket: Bucket,
  asked: {
    readonly ObjectLockMode?: Retention['mode'] | undefined;
    readonly ObjectLockRetainUntilDate?: Date | undefined;
    readonly ObjectLockLegalHoldStatus?: 'ON' | 'OFF' | undefined;
  },
  now: EpochMillis,
): Retention | undefined {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = asked;
  const asks = mode !== undefined || until !== undefined || asked.ObjectLockLegalHoldStatus !== undefined;
  if (asks && !bucket.objectLock)
    throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if ((mode === undefined) !== (until === undefined)) {
    throw new AwsError(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  }
  if (mode !== undefined && until !== undefined) {
    requireFuture(until, now);
    return { mode, until: until.getTime() };
  }
  const rule = bucket.defaultRetention;
  if (rule === undefined) return undefined;
  return { mode: rule.mode, until: now + (rule.days ?? (rule.years ?? 0) * 365) * dayMillis };
}

/**
 * The retention that a version gets by PutObjectRetention: longer always, shorter or none only under governance by
 * somebody who may bypass it.
 * @throws AwsError AccessDenied, InvalidRequest
 */
export function changedRetention(
  bucket: Bucket,
  version: ObjectVersion,
  asked: { readonly Mode?: Retention['mode'] | undefined; readonly RetainUntilDate?: Date | undefined },
  bypass: boolean,
  now: EpochMillis,
): Retention | undefined {
  if (!bucket.objectLock) throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if ((asked.Mode === undefined) !== (asked.RetainUntilDate === undefined))
    throw new AwsError('MalformedXML', 'a retention needs both Mode and RetainUntilDate, or neither', 400);
  const wanted: Retention | undefined =
    asked.Mode === undefined ? undefined : { mode: asked.Mode, until: asked.RetainUntilDate!.getTime() };
  if (asked.RetainUntilDate !== undefined) requireFuture(asked.RetainUntilDate, now);
  const current = version.retention;
  if (current === undefined || current.until <= now) return wanted;
  const weaker =
    wanted === undefined ||
    wanted.until < current.until ||
    (current.mode === 'COMPLIANCE' && wanted.mode === 'GOVERNANCE');
  if (weaker && (current.mode === 'COMPLIANCE' || !bypass)) throw protectedVersion();
  return wanted;
}

/** @throws AwsError AccessDenied while the version is held or retained */
export function requireDeletable(version: ObjectVersion, bypass: boolean, now: EpochMillis): void {
  if (version.legalHold) throw protectedVersion();
  const { retention } = version;
  if (retention === undefined || retention.until <= now) return;
  if (retention.mode === 'GOVERNANCE' && bypass) return;
  throw protectedVersion();
}

function protectedVersion(): AwsError {
  return new AwsError('AccessDenied', 'Access Denied because object protected by object lock.', 403);
}

function requireFuture(until: Date, now: EpochMillis): void {
  if (until.getTime() <= now)
    throw new AwsError('InvalidArgument', 'The retain until date must be in the future!');
}
