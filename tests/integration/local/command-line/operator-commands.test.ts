import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { parseEventOf } from '#contracts/registry.ts';
import { outcomeCheck } from '#core/broker/entered-outcome.ts';
import { unfinishedOrdersKey } from '#core/broker/order-record.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { isEntered } from '#core/portfolio/entered-cash.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';
import { cashCommand, cashPaidCommand, cashReceivedCommand } from '#local/command-line/cash-command.ts';
import {
  haltCommand,
  reconcileCommand,
  resumeCommand,
  statusCommand,
} from '#local/command-line/operator-commands.ts';
import { outcomeCommand } from '#local/command-line/outcome-command.ts';
import { policySetCommand, policyShowCommand } from '#local/command-line/policy-command.ts';
import { invested } from '../../../support/drawdown.ts';
import { enteredExecutionOf, unresolvedOrder } from '../../../support/order-samples.ts';
import { startServer } from '../dynamodb/dynamodb-server.ts';

const ON_PAPER = { environment: 'paper', by: 'ana', reason: 'a strange market' };

/** An account on AWS as far as the commands see it: its tables, reached by the SDK's own settings. */
describe('a desk on AWS', () => {
  let client: DynamoDBClient;
  let close: () => Promise<void>;
  let store: DeskStore;
  let printed = '';

  beforeEach(async () => {
    const engine = await openDynamo({
      directory: null,
      now: () => Date.now(),
      region: 'eu-central-1',
      accountId: '123456789012',
    });
    const server = await startServer(engine);
    close = () => server.close();
    vi.stubEnv('AWS_ENDPOINT_URL', server.url);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'operator');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    client = new DynamoDBClient({});
    printed = '';
    const print = (text: unknown) => {
      printed += String(text);
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(print);
    vi.spyOn(process.stderr, 'write').mockImplementation(print);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await close();
  });

  const table = (name: string, sorted = true) =>
    client.send(
      new CreateTableCommand({
        TableName: name,
        AttributeDefinitions: (sorted ? ['pk', 'sk'] : ['pk']).map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          ...(sorted ? [{ AttributeName: 'sk', KeyType: 'RANGE' } as const] : []),
        ],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  /** The tables of a deployed environment, under the names that CloudFormation gives. */
  const deployed = async (environment: string): Promise<DeskStore> => {
    const name = (part: string) => `Abc-${environment}-State-${part}0A1B2C3D-${environment.toUpperCase()}XYZ`;
    for (const part of ['Journal', 'State']) await table(name(part));
    await table(name('Idempotency'), false);
    return dynamoDeskStore(
      client,
      {
        journalTable: name('Journal'),
        stateTable: name('State'),
        idempotencyTable: name('Idempotency'),
        processedDays: 14,
      },
      { now: () => Date.now() },
    );
  };
  const held = async () => {
    store = await deployed('paper');
    await store.commit({
      entries: [],
      writes: [{ key: stateKeys.book, value: invested(), expectedVersion: 0 }],
    });
  };
  const said = async () =>
    (await store.journal(correlations.desk)).map(({ canonical }) => {
      const { metadata, data } = JSON.parse(canonical) as {
        metadata: { type: string; sender: string };
        data: object;
      };
      return { type: metadata.type, ...data };
    });
  const flag = async () => (await store.read([stateKeys.halt]))[0]?.value;

  it('is halted, flattened, looked at and resumed from the command line', async () => {
    await held();
    await deployed('live');
    expect(await haltCommand(ON_PAPER)).toBe(0);
    expect(await flag()).toMatchObject({ halted: true, by: 'ana', reason: 'a strange market' });
    expect(await haltCommand(ON_PAPER)).toBe(0);
    expect(printed).toContain('trading is halted already');
    expect(await haltCommand({ ...ON_PAPER, flatten: true })).toBe(0);
    expect(printed).toContain('AAPL is closed with market orders');
    expect(await said()).toMatchObject([
      { type: 'TradingHalted', flatten: false, layers: [] },
      { type: 'TradingHalted', flatten: true, layers: [{ intentId: 'I-1', quantity: '1000' }] },
    ]);

    expect(await statusCommand({ environment: 'paper' })).toBe(0);
    expect(printed).toMatch(
      /trading {6}HALTED by ana: a strange market\nresume {7}a person with a reason may/,
    );
    expect(await resumeCommand({ environment: 'paper', by: 'ana', reason: 'short' })).toBe(6);
    expect(await resumeCommand({ ...ON_PAPER, reason: 'the market is as usual' })).toBe(0);
    expect(await flag()).toMatchObject({ halted: false });
    expect(await reconcileCommand(ON_PAPER)).toBe(0);
    expect((await said()).map(({ type }) => type).sort()).toEqual([
      'ReconciliationRequested',
      'TradingHalted',
      'TradingHalted',
      'TradingResumed',
    ]);
  });

  it.each([
    ['nothing is said', {}],
    ['what is said is blank', { by: ' ', reason: '' }],
    ['the reason is longer than the journal takes', { reason: 'x'.repeat(3_000) }],
  ])('halts and compares where %s', async (_, said) => {
    await held();
    vi.stubEnv('USER', '');
    expect(await haltCommand({ environment: 'paper', ...said })).toBe(0);
    expect(await flag()).toMatchObject({ halted: true, by: 'operator' });
    expect(await reconcileCommand({ environment: 'paper', ...said })).toBe(0);
  });

  it('whose switch was thrown by hand has the halt journaled, once', async () => {
    await held();
    const value = { halted: true, by: 'Jane Doe', reason: 'why', at: '2018-02-05T15:00:00.000Z' };
    await store.commit({ entries: [], writes: [{ key: stateKeys.halt, value, expectedVersion: 0 }] });
    expect(await haltCommand(ON_PAPER)).toBe(0);
    expect(printed).toContain('the journal did not know');
    expect(await said()).toMatchObject([{ type: 'TradingHalted', by: 'ana', reason: 'a strange market' }]);
    expect(await flag()).toEqual(value);

    printed = '';
    expect(await haltCommand(ON_PAPER)).toBe(0);
    expect(printed).toBe('trading is halted already\n');
    expect(await said()).toHaveLength(1);
  });

  it('has the end of an order entered that the broker no longer tells', async () => {
    store = await deployed('paper');
    const order = unresolvedOrder();
    const file = (content: object) => {
      const path = join(mkdtempSync(join(tmpdir(), 'abc-outcome-')), 'outcome.json');
      writeFileSync(path, JSON.stringify(content));
      return path;
    };
    expect(await outcomeCommand(undefined, { environment: 'paper' })).toBe(0);
    expect(printed).toContain('every order has an end');
    await store.commit({
      entries: [],
      writes: [
        { key: stateKeys.brokerOrder(order.orderRef), value: order, expectedVersion: 0 },
        { key: unfinishedOrdersKey, value: { orderRefs: [order.orderRef] }, expectedVersion: 0 },
      ],
    });
    expect(await outcomeCommand(undefined, { environment: 'paper' })).toBe(0);
    expect(printed).toContain('i-1: BUY 10 AAPL LMT, sent 2018-02-05T14:31:00.000Z, 0 executions known');

    const execution = enteredExecutionOf();
    const statement = { orderRef: order.orderRef, executions: [execution] };
    const signed = { ...ON_PAPER, reason: 'from the activity statement' };
    expect(await outcomeCommand(file(statement), { ...signed, by: '' })).toBe(6);
    expect(await outcomeCommand(file({ ...statement, orderRef: 'i-2' }), signed)).toBe(6);
    expect(printed).toContain('the desk has no order i-2');
    await expect(
      outcomeCommand(file({ ...statement, executions: [{ ...execution, price: -1 }] }), signed),
    ).rejects.toThrow(/is no outcome.*executions\[0\]\.price/s);
    await expect(outcomeCommand('nowhere.json', signed)).rejects.toThrow(/nowhere\.json cannot be read/);
    expect(await said()).toEqual([]);

    expect(await outcomeCommand(file(statement), signed)).toBe(0);
    expect(printed).toContain('entered by ana: with it the order is filled');
    const [entered] = await store.journal(correlations.desk);
    const told = parseEventOf(['OrderOutcomeEntered'], JSON.parse(entered?.canonical ?? 'null')).data;
    expect(told).toMatchObject({ by: 'ana', ...statement });
    // The word that the bridge asks for stands beside it.
    const { key, expectedVersion } = outcomeCheck(told);
    expect((await store.read([key]))[0]?.version).toBe(expectedVersion);
  });

  it('has money entered that no order of the desk moved, once for each of the broker’s references', async () => {
    await held();
    expect(await cashCommand({ environment: 'paper' })).toBe(0);
    expect(printed).toContain('the account agrees');
    const foreign = {
      positions: [{ instrument: 'AAPL', quantity: '-9', price: null }],
      orders: [],
      cash: '900',
    };
    await store.commit({
      entries: [],
      writes: [{ key: stateKeys.book, value: { ...invested(), foreign }, expectedVersion: 1 }],
    });
    expect(await cashCommand({ environment: 'paper' })).toBe(0);
    expect(printed).toMatch(/account has {3}900 USD beyond it.*\nunits besides {5}-9 AAPL,/);
    printed = '';
    expect(await cashCommand({ environment: 'paper', json: true })).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ currency: 'USD', beyond: '900' });
    const signed = { ...ON_PAPER, reason: 'from the activity statement' };
    const dividend = { ...signed, for: 'dividend', reference: 'T-1', on: '2018-01-22', instrument: 'AAPL' };
    expect(await cashReceivedCommand('84.20', { ...dividend, by: '' })).toBe(6);
    expect(await cashReceivedCommand('84.20', { ...dividend, reason: 'short' })).toBe(6);
    expect(await cashReceivedCommand('84.20', { ...dividend, on: '2999-01-01' })).toBe(6);
    expect(printed).toContain('2999-01-01 is still to come');
    expect(await cashReceivedCommand('0', dividend)).toBe(6);
    for (const [amount, options, problem] of [
      ['-84.20', dividend, /"-84.20" is no amount; write it like 84.20/],
      ['NaN', dividend, /"NaN" is no amount/],
      ['84.20', { ...dividend, for: 'present' }, /--for: /],
      ['84.20', { ...dividend, reference: '' }, /--reference/],
      ['84.20', { ...dividend, on: 'yesterday' }, /--on: /],
      ['84.20', { ...dividend, instrument: 'a share' }, /--instrument: /],
      ['84.20', { ...dividend, instrument: 'NOPE' }, /--instrument: no instrument "NOPE" in the catalog/],
    ] as const)
      await expect(cashReceivedCommand(amount, options)).rejects.toThrow(problem);
    expect(await said()).toEqual([]);

    expect(await cashReceivedCommand('84.20', dividend)).toBe(0);
    expect(await cashPaidCommand('10', { ...signed, for: 'fee', reference: 'T-2' })).toBe(0);
    expect(await cashReceivedCommand('84.20', { ...dividend, by: 'ben' })).toBe(6);
    expect(printed).toContain('the movement T-1 has been entered by ana');
    const events = (await store.journal(correlations.desk, ['CashEntered'])).map(({ canonical }) =>
      parseEventOf(['CashEntered'], JSON.parse(canonical)),
    );
    expect(events.map(({ data }) => [data.kind, data.amount, data.instrument])).toEqual([
      ['dividend', '84.2', 'AAPL'],
      ['fee', '-10', null],
    ]);
    // The word that the ledger asks for stands beside each.
    for (const event of events) {
      const [word] = await store.read([stateKeys.cash(event.data.reference)]);
      expect(isEntered(event, word?.value)).toBe(true);
    }
  });

  it('has its policy printed, edited and put in force, once for each file', async () => {
    await held();
    await expect(policyShowCommand({ environment: 'paper' })).rejects.toThrow(/no policy is in force yet/);
    await store.commit({
      entries: [],
      writes: [{ key: stateKeys.policy, value: DEFAULT_RISK_POLICY, expectedVersion: 0 }],
    });
    expect(await policyShowCommand({ environment: 'paper' })).toBe(0);
    const file = join(mkdtempSync(join(tmpdir(), 'abc-policy-')), 'policy.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(printed), ordersPerDay: 20 }));

    const signed = { ...ON_PAPER, reason: 'smaller until the summer' };
    expect(await policySetCommand(file, { ...signed, by: '' })).toBe(6);
    expect(await policySetCommand(file, signed)).toBe(0);
    expect(printed).toContain(
      'version 2 is in force, by ana: smaller until the summer\n  ordersPerDay: 50 → 20\n',
    );
    expect(await policySetCommand(file, signed)).toBe(6);
    expect(printed).toContain('the file was made from version 1; in force is version 2');
    expect((await store.read([stateKeys.policy]))[0]).toMatchObject({
      value: { version: 2, ordersPerDay: 20 },
      version: 2,
    });
    expect(await said()).toMatchObject([{ type: 'PolicyChanged', version: 2, by: 'ana' }]);
    writeFileSync(file, '{');
    await expect(policySetCommand(file, signed)).rejects.toThrow(/policy.json cannot be read/);
  });

  it('is named whole: no environment is guessed, and none is mixed with a desk on this machine', async () => {
    const refused = (options: object) => statusCommand(options).catch((fault: Error) => fault.message);
    expect(await refused({ environment: 'prod' })).toBe(
      'there is no environment prod; name one of dev, paper, live',
    );
    expect(await refused({ environment: 'paper', state: 'x' })).toMatch(/give one$/);
    expect(await refused({ environment: 'paper' })).toMatch(
      /^the environment paper has no table Abc-paper-State-Journal… in this account and region$/,
    );
    await held();
    await table('Abc-paper-State-Journal99999999-OLD');
    expect(await refused({ environment: 'paper' })).toMatch(/several tables Abc-paper-State-Journal…/);
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    expect(await refused({ environment: 'paper' })).toMatch(/could not be listed: .*AWS_REGION.*AWS_PROFILE/);
  });
});
