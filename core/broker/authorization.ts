import type { Intent } from '#contracts/events/orders.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { contentOf } from '#core/events/content.ts';
import type { StateKey } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';

/**
 * Why a command that says it was authorized is not to be believed, or null. Anybody who may append to the journal can
 * write an OrderAuthorized; only the gate can write the account book. So the book's reservation is what counts: the
 * intent must stand in it, on the very terms of the command, and must not have ended.
 */
export function authorizationProblem(intent: Intent, book: AccountBook | null): string | null {
  const order = book?.orders?.[intent.intentId];
  if (order === undefined) return 'the account book holds no authorization of this intent';
  if (canonicalJson(order.intent) !== canonicalJson(intent))
    return 'the account book authorizes this intent on other terms';
  switch (order.status) {
    case 'authorized':
    case 'submitted':
    case 'working':
      return null;
    case 'filled':
    case 'cancelled':
    case 'rejected':
    case 'declined':
      return `the account book has this intent as ${order.status}`;
  }
}

/**
 * Where the gate leaves its word for exactly these terms. A commit that finds the item there knows that the intent was
 * authorized so, without reading the book.
 */
export function authorizationKey(intent: Intent): StateKey {
  return stateKeys.authorization(contentOf('intents', intent).reference.sha256);
}

/** The gate's word on these terms, as it is written in the commit that makes the reservation. */
export const authorizationWrite = (intent: Intent) => ({
  key: authorizationKey(intent),
  value: { intentId: intent.intentId },
  expectedVersion: 0,
});

/** What a commit has to check so that it fails where the gate has not left its word on these terms. It is written once. */
export const authorizationCheck = (intent: Intent) => ({ key: authorizationKey(intent), expectedVersion: 1 });
