import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeRequest } from '#local/paper-gateway/protocol/requests.ts';
import { encodeResponse, respond } from '#local/paper-gateway/protocol/responses.ts';
import { negotiate } from '#local/paper-gateway/protocol/versions.ts';

const sizes = (write: (version: number) => readonly string[], versions: readonly number[]) =>
  versions.map((version) => [version, write(version).length]);

describe('the server version', () => {
  it.each([
    [100, 193, 193],
    [100, 223, 193],
    [100, 187, 187],
    [157, 178, 178],
    [100, 176, 176],
    [100, 175, null],
    [213, 223, null],
  ])('with a client of %i..%i is %s', (minimum, maximum, expected) => {
    expect(negotiate(minimum, maximum)).toBe(expected);
  });
});

describe('layouts by server version, message id included', () => {
  it('openOrder: faProfile until 176, then six fields more up to 193', () => {
    const write = (version: number) => encodeResponse(respond('openOrder', {}), version);
    expect(sizes(write, [176, 177, 182, 183, 184, 185, 188, 189, 192, 193])).toEqual([
      [176, 136],
      [177, 135],
      [182, 135],
      [183, 136],
      [184, 137],
      [185, 138],
      [188, 138],
      [189, 139],
      [192, 139],
      [193, 141],
    ]);
  });

  it('completedOrder: faProfile until 176, customer fields from 183 and 184', () => {
    const write = (version: number) => encodeResponse(respond('completedOrder', {}), version);
    expect(sizes(write, [176, 177, 183, 184, 193])).toEqual([
      [176, 101],
      [177, 100],
      [183, 101],
      [184, 102],
      [193, 102],
    ]);
  });

  it('execDetails: the pending price revision from 178', () => {
    const write = (version: number) => encodeResponse(respond('execution', {}), version);
    expect(sizes(write, [176, 177, 178, 193])).toEqual([
      [176, 31],
      [177, 31],
      [178, 32],
      [193, 32],
    ]);
  });

  it('contractDetails: the last trade date from 182 in fifth place, ineligibility from 186', () => {
    const write = (version: number) =>
      encodeResponse(respond('contractDetails', { lastTradeDate: '20260101' }), version);
    expect(write(181)[5]).toBe('0');
    expect(write(182)[5]).toBe('20260101');
    expect(sizes(write, [181, 182, 186]).map(([, length]) => length)).toEqual([40, 41, 42]);
  });

  it('placeOrder: what each version of client appends is read where it stands', () => {
    const order = {
      orderId: 5,
      orderRef: 'ref',
      transmit: true,
      customerAccount: 'C',
      includeOvernight: true,
      manualOrderIndicator: 1,
    };
    for (const version of [176, 178, 183, 187, 188, 190, 192, 193]) {
      const decoded = decodeRequest(encodeRequest('placeOrder', order, version), version);
      expect(decoded).toMatchObject({
        kind: 'request',
        request: {
          orderId: 5,
          orderRef: 'ref',
          transmit: true,
          customerAccount: version >= 183 ? 'C' : '',
          includeOvernight: version >= 189,
          manualOrderIndicator: version >= 192 ? 1 : null,
        },
      });
    }
    const lengths = [176, 177, 183, 184, 187, 189, 190, 192].map(
      (version) => encodeRequest('placeOrder', order, version).length,
    );
    expect(lengths.map((length, index) => length - (lengths[index - 1] ?? length))).toEqual([
      0, -1, 1, 1, 2, 1, -2, 1,
    ]);
  });

  it('cancelOrder: its own version until 191, request-for-quote fields from 187 to 189, tagging fields from 192', () => {
    const write = (version: number) => encodeRequest('cancelOrder', { orderId: 9 }, version);
    expect(write(176)).toEqual(['4', '1', '9', '']);
    expect(write(187)).toEqual(['4', '1', '9', '', '', '', '']);
    expect(write(191)).toEqual(['4', '1', '9', '']);
    expect(write(192)).toEqual(['4', '9', '', '', '']);
    for (const version of [176, 187, 191, 192]) {
      expect(decodeRequest(write(version), version)).toMatchObject({ request: { orderId: 9 } });
    }
  });

  it('reqGlobalCancel: its own version until 191, two tagging fields after', () => {
    expect(encodeRequest('reqGlobalCancel', {}, 191)).toEqual(['58', '1']);
    expect(encodeRequest('reqGlobalCancel', {}, 192)).toEqual(['58', '', '']);
  });
});

describe('fields', () => {
  it('treat empty transmit as not to be sent', () => {
    const fields = encodeRequest('placeOrder', { transmit: true }, 193);
    const decoded = decodeRequest(
      fields.map((value, index) => (index === 27 ? '' : value)),
      193,
    );
    expect(fields[27]).toBe('1');
    expect(decoded).toMatchObject({ request: { transmit: false } });
  });

  it('read empty and the largest double as unset', () => {
    for (const unset of ['', '1.7976931348623157E308']) {
      const fields = encodeRequest('placeOrder', {}, 193);
      expect(fields[17]).toBe('');
      const decoded = decodeRequest(
        fields.map((value, index) => (index === 19 ? unset : value)),
        193,
      );
      expect(decoded).toMatchObject({ request: { limitPrice: null } });
    }
  });

  it('escape what is not ASCII and drop a NUL that would shift the rest', () => {
    const fields = encodeResponse(respond('error', { requestId: 1, code: 2, message: 'prix à 5 €\0!' }), 193);
    expect(fields[4]).toBe('prix \\u00e0 5 \\u20ac!');
  });

  it('step over combinations, conditions, algorithms and hedges to what stands behind them', () => {
    const order = {
      contract: {
        conId: 0,
        symbol: 'X',
        secType: 'BAG',
        lastTradeDateOrContractMonth: '',
        strike: 0,
        right: '',
        multiplier: '',
        exchange: 'SMART',
        primaryExchange: '',
        currency: 'USD',
        localSymbol: '',
        tradingClass: '',
      },
      comboLegs: [
        {
          conId: 1,
          ratio: 1,
          action: 'BUY',
          exchange: 'SMART',
          openClose: 0,
          shortSaleSlot: 0,
          designatedLocation: '',
          exemptCode: -1,
        },
      ],
      comboLegPrices: [1.5],
      smartComboRouting: [{ tag: 'NonGuaranteed', value: '1' }],
      hedgeType: 'D',
      hedgeParam: 'p',
      algoStrategy: 'Twap',
      algoParameters: [{ tag: 'a', value: 'b' }],
      conditions: [
        { kind: 1, fields: ['a', '1', '100', '8314', 'SMART', '0'] },
        { kind: 3, fields: ['o', '1', '20260101 10:00:00'] },
      ],
      conditionsIgnoreRth: true,
      whatIf: true,
      manualOrderIndicator: 1,
    };
    const decoded = decodeRequest(encodeRequest('placeOrder', order, 193), 193);
    expect(decoded).toMatchObject({ request: order });
  });
});
