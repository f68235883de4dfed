import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { abcApplication } from '#lib/abc-application.ts';
import { type Settings, settingsFor } from '#lib/config/settings.ts';

/** A resource of a synthesized template, with the stack it is in. */
export interface SynthesizedResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is untyped JSON, looked into freely by the assertions
  readonly properties: any;
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Synthesized {
  readonly template: (part: string) => Template;
  readonly all: (type: string) => readonly SynthesizedResource[];
  /** The product's functions: all but the one with which the CDK makes calls while it deploys. */
  readonly functions: readonly SynthesizedResource[];
  /** Resources of a type in one stack. */
  readonly of: (part: string, type: string) => readonly SynthesizedResource[];
}

export type Environment = Settings['environment'];
export const GATEWAY_IMAGE = `example/ib-gateway@sha256:${'a1'.repeat(32)}`;

export const NODE_IMAGE = `example/node@sha256:${'b2'.repeat(32)}`;

/** The logical id of the function behind every AwsCustomResource, which the CDK makes once a stack. */
const CALLER = 'AWS679f53fac002430cb0da5b7982bd2287';

/** Settings of an environment as somebody would deploy it: the cloud ones name the images. */
export const deployable = (environment: Environment): Settings =>
  settingsFor(
    environment,
    environment === 'local' ? {} : { broker: { gatewayImage: GATEWAY_IMAGE, nodeImage: NODE_IMAGE } },
  );

/** Calls `use` with a directory that is gone afterwards. */
export function inTemporaryDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'abc-infrastructure-'));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The application of an environment, synthesized once, without bundles and without cdk-nag. */
export function synthesized(environment: Environment): Synthesized {
  return inTemporaryDirectory((outdir) => {
    const app = abcApplication({
      settings: deployable(environment),
      bundling: false,
      checks: false,
      outdir,
    });
    const prefix = `Abc-${environment}-`;
    const templates = new Map(
      app.node.children
        .filter((child) => child instanceof Stack)
        .map((stack) => [stack.stackName.slice(prefix.length), Template.fromStack(stack)]),
    );
    const resources = [...templates].flatMap(([stack, template]) =>
      Object.entries(template.toJSON()['Resources'] as Record<string, Record<string, unknown>>).map(
        ([logicalId, raw]): SynthesizedResource => ({
          stack,
          logicalId,
          type: String(raw['Type']),
          properties: raw['Properties'] ?? {},
          raw,
        }),
      ),
    );
    return {
      template(part) {
        const template = templates.get(part);
        if (template === undefined)
          throw new Error(`there is no stack ${part}; there are ${[...templates.keys()].join(', ')}`);
        return template;
      },
      functions: resources.filter(
        ({ type, logicalId }) => type === 'AWS::Lambda::Function' && !logicalId.startsWith(CALLER),
      ),
      all: (type) => resources.filter((resource) => resource.type === type),
      of: (part, type) => resources.filter((resource) => resource.stack === part && resource.type === type),
    };
  });
}

/** The logical ids that a value refers to: `Ref`, `Fn::GetAtt`, or the export of another stack by what it exports. */
export function references(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' || key === 'Fn::ImportValue') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String((inner as readonly string[])[0])];
    return references(inner);
  });
}
