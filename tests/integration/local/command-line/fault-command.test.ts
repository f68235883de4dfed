import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ControlPortError,
  faultClearCommand,
  faultDoCommand,
  faultListCommand,
  faultSetCommand,
  parsePairs,
} from '#local/command-line/fault-command.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { closeAll, market } from '../paper-gateway/bench-of-clients.ts';
import { calm, MINUTE, OPEN } from '../paper-gateway/market.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

/** A gateway with a control port, and that port as the command line names it. */
async function controlled(stepped = true) {
  const { gateway, clock } = await market([calm(100), calm(101), calm(102)]);
  const control = await startControlServer(gateway, 0, {
    now: () => clock.now(),
    advance: stepped ? (millis) => clock.advance(millis) : null,
  });
  return { gateway, clock, control, options: { controlPort: String(control.port) } };
}

describe('faults from the command line', () => {
  it('are set, listed and cleared', async () => {
    const { gateway, control, options } = await controlled();
    expect(await faultSetCommand(['delayMillis=500', 'pacing=error', 'readOnly=true'], options)).toBe(0);
    expect(gateway.faults.settings()).toMatchObject({ delayMillis: 500, pacing: 'error', readOnly: true });
    await faultDoCommand('random', ['odds={"reject":0.5}'], options);
    await faultDoCommand('halt', ['instrument=AAPL', 'halted=true'], options);
    printed = '';
    await faultListCommand(options);
    expect(JSON.parse(printed)).toMatchObject({
      time: new Date(OPEN).toISOString(),
      faults: { delayMillis: 500, pacing: 'error', readOnly: true },
      odds: { reject: 0.5 },
      broker: { halted: ['AAPL'] },
    });
    await faultClearCommand(options);
    expect(gateway.faults.settings().delayMillis).toBe(0);
    expect(gateway.state().behaviour.halted.size).toBe(0);
    await control.close();
  });

  it('move a stepped clock, and no other', async () => {
    const { clock, control, options } = await controlled();
    await faultDoCommand('advance', ['minutes=2'], options);
    expect(clock.now()).toBe(OPEN + 2 * MINUTE);
    await control.close();
    const running = await controlled(false);
    await expect(faultDoCommand('advance', ['minutes=2'], running.options)).rejects.toThrow(
      /--clock stepped/,
    );
    await running.control.close();
  });

  it('enter an order by hand, or say why it is refused', async () => {
    const { gateway, control, options } = await controlled();
    const enter = (limitPrice: number) =>
      faultDoCommand(
        'manualOrder',
        [
          `order=${JSON.stringify({ instrument: 'AAPL', side: 'SELL', quantity: 3, orderType: 'LMT', limitPrice })}`,
        ],
        options,
      );
    await enter(500);
    expect([...gateway.state().orders.values()].map(({ action, total }) => [action, total])).toEqual([
      ['SELL', 3],
    ]);
    await expect(enter(500.005)).rejects.toThrow(/110/);
    await control.close();
  });

  it('name what is not understood, and a port at which nobody answers', async () => {
    const { control, options } = await controlled();
    await expect(faultSetCommand(['mute=7'], options)).rejects.toThrow(/expected boolean/);
    await expect(faultSetCommand(['moot=true'], options)).rejects.toThrow(/moot/);
    await expect(faultSetCommand(['mute'], options)).rejects.toThrow(ConfigurationError);
    await expect(faultDoCommand('explode', [], options)).rejects.toThrow(ControlPortError);
    await control.close();
    await expect(faultListCommand(options)).rejects.toThrow(/no paper gateway answers/);
    await expect(faultListCommand({ controlPort: 'x' })).rejects.toThrow(/--control-port "x" is not a port/);
  });
});

it('pairs hold JSON where it can be read as that, else text; the first equals sign parts them', () => {
  expect(parsePairs(['a=1', 'b=true', 'c=text', 'd={"e":[1]}', 'f=x=y', 'g='])).toEqual({
    a: 1,
    b: true,
    c: 'text',
    d: { e: [1] },
    f: 'x=y',
    g: '',
  });
});
