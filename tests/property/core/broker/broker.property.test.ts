import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameGuard, MalformedStreamError } from '#adapters/ibkr/frame-guard.ts';
import { INITIAL_SESSION, type SessionInput, stepSession } from '#core/broker/bridge-session.ts';
import type { BrokerBar } from '#core/broker/broker-port.ts';
import { barCloser, type ClosedBar } from '#core/broker/closed-bars.ts';
import { decideLease, type Lease } from '#core/broker/lease.ts';
import { observeExecution } from '#core/broker/order-facts.ts';
import { filledQuantity, type OrderRecord } from '#core/broker/order-record.ts';
import { messagePacer, type Priority } from '#core/broker/pacing.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { Decimal } from '#core/values/decimal.ts';
import { executionOf, NOW, recordOf } from '../../../support/order-samples.ts';

describe('pacing', () => {
  it('never lets more than the limit out in any window, loses nothing and keeps each priority in order', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 700 }),
      add: fc.array(fc.constantFrom<Priority>('cancel', 'order', 'question'), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 2, max: 9 }), (steps, limit) => {
        const pacer = messagePacer<{ priority: Priority; number: number }>(limit, 1);
        const sent: { at: number; priority: Priority; number: number }[] = [];
        let now = 0;
        let number = 0;
        const take = () => sent.push(...pacer.take(now).map((item) => ({ at: now, ...item })));
        for (const { wait, add } of steps) {
          now += wait;
          for (const priority of add) pacer.add(priority, { priority, number: number++ });
          take();
        }
        for (let next = pacer.nextAt(now); next !== null; next = pacer.nextAt(now)) {
          expect(next).toBeGreaterThan(now);
          now = next;
          take();
        }
        expect(sent).toHaveLength(number);
        for (const { at } of sent)
          expect(sent.filter((one) => one.at > at - 1_000 && one.at <= at).length).toBeLessThanOrEqual(limit);
        for (const priority of ['cancel', 'order', 'question']) {
          const numbers = sent.filter((one) => one.priority === priority).map((one) => one.number);
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the session', () => {
  it('is READY only on an open, greeted link with a broker behind it, outside maintenance', () => {
    const input = fc.constantFrom<SessionInput>(
      { kind: 'connect' },
      { kind: 'connected' },
      { kind: 'greeted' },
      { kind: 'reconciled' },
      { kind: 'link-ended', reason: 'x' },
      { kind: 'upstream-lost', reason: 'x' },
      { kind: 'upstream-restored', reason: 'x' },
      { kind: 'trading-disabled', reason: 'x' },
      { kind: 'maintenance-started', reason: 'x' },
      { kind: 'maintenance-ended' },
      { kind: 'lease-lost', reason: 'x' },
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        let session = INITIAL_SESSION;
        let links = 0;
        for (const one of inputs) {
          const next = stepSession(session, one);
          for (const action of next.actions)
            links += action === 'open-link' ? 1 : action === 'close-link' ? -1 : 0;
          session = next.session;
          expect(links).toBe(session.linkOpen ? 1 : 0);
          if (session.state === 'READY') {
            expect(session).toMatchObject({
              linkOpen: true,
              greeted: true,
              upstream: true,
              maintenance: false,
              disabled: null,
            });
          }
          if (session.state === 'READY' && next.actions.length > 0) expect(one.kind).toBe('reconciled');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('executions', () => {
  it('add up to the same whatever their order and however often they are told', () => {
    const fill = fc.record({
      quantity: fc.integer({ min: 1, max: 9 }),
      price: fc.integer({ min: 1, max: 99_999 }),
    });
    fc.assert(
      fc.property(
        fc.array(fill, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (fills, again) => {
          const told = fills.map(({ quantity, price }, index) =>
            executionOf({
              execId: `e.${index}.01`,
              quantity: String(quantity),
              price: new Decimal(price).div(100).toFixed(),
            }),
          );
          const total = fills.reduce((sum, { quantity }) => sum + quantity, 0);
          const order = recordOf({ quantity: String(total) });
          const shuffled = [...again.map((index) => told[index % told.length]!), ...told];
          let events = 0;
          const end = shuffled.reduce<OrderRecord>((record, execution) => {
            const change = observeExecution(record, execution, NOW);
            events += change.entries.filter(({ event }) => event.metadata.type === 'OrderFilled').length;
            return change.record;
          }, order);
          expect(filledQuantity(end).toNumber()).toBe(total);
          expect(end.status).toBe('filled');
          expect(events).toBe(told.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('bars', () => {
  it('close once, in order and whole, whatever interrupts the subscription', () => {
    const OPEN = Date.parse('2018-02-05T14:30:00.000Z');
    const MINUTE = 60_000;
    const aapl = instrumentOf('AAPL');
    // The market's truth: a bar's close is the number of the last minute that it has seen.
    const barAt = (minute: number): BrokerBar => {
      const start = Math.floor(minute / 5) * 5;
      return {
        time: String((OPEN + start * MINUTE) / 1_000),
        open: start,
        high: 999,
        low: 0,
        close: minute,
        volume: 1,
      };
    };
    const event = fc.constantFrom('update', 'update', 'update', 'silence', 'interrupt');
    fc.assert(
      fc.property(fc.array(event, { minLength: 30, maxLength: 120 }), (events) => {
        const closer = barCloser(aapl, 5, 1_000);
        const out: ClosedBar[] = [];
        let live = false;
        const subscribe = (minute: number, now: number) => {
          closer.begin();
          for (let past = 4; past < minute; past += 5) closer.history(barAt(past));
          if (minute % 5 !== 0) closer.history(barAt(minute - 1));
          out.push(...closer.historyEnd(now));
          live = true;
        };
        events.forEach((what, minute) => {
          // What minute `minute` traded is known at its end; a silent minute is one whose update is only later.
          const now = OPEN + (minute + 1) * MINUTE;
          if (what === 'interrupt') {
            closer.interrupt();
            live = false;
          } else if (!live) subscribe(minute + 1, now);
          else if (what === 'update' || (minute + 1) % 5 === 0)
            out.push(...closer.update(barAt(minute), now));
          out.push(...closer.due(now + 1_000));
        });
        const times = out.map(({ openTime }) => openTime);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const bar of out) expect(bar.close).toBe((bar.closeTime - OPEN) / MINUTE - 1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the lease', () => {
  it('is held by one at a time and its token only grows', () => {
    const attempt = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      wait: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 50 }), (attempts) => {
        let current: Lease | null = null;
        let now = NOW;
        for (const { owner, wait } of attempts) {
          now += wait;
          const before: Lease | null = current;
          const decision = decideLease(before, owner, now, 30);
          if (decision.kind === 'take') {
            expect(decision.lease.token).toBe((before?.token ?? 0) + 1);
            if (before !== null && before.owner !== owner)
              expect(Date.parse(before.expiresAt)).toBeLessThanOrEqual(now);
            current = decision.lease;
          } else expect(before?.owner).not.toBe(owner);
        }
      }),
    );
  });
});

describe('the guard of the byte stream', () => {
  it('gives the same frames for every way of cutting the bytes', () => {
    const field = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        (messages, cuts) => {
          const frames = messages.map((fields) => {
            const body = Buffer.from(`5\0${fields.join('\0')}\0`);
            const prefix = Buffer.alloc(4);
            prefix.writeInt32BE(body.length, 0);
            return Buffer.concat([prefix, body]);
          });
          const bytes = Buffer.concat(frames);
          const guard = new FrameGuard();
          const out: Buffer[] = [];
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            out.push(...guard.push(bytes.subarray(at, at + cut)));
            at += cut;
          }
          if (at >= bytes.length) expect(Buffer.concat(out).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('ends on any bytes: frames, or a named refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          for (const frame of new FrameGuard().push(Buffer.from(bytes))) expect(frame.at(-1)).toBe(0);
        } catch (fault) {
          expect(fault).toBeInstanceOf(MalformedStreamError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
