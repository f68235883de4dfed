import { describe, expect, it } from 'vitest';
import { abc } from './command-line.ts';

describe('the paper gateway by hand', () => {
  it('stands still until told, takes faults, and says what it does not take', async () => {
    const gateway = abc('paper-gateway', '--port', '0', '--control-port', '0', '--clock', 'stepped');
    const line = await gateway.line(/--control-port (\d+)/);
    const port = /--control-port (\d+)/.exec(line)?.[1] ?? '';
    const fault = (...words: readonly string[]) =>
      abc('paper-gateway', 'fault', ...words, '--control-port', port).done;

    const [advanced, muted, state] = [
      await fault('advance', '60000'),
      await fault('set', '{"mute":true}'),
      await fault(),
    ];
    expect([advanced.code, muted.code, state.code]).toEqual([0, 0, 0]);
    expect(JSON.parse(state.stdout)).toMatchObject({ cash: '1000000', faults: { mute: true }, orders: [] });

    const refused = await fault('set', '{"mutt":true}');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/mutt/);
    const unreadable = await fault('notice', 'soon');
    expect(unreadable.code).toBe(3);
    expect(unreadable.stderr).toMatch(/"soon" is neither a number nor JSON/);

    gateway.kill('SIGINT');
    expect((await gateway.done).code).toBe(130);
    const nobody = await fault();
    expect(nobody.code).toBe(3);
    expect(nobody.stderr).toMatch(/no paper gateway answers on control port/);
  }, 60_000);
});
