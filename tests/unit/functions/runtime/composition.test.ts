import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUNCTION_ENTRIES } from '#lib/config/functions.ts';
import { DESK_VARIABLES } from '../../../support/memory-desk.ts';

const VARIABLES: Readonly<Record<string, string>> = {
  ...DESK_VARIABLES,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  BUS_NAME: 'bus',
  LEAF_TABLE: 'leaves',
  WORM_BUCKET: 'worm',
  SIGNING_KEY: 'key',
  LOG_ORIGIN: 'abc/test',
  RECOVERY_MACHINE: 'arn',
  MEMORY_TABLE: 'memory',
  MEMORY_KEY: 'key',
};
const before = new Map(Object.keys(VARIABLES).map((name) => [name, process.env[name]]));

beforeAll(() => {
  Object.assign(process.env, VARIABLES);
});
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const handlerOf = async (entry: string): Promise<(input: unknown) => Promise<unknown>> => {
  const module = (await import(new URL(`../../../../${entry}`, import.meta.url).href)) as {
    readonly handler: (input: unknown) => Promise<unknown>;
  };
  return module.handler;
};

describe('every function of the desk', () => {
  it.each(Object.entries(FUNCTION_ENTRIES))(
    '%s composes from its environment, and refuses what is none of its business',
    async (name, entry) => {
      const handler = await handlerOf(entry);
      expect(handler).toBeTypeOf('function');
      // The checkpoint takes no input: it would begin to work.
      if (name !== 'checkpoint') await expect(handler({ unheard: 'of' })).rejects.toThrow();
    },
  );

  it.each(['functions/audit/relay/handler.ts', 'functions/audit/integrator/handler.ts'])(
    '%s answers an empty batch',
    async (entry) => {
      const handler = await handlerOf(entry);
      expect(await handler({ Records: [] })).toEqual({ batchItemFailures: [] });
    },
  );
});
