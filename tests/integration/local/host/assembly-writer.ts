import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

type Fields = Readonly<Record<string, unknown>>;

/** A function of a hand-written assembly. */
export interface FunctionSource {
  /** Body of the ES module; exports `handler`. */
  readonly source: string;
  readonly properties?: Fields;
  /** IAM statements of its role. */
  readonly statements?: readonly Fields[];
}

/** A hand-written stack: functions with a role each, and any other resources. */
export interface StackSource {
  readonly functions: Readonly<Record<string, FunctionSource>>;
  readonly resources: Readonly<Record<string, Fields>>;
  /** Image assets by tag: file name to contents. */
  readonly images?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const allow = (actions: readonly string[], resources: unknown): Fields => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resources,
});
export const arnOf = (logicalId: string): Fields => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
export const ref = (logicalId: string): Fields => ({ Ref: logicalId });

/** A role that a service may assume. */
export const roleFor = (service: string, statements: readonly Fields[] = []): Fields => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    },
    ...(statements.length === 0
      ? {}
      : {
          Policies: [
            { PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement: statements } },
          ],
        }),
  },
});

const bundles = new Map<string, string>();

/** Bundles an ES module as the CDK's NodejsFunction does; the same source only once. */
export function bundle(source: string): string {
  const known = bundles.get(source);
  if (known !== undefined) return known;
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const text = outputFiles[0]?.text ?? '';
  bundles.set(source, text);
  return text;
}

/** Writes a cloud assembly of one stack, as the CDK would, with bundled handlers. */
export function writeAssembly(directory: string, stack: StackSource): string {
  mkdirSync(directory, { recursive: true });
  const resources: Record<string, unknown> = { ...stack.resources };
  const files: Record<string, unknown> = {};
  for (const [name, { source, properties = {}, statements = [] }] of Object.entries(stack.functions)) {
    const hash = Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
    const asset = join(directory, `asset.${hash}`);
    mkdirSync(asset, { recursive: true });
    writeFileSync(join(asset, 'index.mjs'), bundle(source));
    files[hash] = {
      source: { path: `asset.${hash}`, packaging: 'zip' },
      destinations: { current: { bucketName: 'assets', objectKey: `${hash}.zip` } },
    };
    resources[`${name}Role`] = roleFor('lambda.amazonaws.com', statements);
    resources[name] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: `${hash}.zip` },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: arnOf(`${name}Role`),
        Timeout: 30,
        MemorySize: 128,
        ...properties,
      },
    };
  }
  const dockerImages: Record<string, unknown> = {};
  for (const [tag, contents] of Object.entries(stack.images ?? {})) {
    mkdirSync(join(directory, `asset.${tag}`), { recursive: true });
    for (const [file, text] of Object.entries(contents))
      writeFileSync(join(directory, `asset.${tag}`, file), text);
    dockerImages[tag] = {
      source: { directory: `asset.${tag}` },
      destinations: { current: { repositoryName: 'assets', imageTag: tag } },
    };
  }
  writeFileSync(
    join(directory, 'manifest.json'),
    JSON.stringify({
      version: '48.0.0',
      artifacts: {
        'Test.assets': { type: 'cdk:asset-manifest', properties: { file: 'Test.assets.json' } },
        Test: {
          type: 'aws:cloudformation:stack',
          environment: 'aws://unknown-account/unknown-region',
          properties: { templateFile: 'Test.template.json' },
          dependencies: ['Test.assets'],
        },
      },
    }),
  );
  writeFileSync(
    join(directory, 'Test.assets.json'),
    JSON.stringify({ version: '48.0.0', files, dockerImages }),
  );
  writeFileSync(join(directory, 'Test.template.json'), JSON.stringify({ Resources: resources }));
  return directory;
}
