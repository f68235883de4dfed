import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RawClient } from '../integration/local/paper-gateway/raw-client.ts';
import { abc, type Started, stateDirectory } from './command-line.ts';

const state = stateDirectory();
afterAll(() => state.remove());
const tape = join(state.path, 'aapl.csv');
writeFileSync(
  tape,
  [
    'date,open,high,low,close,volume',
    '2024-01-03 09:30:00,100,101,99,100.5,100000',
    '2024-01-03 09:31:00,100.5,101,100,100.2,100000',
    '2024-01-03 09:32:00,100.2,102,100,101.2,100000',
    '',
  ].join('\n'),
);
const gateway = (): Started =>
  abc(
    ...['paper-gateway', '--port', '0', '--control-port', '0', '--clock', 'stepped'],
    ...['--tape', tape, '--state', join(state.path, 'account')],
  );
const portsOf = async (started: Started): Promise<readonly [port: number, control: number]> => {
  const line = await started.line(/^paper gateway on/);
  const [, port, control] = /:(\d+) .*control port (\d+)/.exec(line) ?? [];
  return [Number(port), Number(control)];
};

describe('the paper gateway alone', () => {
  it('trades a tape of bars by hand-moved time, and goes on from there after a restart', async () => {
    const first = gateway();
    const [port, control] = await portsOf(first);
    expect(await first.line(/^time:/)).toContain('2024-01-03T14:30:00.000Z, standing');
    const client = new RawClient(port);
    const orderId = await client.start(1);
    client.send('placeOrder', {
      orderId,
      contract: {
        conId: 0,
        symbol: 'AAPL',
        secType: 'STK',
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
      action: 'BUY',
      totalQuantity: 5,
      orderType: 'LMT',
      limitPrice: 105,
      timeInForce: 'GTC',
      transmit: true,
    });
    await client.next((fields) => fields[0] === '3');
    const moved = await abc(
      ...['paper-gateway', 'fault', 'do', 'advance', 'minutes=1', '--control-port', String(control)],
    ).done;
    expect([moved.code, moved.stderr]).toEqual([0, '']);
    const execution = await client.next((fields) => fields[0] === '11');
    expect(execution[19]).toBe('5');
    client.socket.destroy();
    first.kill('SIGINT');
    expect((await first.done).code).toBe(130);

    const second = gateway();
    const [, secondControl] = await portsOf(second);
    expect(await second.line(/^time:/)).toContain('2024-01-03T14:31:00.000Z, standing');
    const view = (await (await fetch(`http://127.0.0.1:${secondControl}/`)).json()) as {
      readonly positions: readonly { readonly quantity: string }[];
    };
    expect(view.positions.map(({ quantity }) => quantity)).toEqual(['5']);
    second.kill('SIGINT');
    await second.done;
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    [
      'a tape that ended before today by the wall clock',
      ['--clock', 'wall'],
      /ends before today.*--clock scaled/,
    ],
    ['a clock that is none', ['--clock', 'sand'], /--clock "sand" is unknown/],
    ['a speed that is none', ['--scale', '-1'], /--scale "-1" is not a speed/],
    ['a speed for a clock that has none', ['--clock', 'stepped', '--scale', '2'], /--scale goes with/],
    ['a day after the tape', ['--from', '2030-01-02'], /no session from 2030-01-02 on/],
    ['a tape whose instrument is not known', ['--tape', 'bars.csv'], /not named for an instrument/],
  ])('names the value and the mend for %s', async (_name, parameters, message) => {
    const finished = await abc('paper-gateway', '--port', '0', ...parameters).done;
    expect(finished.stderr).toMatch(message);
    expect(finished.code).toBe(3);
  });
});
