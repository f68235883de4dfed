import { describe, expect, it } from 'vitest';
import { journalEntry } from '#core/events/new-event.ts';
import { CommandBoard } from '#ecs/ib-gateway/command-board.ts';
import { FencedOffError } from '#ecs/ib-gateway/fenced-off.ts';

type Parts = ConstructorParameters<typeof CommandBoard>;

describe('the turn of a command', () => {
  /** A board whose commands are only put into line: which line each takes is what is looked at. */
  const line = () => {
    const board = new CommandBoard({} as Parts[0], {} as Parts[1], {} as Parts[2]);
    const turns: { readonly urgent: boolean; readonly work: () => unknown }[] = [];
    const mailbox = {
      post: (work: () => unknown) => void turns.push({ urgent: false, work }),
      postUrgent: (work: () => unknown) => void turns.push({ urgent: true, work }),
    };
    const arrive = (body: string) => board.arrive({ messageId: 'm', receipt: 'r', body }, mailbox);
    return { board, arrive, turns };
  };
  const authorized = (purpose: string) =>
    JSON.stringify({ metadata: { type: 'OrderAuthorized' }, data: { intent: { purpose } } });

  it.each([
    ['an entry', authorized('entry'), true],
    ['a pyramid layer', authorized('pyramid'), true],
    ['an exit, whose layer a report may have closed', authorized('exit'), false],
    ['a flattening order', authorized('flatten'), false],
    ['a cancel', JSON.stringify({ metadata: { type: 'CancelAuthorized' }, data: {} }), false],
    ['garbage', 'null', false],
    ['a cut-off message', '{"metadata":', false],
  ])('of %s: before what the broker reports?', (_, body, urgent) => {
    const { arrive, turns } = line();
    void arrive(body);
    expect(turns.map((turn) => turn.urgent)).toEqual([urgent]);
  });

  it('never overtakes another command', () => {
    const { arrive, turns } = line();
    void arrive(JSON.stringify({ metadata: { type: 'CancelAuthorized' }, data: {} }));
    void arrive(authorized('entry'));
    expect(turns.map((turn) => turn.urgent)).toEqual([false, false]);
  });

  it('may overtake again once the commands before it have had their turn', async () => {
    const { board, arrive, turns } = line();
    board.receive = async () => {};
    void arrive(authorized('exit'));
    await turns[0]?.work();
    void arrive(authorized('entry'));
    expect(turns.map((turn) => turn.urgent)).toEqual([false, true]);
  });
});

describe('a command that fails', () => {
  const event = (type: 'ReconciliationRequested' | 'CancelAuthorized', data: object) =>
    JSON.stringify(
      journalEntry({
        type,
        key: 'k',
        correlationId: 'day:2018-02-05',
        causationId: null,
        sender: 'operator',
        occurredAt: 0,
        data: data as never,
      }).event,
    );
  const cancel = event('CancelAuthorized', {
    requestId: 'c',
    intentId: 'i',
    includeStops: false,
    reason: 'no longer wanted',
  });
  const reconcile = event('ReconciliationRequested', { requestId: 'r', by: 'somebody', reason: 'to see' });

  /** A board whose services throw `fault`, and what becomes of message `m`. */
  const failing = (fault: Error, holds = true) => {
    const said: string[] = [];
    const fails = async () => {
      said.push('tried');
      throw fault;
    };
    const bridge = {
      log: () => {},
      acknowledgements: { count: 0 },
      settings: { maximumUnacknowledged: 1 },
    };
    const intake = {
      holds: () => holds,
      complete: (messageId: string) => said.push(`completed ${messageId}`),
      giveBack: async (messageId: string, seconds: number) =>
        void said.push(`${messageId} given back for ${seconds} s`),
    };
    const desk = { cancel: fails, withdrawUnsent: async () => {} };
    const services = { reconcile: fails, ready: () => true, orders: { desk } };
    const board = new CommandBoard(
      bridge as unknown as Parts[0],
      intake as unknown as Parts[1],
      services as unknown as Parts[2],
    );
    const receive = (body: string) => board.receive({ messageId: 'm', receipt: 'r', body });
    return { receive, said };
  };

  it.each([
    ['a cancel', cancel],
    ['a reconciliation', reconcile],
  ])('is given back for a while: %s', async (_, body) => {
    const { receive, said } = failing(new Error('broken'));
    await expect(receive(body)).rejects.toThrow('broken');
    expect(said).toEqual(['tried', 'm given back for 30 s']);
  });

  it('because the bridge is fenced off is left to the end of its tenure', async () => {
    const { receive, said } = failing(new FencedOffError('the lease is another one’s'));
    await expect(receive(cancel)).rejects.toThrow(FencedOffError);
    expect(said).toEqual(['tried']);
  });

  it('by having been given back before its turn is not looked at', async () => {
    const { receive, said } = failing(new Error('broken'), false);
    await receive(cancel);
    expect(said).toEqual([]);
  });
});
