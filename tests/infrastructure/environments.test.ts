import { describe, expect, it } from 'vitest';
import { readSettings } from '#ecs/ib-gateway/settings.ts';
import { parseDeskEnvironment } from '#functions/runtime/environment.ts';
import { deployable, type Environment, synthesized } from './synthesized.ts';

/** Variables of a template as text, the way the program gets them: what refers to a resource stands for some name. */
const resolved = (variables: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'https://sqs.example/name',
    ]),
  );

const environments: readonly Environment[] = ['local', 'paper'];

describe.each(environments)('in %s', (environment) => {
  const app = synthesized(environment);
  const settings = deployable(environment);

  it('every function gets an environment that it can read', () => {
    for (const { properties } of app.functions) {
      const parsed = parseDeskEnvironment(resolved(properties.Environment.Variables));
      expect(parsed, properties.Description).toMatchObject({
        DESK_ENVIRONMENT: environment,
        DESK_MODE: settings.mode,
        BAR_MINUTES: settings.barMinutes,
        INSTRUMENTS: settings.instruments,
        DESK_SEED: settings.seed,
      });
    }
  });

  it('the bridge runs with the settings of the environment', () => {
    const [task] = app.all('AWS::ECS::TaskDefinition');
    const given = task?.properties.ContainerDefinitions[0].Environment as readonly {
      Name: string;
      Value: unknown;
    }[];
    const { settings: bridge } = readSettings(
      resolved(Object.fromEntries(given.map(({ Name, Value }) => [Name, Value]))),
      'task',
    );
    const { broker } = settings;
    expect(bridge).toMatchObject({
      environment,
      mode: settings.mode,
      host: broker.host,
      port: broker.port,
      clientId: broker.clientId,
      account: broker.account,
      liveConfirmed: settings.liveAccount,
      lease: { owner: broker.leaseOwner ?? 'task', duration: broker.leaseSeconds * 1000 },
      bars: { minutes: settings.barMinutes },
      marketData: { source: broker.marketDataSource, modelled: broker.marketDataModelled },
      heartbeatEvery: broker.heartbeatSeconds * 1000,
      haltPollEvery: broker.haltPollSeconds * 1000,
      reconcileEvery: broker.reconcileMinutes * 60_000,
      firstLoginGrace: broker.firstLoginMinutes * 60_000,
      accountEvery: broker.reconcileMinutes * 60_000,
    });
    expect(bridge.maintenance.dailyRestart === null).toBe(broker.dailyRestart === 'off');
  });
});
