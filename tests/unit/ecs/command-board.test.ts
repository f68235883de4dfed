import { describe, expect, it } from 'vitest';
import { CommandBoard } from '#ecs/ib-gateway/command-board.ts';

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
