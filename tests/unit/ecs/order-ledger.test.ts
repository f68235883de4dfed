import { describe, expect, it } from 'vitest';
import { inMemoryDeskStore } from '#adapters/memory/in-memory-desk-store.ts';
import { type OrderChange, observeExecution, observeStatus } from '#core/broker/order-facts.ts';
import { type OrderRecord, unfinishedOrdersKey } from '#core/broker/order-record.ts';
import { submission } from '#core/broker/submission.ts';
import type { Commit } from '#core/events/desk-store.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { FencedOffError } from '#ecs/ib-gateway/fenced-off.ts';
import { JournalWriter } from '#ecs/ib-gateway/journal-writer.ts';
import { OrderLedger } from '#ecs/ib-gateway/order-ledger.ts';
import { executionOf, NOW, recordOf } from '../../support/order-samples.ts';

const CORRELATION = 'session:2018-02-05';

const unsent = (orderRef: string, orderId: number): OrderRecord =>
  recordOf({
    intentId: orderRef,
    orderRef,
    orderId,
    correlationId: CORRELATION,
    submittedEventId: null,
    attempts: 0,
  });

/** A ledger over a store whose commits are kept, with the mailbox's part played by hand. */
async function opened(...orderRefs: readonly string[]) {
  const store = inMemoryDeskStore();
  const commits: Commit[] = [];
  const inner = store.commit;
  store.commit = (change) => {
    commits.push(change);
    return inner(change);
  };
  const posted: (() => unknown)[] = [];
  const schedule = { now: () => NOW, post: (work: () => unknown) => void posted.push(work) };
  const newWriter = () =>
    new JournalWriter(store, schedule, { pause: async () => {}, waitFor: (_, work) => work() }, () => {});
  const writer = newWriter();
  const ledger = new OrderLedger(writer);
  await ledger.commit(
    orderRefs.map((orderRef, index) =>
      submission(unsent(orderRef, index + 1), { now: NOW, fencingToken: 1, commandEventId: null }),
    ),
    { unique: true },
  );
  commits.length = 0;
  const types = () => commits.map(({ entries }) => entries.map(({ event }) => event.metadata.type));
  const stored = async (orderRef: string) =>
    (await store.read([stateKeys.brokerOrder(orderRef)]))[0]?.value as OrderRecord;
  const flush = async () => {
    for (const work of posted.splice(0)) await work();
  };
  return { store, commits, types, writer, ledger, newWriter, posted, stored, flush };
}

const working =
  (permId: number) =>
  (record: OrderRecord): OrderChange =>
    observeStatus(record, { permId, status: 'Submitted', filled: '0' }, NOW);
const filled =
  (permId: number, execId: string, quantity: string) =>
  (record: OrderRecord): OrderChange =>
    observeExecution(
      record,
      executionOf({ execId, quantity, permId, orderRef: record.orderRef, orderId: record.orderId }),
      NOW,
    );
const bar = journalEntry<'CommandDeclined'>({
  type: 'CommandDeclined',
  key: 'something else',
  correlationId: CORRELATION,
  causationId: null,
  sender: 'broker-bridge',
  occurredAt: NOW,
  data: { intentId: 'x', command: 'unreadable', reason: 'something else' },
});

describe('reports of the broker', () => {
  it('that come together are one commit, in their order, each record once', async () => {
    const { ledger, types, commits, posted, stored, flush } = await opened('a', 'b');
    await ledger.report('a', working(11));
    await ledger.report('b', working(12));
    await ledger.report('a', filled(11, 'e1.1', '4'));
    await ledger.report('a', filled(11, 'e2.1', '6'));
    expect(types()).toEqual([]);
    expect((await stored('a')).status).toBe('submitted');
    expect(ledger.peek('a')?.status).toBe('filled');
    expect(ledger.openRecords().map(({ orderRef }) => orderRef)).toEqual(['b']);
    expect(posted).toHaveLength(1);
    await flush();
    expect(types()).toEqual([['OrderAccepted', 'OrderAccepted', 'OrderFilled', 'OrderFilled']]);
    expect(commits[0]?.writes).toHaveLength(3);
    expect((await stored('a')).status).toBe('filled');
    await ledger.report('b', filled(12, 'e.3', '10'));
    await flush();
    expect((await stored('b')).status).toBe('filled');
    expect(ledger.openRecords()).toEqual([]);
  });

  it('are committed before anything else that is committed, and after bars that came before', async () => {
    const { ledger, writer, types } = await opened('a', 'b');
    writer.defer(bar);
    await ledger.report('a', working(11));
    await ledger.update('b', (record) => ({ record: { ...record, closedBy: ['x'] }, entries: [] }));
    expect(types()).toEqual([['CommandDeclined'], ['OrderAccepted'], []]);
    await ledger.report('b', working(12));
    writer.defer({ ...bar, key: 'later' });
    await writer.append({ entries: [{ ...bar, key: 'last' }] });
    expect(types().slice(3)).toEqual([['OrderAccepted'], ['CommandDeclined'], ['CommandDeclined']]);
  });

  it('that are many are committed before they are too many for one transaction', async () => {
    const { ledger, commits, flush } = await opened('a');
    for (let n = 0; n < 120; n++) await ledger.report('a', filled(11, `e${n}.1`, '0.05'));
    await flush();
    expect(commits.length).toBeGreaterThan(3);
    for (const { entries, writes } of commits)
      expect(entries.length + (writes?.length ?? 0)).toBeLessThan(30);
    expect(commits.flatMap(({ entries }) => entries)).toHaveLength(121);
  });

  it('say nothing twice when the store took a commit whose answer was lost', async () => {
    const { store, ledger, types, stored, flush } = await opened('a');
    const inner = store.commit;
    let lost = false;
    store.commit = async (change) => {
      const result = await inner(change);
      if (lost) return result;
      lost = true;
      throw new Error('the connection ended');
    };
    await ledger.report('a', working(11));
    await flush();
    await ledger.report('a', filled(11, 'e.1', '10'));
    await flush();
    expect((await stored('a')).status).toBe('filled');
    expect(store.all().map(({ sortKey }) => sortKey.split('#')[0])).toEqual([
      'OrderSubmitted',
      'OrderAccepted',
      'OrderFilled',
    ]);
    expect(types().length).toBe(3);
  });

  it('find out that somebody else has written a record, and then nothing is held any more', async () => {
    const { ledger, newWriter, stored, flush } = await opened('a');
    const rival = new OrderLedger(newWriter());
    await rival.load();
    await rival.update('a', (record) => ({ record: { ...record, closedBy: ['rival'] }, entries: [] }));
    await ledger.report('a', working(11));
    await expect(flush()).rejects.toThrow(FencedOffError);
    expect(ledger.peek('a')).toBeNull();
    expect(await stored('a')).toMatchObject({ status: 'submitted', closedBy: ['rival'] });
  });

  it('that were kept back when the lease was lost are forgotten: the broker says them again', async () => {
    const { ledger, store, stored, flush } = await opened('a');
    await ledger.report('a', filled(11, 'e.1', '10'));
    ledger.reset();
    await flush();
    expect((await stored('a')).status).toBe('submitted');
    await ledger.load();
    await ledger.report('a', filled(11, 'e.1', '10'));
    await flush();
    expect((await stored('a')).status).toBe('filled');
    expect((await store.read([unfinishedOrdersKey]))[0]?.value).toEqual({ orderRefs: [] });
  });
});
