import { describe, expect, it } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent, EventData } from '#contracts/registry.ts';
import { isSignedBy, MalformedCheckpointError, parseNote } from '#core/audit/checkpoint.ts';
import { checkChains } from '#core/audit/completeness.ts';
import { type ExportPart, exportLine, verifyExport } from '#core/audit/verification.ts';
import { canonicalJson, NotCanonicalError } from '#core/events/canonical.ts';
import { exportOf, noteOver, testKey } from '../../../support/audit-export.ts';
import {
  barClosed,
  brokerOrder,
  deskEvent,
  exitOf,
  intentOf,
  orderFilled,
  sessionPrepared,
} from '../../../support/desk-events.ts';

const KEY = testKey();
const intent = intentOf();
const plan = (of: Intent = intent) => deskEvent('OrderPlanned', { intent: of });
const authorize = (of: Intent = intent) =>
  deskEvent('OrderAuthorized', { intent: of, policyVersion: 1, reserved: '5010', checks: [] });
const refuse = () =>
  deskEvent('OrderRefused', {
    intent,
    limit: 'position',
    limitValue: '30 %',
    measured: '31 %',
    explanation: 'too much',
    policyVersion: 1,
  });
const submit = (changes: Partial<EventData<'OrderSubmitted'>> = {}) =>
  deskEvent('OrderSubmitted', {
    ...brokerOrder('I-1', changes.role ?? 'order'),
    orderId: 1,
    clientId: 1,
    side: 'BUY',
    quantity: '50',
    orderType: 'LMT',
    limitPrice: '100.20',
    triggerPrice: null,
    timeInForce: 'DAY',
    ocaGroup: null,
    fencingToken: 1,
    ...changes,
  });
const accept = () =>
  deskEvent('OrderAccepted', { ...brokerOrder('I-1'), orderId: 1, permId: 1, status: 'Submitted' });
const fill = (execId: string, quantity: string, corrects: string | null = null) =>
  orderFilled({ intentId: 'I-1', execId, quantity, price: '100', corrects });
const cancel = () =>
  deskEvent('OrderCancelled', { ...brokerOrder('I-1'), filledQuantity: '0', reason: 'asked for' });
const decline = () =>
  deskEvent('CommandDeclined', { intentId: 'I-1', command: 'OrderAuthorized', reason: 'the link is down' });
const life = () => [plan(), authorize(), submit(), accept(), fill('a', '20'), fill('b', '30')];

describe('checkChains', () => {
  it('lets a closing order be for what was left of its layer, and never for more', () => {
    const intent = exitOf('I-1', '50');
    const closing = (quantity: string) =>
      checkChains([
        deskEvent('OrderPlanned', { intent }),
        authorize(intent),
        deskEvent('OrderSubmitted', {
          ...submit().data,
          intentId: intent.intentId,
          orderRef: intent.intentId,
          side: intent.side,
          quantity,
        }),
      ]).faults.map(({ detail }) => detail);
    expect(closing('50')).toEqual([]);
    expect(closing('49')).toEqual([]);
    expect(closing('51')).toEqual([expect.stringContaining('SELL 51')]);
  });

  it('finds no fault in a whole life, and says what has not ended', () => {
    expect(checkChains(life())).toEqual({ faults: [], open: [] });
    const open = (events: readonly DeskEvent[]) => checkChains(events).open.map(({ state }) => state);
    expect(open(life().slice(0, 2))).toEqual(['authorized']);
    expect(open(life().slice(0, 3))).toEqual(['submitted']);
    expect(open(life().slice(0, 5))).toEqual(['working']);
    expect(open([...life().slice(0, 5), cancel()])).toEqual([]);
    expect(open([plan(), authorize(), decline()])).toEqual([]);
    expect(open([plan(), refuse()])).toEqual([]);
  });

  const [planned, authorized, submitted, accepted, first, second] = life() as [
    DeskEvent,
    DeskEvent,
    DeskEvent,
    DeskEvent,
    DeskEvent,
    DeskEvent,
  ];
  it.each<[string, readonly DeskEvent[], number, string]>([
    ['an execution without a submission', [planned, authorized, first], 2, 'never submitted'],
    ['an acceptance without a submission', [planned, authorized, accepted], 2, 'OrderAccepted of order I-1'],
    ['a submission without an authorization', [planned, submitted], 1, 'without an authorization'],
    ['an authorization without a plan', [authorized, submitted], 0, 'never planned'],
    ['two authorizations', [planned, authorized, authorize()], 2, 'more than once'],
    ['two plans', [planned, plan()], 1, 'the plan of intent I-1'],
    ['one submission told twice', [planned, authorized, submitted, submit()], 3, 'the submission of order'],
    [
      'one execution told twice',
      [planned, authorized, submitted, first, fill('a', '20')],
      4,
      'the execution a',
    ],
    ['other terms than planned', [planned, authorize(intentOf({ quantity: '60' }))], 1, 'other terms'],
    ['both authorized and refused', [planned, authorized, refuse()], 1, 'both authorized and refused'],
    ['another quantity than authorized', [planned, authorized, submit({ quantity: '51' })], 2, 'BUY 51'],
    ['less than authorized to open', [planned, authorized, submit({ quantity: '49' })], 2, 'BUY 49'],
    ['another side than authorized', [planned, authorized, submit({ side: 'SELL' })], 2, 'SELL 50'],
    [
      'more filled than ordered',
      [planned, authorized, submitted, first, second, fill('c', '1')],
      5,
      'filled 51 of 50',
    ],
    [
      'more filled over two submissions than ordered',
      [planned, authorized, submitted, submit({ orderId: 2 }), first, second, fill('c', '1')],
      6,
      'filled 51 of 50',
    ],
    [
      'a commission of no order',
      [
        deskEvent('CommissionReported', {
          ...brokerOrder('I-9'),
          execId: 'z',
          commission: '1',
          currency: 'USD',
          realizedPnl: null,
        }),
      ],
      0,
      'never submitted',
    ],
  ])('names %s', (_, events, index, words) => {
    const { faults } = checkChains(events);
    expect(faults[0]).toMatchObject({ index });
    expect(faults[0]?.detail).toContain(words);
  });

  it('counts a corrected execution once, whichever of its corrections is named', () => {
    expect(
      checkChains([
        ...life().slice(0, 4),
        fill('a.01', '50'),
        fill('a.02', '40', 'a.01'),
        fill('a.03', '50', 'a.01'),
      ]).faults,
    ).toEqual([]);
  });

  it('takes a stop that lapsed and was placed anew, and an order the broker never saw, as submitted again', () => {
    const stop = (orderId: number, quantity: string) =>
      submit({
        ...brokerOrder('I-1', 'stop'),
        orderId,
        quantity,
        side: 'SELL',
        orderType: 'STP',
        limitPrice: null,
        triggerPrice: '95',
      });
    const stopped = (execId: string, quantity: string) =>
      orderFilled({ intentId: 'I-1', execId, quantity, price: '95', side: 'SELL', role: 'stop' });
    const events = [
      ...life(),
      submit({ orderId: 9 }),
      stop(2, '50'),
      stopped('s', '20'),
      stop(3, '30'),
      stopped('t', '30'),
    ];
    expect(checkChains(events).faults).toEqual([]);
  });
});

describe('verifyExport', () => {
  const bars = [barClosed('101', 75), barClosed('102', 90), barClosed('103', 105)];
  const parts = () => exportOf([[sessionPrepared(), ...life()], bars], KEY);
  const verify = (changed: readonly ExportPart[], spki: Uint8Array = KEY.spki) => verifyExport(changed, spki);
  const withLines = (part: number, change: (lines: readonly string[]) => readonly string[]) =>
    parts().map((each, index) => (index === part ? { ...each, lines: change(each.lines) } : each));
  const signedAnew = (lines: readonly string[]) => ({
    name: 'part 1',
    lines,
    note: noteOver(
      lines.map((line) => line.slice(65)),
      KEY,
    ),
  });

  it('verifies what was sealed', () => {
    const exported = parts();
    const result = verify(exported);
    expect(result).toMatchObject({ verified: true, leaves: 10, faults: [], open: [] });
    expect(result.root).toBe(parseNote(exported[1]?.note ?? '').checkpoint.root.toString('hex'));
    expect(verify([])).toMatchObject({ verified: true, leaves: 0 });
  });

  it.each<[string, readonly ExportPart[], object]>([
    [
      'a flipped byte',
      withLines(0, (lines) => lines.with(2, (lines[2] ?? '').replace('"50"', '"51"'))),
      { kind: 'entry', index: 2, part: 'part 1' },
    ],
    [
      'a flipped byte hashed anew',
      withLines(0, (lines) => lines.with(2, exportLine((lines[2] ?? '').slice(65).replace('"50"', '"51"')))),
      { kind: 'checkpoint', part: 'part 1' },
    ],
    ['a dropped entry', withLines(1, (lines) => lines.slice(1)), { kind: 'checkpoint', part: 'part 2' }],
    [
      'an added entry',
      withLines(1, (lines) => [...lines, ...lines.slice(0, 1)]),
      { kind: 'checkpoint', part: 'part 2' },
    ],
    [
      'two entries swapped',
      withLines(1, ([a = '', b = '', ...rest]) => [b, a, ...rest]),
      { kind: 'checkpoint', part: 'part 2' },
    ],
    ['a part cut short', withLines(0, (lines) => lines.slice(0, -1)), { kind: 'checkpoint', part: 'part 1' }],
    ['a part left out', parts().slice(1), { kind: 'checkpoint', part: 'part 2' }],
    ['a line that is no JSON', [signedAnew([exportLine('not json')])], { kind: 'entry', index: 0 }],
    ['an entry that is no event', [signedAnew([exportLine('{"metadata":1}')])], { kind: 'entry', index: 0 }],
    [
      'an entry with a number that JSON cannot hold',
      [signedAnew([exportLine('{"a":1e999}')])],
      { kind: 'entry', index: 0 },
    ],
    [
      'an entry not in canonical form',
      [signedAnew([exportLine(`${canonicalJson(bars[0])} `)])],
      { kind: 'entry', index: 0 },
    ],
    [
      'members out of order',
      [signedAnew([exportLine(JSON.stringify({ metadata: bars[0]?.metadata, data: bars[0]?.data }))])],
      { kind: 'entry', index: 0 },
    ],
    [
      'a note that is none',
      parts().map((part) => ({ ...part, note: 'x' })),
      { kind: 'checkpoint', part: 'part 1' },
    ],
  ])('names the first bad place of %s', (_, changed, fault) => {
    const result = verify(changed);
    expect(result.verified).toBe(false);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]).toMatchObject(fault);
  });

  it('knows whose signature it is', () => {
    const other = testKey();
    expect(verify(parts(), other.spki).faults[0]).toMatchObject({
      kind: 'checkpoint',
      part: 'part 1',
      detail: 'its signature is not by the given key',
    });

    const [one, two] = parts() as [ExportPart, ExportPart];
    // The other key's id is replaced by ours: the signature itself must fail, not only its label.
    const forged = parseNote(noteOver(two.lines, other));
    const ours = parseNote(two.note);
    const blob = Buffer.concat([ours.keyId, forged.signature]).toString('base64');
    const note = two.note.replace(/— (\S+) \S+/, `— $1 ${blob}`);
    expect(isSignedBy(note, KEY.spki)).toBe(false);
    expect(verify([one, { ...two, note }]).faults[0]).toMatchObject({ kind: 'checkpoint', part: 'part 2' });
    const garbled = two.note.replace(
      /— (\S+) \S+/,
      `— $1 ${Buffer.concat([ours.keyId, Buffer.from('garbled')]).toString('base64')}`,
    );
    expect(isSignedBy(garbled, KEY.spki)).toBe(false);
  });

  it('sees a fork: a later checkpoint that belongs to another history', () => {
    const fork = exportOf([[sessionPrepared(), ...life().slice(0, 5)], bars], KEY);
    const [one] = parts();
    const [, two] = fork;
    expect(verify([one as ExportPart, two as ExportPart]).faults[0]).toMatchObject({
      kind: 'checkpoint',
      part: 'part 2',
    });
  });

  it('sees checkpoints of two logs', () => {
    const [one, two] = parts() as [ExportPart, ExportPart];
    const note = noteOver(
      [...one.lines, ...two.lines].map((line) => line.slice(65)),
      KEY,
      'abc/other',
    );
    expect(verify([one, { ...two, note }]).faults[0]).toMatchObject({
      detail: 'it is of the log abc/other, the ones before are of abc/test',
    });
  });

  it('does not verify a log that is whole but whose orders are not', () => {
    const result = verify(exportOf([[plan(), submit()]], KEY));
    expect(result).toMatchObject({ verified: false, leaves: 2, faults: [{ kind: 'chain', index: 1 }] });
  });
});

describe('parseNote', () => {
  const note = noteOver(['{}'], KEY);
  it.each([
    ['no empty line', note.replace('\n\n', '\n')],
    ['no origin', note.replace(/^[^\n]*/, '')],
    ['a fourth line', note.replace('\n\n', '\nmore\n\n')],
    ['a size that is no number', note.replace('\n1\n', '\n1.0\n')],
    ['a negative size', note.replace('\n1\n', '\n-1\n')],
    ['a root of another length', note.replace(/\n1\n[^\n]*/, '\n1\nAAAA')],
    ['no signature', note.replace(/— .*\n/, '')],
    ["another's signature line", note.replace('— abc/test', '— abc/other')],
  ])('refuses %s', (_, text) => {
    expect(() => parseNote(text)).toThrow(MalformedCheckpointError);
  });
});

describe('canonicalJson', () => {
  it('is one text for one value, as RFC 8785 has it', () => {
    expect(canonicalJson({ b: [1e21, 0.1, -0, 'é\n'], a: null })).toBe('{"a":null,"b":[1e+21,0.1,0,"é\\n"]}');
  });
  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, () => 1])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonicalError);
  });
});
