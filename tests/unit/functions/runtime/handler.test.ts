import { describe, expect, it } from 'vitest';
import type { DeskEvent } from '#contracts/registry.ts';
import { ContentMismatchError, getContent, putContent } from '#functions/runtime/content.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { InvalidEnvironmentError, parseDeskEnvironment } from '#functions/runtime/environment.ts';
import { type Arrival, describe as describeError, deskHandler, say } from '#functions/runtime/handler.ts';
import { causeOf, eventsOf, MissingCauseError } from '#functions/runtime/journal-reading.ts';
import { barClosed, deskEvent, entryOf, NOW, sessionPrepared } from '../../../support/desk-events.ts';
import { DESK_VARIABLES, memoryDesk } from '../../../support/memory-desk.ts';

const bus = (event: DeskEvent) => ({ version: '0', source: 'abc', 'detail-type': 'x', detail: event });
const message = (id: string, body: unknown, group?: string) => ({
  messageId: id,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...(group === undefined ? {} : { attributes: { MessageGroupId: group } }),
});
const bars = ['1', '2', '3', '4'].map((close, index) => barClosed(close, 15 * (index + 1)));

function handling(mode: 'batch' | 'each', fails: (close: string) => boolean = () => false) {
  const desk = memoryDesk('consumer');
  const handled: string[][] = [];
  const handler = deskHandler(
    desk,
    { accepts: ['BarClosed'], mode },
    async (_, arrivals: readonly Arrival<'BarClosed'>[]) => {
      const closes = arrivals.map(({ event }) => event.data.close);
      if (closes.some(fails)) throw new Error(`cannot handle ${closes.join()}`);
      handled.push(closes);
    },
  );
  return { desk, handled, handler };
}
const failed = (response: unknown) =>
  (response as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
    ({ itemIdentifier }) => itemIdentifier,
  );

describe('a handler of bus events', () => {
  it('hands the event over, and answers nothing', async () => {
    const { handled, handler } = handling('each');
    expect(await handler(bus(bars[0] as DeskEvent))).toBeUndefined();
    expect(handled).toEqual([['1']]);
  });

  it('throws what the use case throws, so that the bus tries again', async () => {
    const { desk, handler } = handling('each', () => true);
    await expect(handler(bus(bars[0] as DeskEvent))).rejects.toThrow('cannot handle 1');
    expect(desk.lines.join()).toContain('an event could not be handled');
  });

  it('refuses what is no event, or not one of its own', async () => {
    const { handler } = handling('each');
    await expect(handler({ nothing: 1 })).rejects.toThrow('neither a bus event nor queue records');
    await expect(handler(bus(sessionPrepared()))).rejects.toThrow('expected one of BarClosed');
  });
});

describe('a handler of queue messages', () => {
  it('takes a batch together, wrapped by the bus or plain', async () => {
    const { handled, handler } = handling('batch');
    expect(
      failed(await handler({ Records: [message('a', bars[0]), message('b', bus(bars[1] as DeskEvent))] })),
    ).toEqual([]);
    expect(handled).toEqual([['1', '2']]);
  });

  it('fails a batch whole, but for what it could not read at all', async () => {
    const { handler } = handling('batch', (close) => close === '2');
    expect(
      failed(
        await handler({ Records: [message('a', bars[0]), message('b', bars[1]), message('c', '{')] }),
      ).sort(),
    ).toEqual(['a', 'b', 'c']);
    const fine = handling('batch');
    expect(
      failed(
        await fine.handler({
          Records: [message('a', bars[0]), message('c', '{'), message('d', sessionPrepared())],
        }),
      ),
    ).toEqual(['c', 'd']);
    expect(fine.handled).toEqual([['1']]);
  });

  it('one by one: a failure holds back the rest of its group, and no other', async () => {
    const { handled, handler } = handling('each', (close) => close === '2');
    const records = [
      message('a', bars[0], 'one'),
      message('b', bars[1], 'one'),
      message('c', bars[2], 'one'),
      message('d', bars[3], 'two'),
    ];
    expect(failed(await handler({ Records: records }))).toEqual(['b', 'c']);
    expect(handled).toEqual([['1'], ['4']]);
  });

  it('holds nothing back where the queue keeps no order', async () => {
    const { handled, handler } = handling('each', (close) => close === '1');
    expect(failed(await handler({ Records: [message('a', bars[0]), message('b', bars[1])] }))).toEqual(['a']);
    expect(handled).toEqual([['2']]);
  });

  it('lets an unreadable message fail alone, wherever in its group it stands', async () => {
    const { desk, handled, handler } = handling('each');
    const records = [
      message('a', bars[0], 'one'),
      message('b', 'not json', 'one'),
      message('c', bars[1], 'one'),
    ];
    expect(failed(await handler({ Records: records }))).toEqual(['b']);
    expect(handled).toEqual([['1'], ['2']]);
    expect(desk.lines.join()).toContain('a message cannot be read');
  });
});

describe('a message that has outlived its time', () => {
  const aged = (ttlSeconds: number) =>
    deskEvent('BarClosed', barClosed('7', 60).data, { ttlSeconds, occurredAt: NOW - 60_000 });

  it('is journaled as expired, once, and not handled', async () => {
    const { desk, handled, handler } = handling('batch');
    const event = aged(59);
    for (let time = 0; time < 2; time++)
      expect(failed(await handler({ Records: [message('a', event), message('b', bars[0])] }))).toEqual([]);

    expect(handled).toEqual([['1'], ['1']]);
    expect(desk.said('MessageExpired')).toMatchObject([
      { data: { eventId: event.metadata.id, type: 'BarClosed', consumer: 'consumer' } },
    ]);
  });

  it('is handled up to its last instant', async () => {
    const { handled, handler } = handling('batch');
    await handler(bus(aged(60)));
    expect(handled).toEqual([['7']]);
  });
});

describe('say', () => {
  it('appends once, and says when it had been said', async () => {
    const desk = memoryDesk();
    const entry = entryOf('BarClosed', barClosed('1', 15).data, { key: 'x' });
    expect(await say(desk, [])).toBe('said');
    expect(await say(desk, [entry])).toBe('said');
    expect(await say(desk, [entry])).toBe('said before');
    const conflicting = {
      ...desk,
      store: { ...desk.store, commit: async () => ({ kind: 'conflict' as const, keys: [] }) },
    };
    await expect(say(conflicting, [entry])).rejects.toThrow('cannot conflict');
  });
});

describe('reading the journal', () => {
  it('finds a cause by its place, or says which is missing', async () => {
    const desk = memoryDesk();
    await say(desk, [entryOf('BarClosed', barClosed('1', 15).data, { key: 'x', correlationId: 'c' })]);
    expect((await causeOf(desk, 'c', 'BarClosed', 'x')).data.close).toBe('1');
    expect(await eventsOf(desk, 'c', ['BarClosed', 'SessionClosed'])).toHaveLength(1);
    await expect(causeOf(desk, 'c', 'BarClosed', 'y')).rejects.toThrow(MissingCauseError);
  });
});

describe('content', () => {
  it('is what was referred to, or nothing', async () => {
    const { objects } = memoryDesk();
    const reference = await putContent(objects, 'snapshots', { b: 1, a: 2 });
    expect(await getContent(objects, reference)).toEqual({ a: 2, b: 1 });
    expect(await putContent(objects, 'snapshots', { a: 2, b: 1 })).toEqual(reference);

    await objects.put(reference.uri, Buffer.from('{}'));
    await expect(getContent(objects, reference)).rejects.toMatchObject({
      code: 'ContentMismatch',
      retryable: false,
    });
    const gone = getContent(objects, { ...reference, uri: 'nowhere' });
    await expect(gone).rejects.toThrow(ContentMismatchError);
    await expect(gone).rejects.toMatchObject({ retryable: true });
  });
});

describe('the environment', () => {
  it('is parsed whole, and every wrong variable is named', () => {
    expect(parseDeskEnvironment(DESK_VARIABLES)).toMatchObject({
      BAR_MINUTES: 15,
      INSTRUMENTS: ['AAPL', 'XLK'],
      PROCESSED_DAYS: 14,
    });
    expect(() => parseDeskEnvironment({ ...DESK_VARIABLES, DESK_MODE: 'Live', BAR_MINUTES: '0' })).toThrow(
      InvalidEnvironmentError,
    );
    expect(() => parseDeskEnvironment({ ...DESK_VARIABLES, DESK_MODE: 'Live', BAR_MINUTES: '0' })).toThrow(
      /DESK_MODE.*BAR_MINUTES/,
    );
  });

  it('composes a desk of it', () => {
    expect(composeDesk('x', DESK_VARIABLES)).toMatchObject({
      name: 'x',
      environment: { JOURNAL_TABLE: 'journal' },
    });
    expect(() => composeDesk('x', {})).toThrow('JOURNAL_TABLE');
  });
});

describe('the log', () => {
  it('is one JSON object a line, and metrics in the embedded format', () => {
    const { log, lines } = memoryDesk('x');
    log.info('one', { a: 1 });
    log.warn('two');
    log.metric('Refused', 2, 'Count', { limit: 'position' });
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'info', message: 'one', function: 'x', a: 1 },
      { level: 'warn', message: 'two' },
      {
        Refused: 2,
        Environment: 'test',
        limit: 'position',
        _aws: {
          CloudWatchMetrics: [
            {
              Namespace: 'AbcApplication',
              Dimensions: [['Environment', 'limit']],
              Metrics: [{ Name: 'Refused', Unit: 'Count' }],
            },
          ],
        },
      },
    ]);
    expect(describeError('a text')).toEqual({ message: 'a text' });
  });
});
