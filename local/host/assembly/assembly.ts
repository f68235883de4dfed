import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** One stack of the assembly: its template as synthesized, before anything is resolved. */
export interface Stack {
  /** The physical stack name. */
  readonly name: string;
  /** Name in the construct tree, as the command line shows it. */
  readonly displayName: string;
  readonly template: Template;
  /** Parameter values that the manifest gives beside the template. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A file or directory that the templates refer to by its hash. */
export interface Asset {
  readonly hash: string;
  readonly kind: 'file' | 'directory' | 'image';
  /** Absolute path in the assembly; for an image, its build context. */
  readonly path: string;
}

/** A synthesized CDK application. Stacks stand after those that they import from. */
export interface Assembly {
  readonly directory: string;
  readonly stacks: readonly Stack[];
  /** By hash: the object key without extension, or the image tag. */
  readonly assets: ReadonlyMap<string, Asset>;
}

const values = z.record(z.string(), z.unknown());

const templateResource = z.object({
  Type: z.string(),
  Properties: values.default({}),
  Metadata: values.default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  Condition: z.string().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  UpdatePolicy: z.unknown().optional(),
  CreationPolicy: z.unknown().optional(),
});

/** Sections that change what is deployed, such as `Transform`, are refused by name; `Rules` only check parameters. */
const templateShape = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: values.optional(),
  Rules: values.optional(),
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }).loose())
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), values)).default({}),
  Conditions: values.default({}),
  Resources: z.record(z.string(), templateResource.strict()).default({}),
  Outputs: z
    .record(
      z.string(),
      z
        .object({
          Value: z.unknown(),
          Export: z.object({ Name: z.unknown() }).optional(),
          Condition: z.string().optional(),
        })
        .loose(),
    )
    .default({}),
});

export type Template = z.infer<typeof templateShape>;
export type TemplateResource = z.infer<typeof templateResource>;

const manifestShape = z.object({
  artifacts: z
    .record(
      z.string(),
      z.object({
        type: z.string(),
        properties: values.default({}),
        dependencies: z.array(z.string()).default([]),
        displayName: z.string().optional(),
      }),
    )
    .default({}),
});

const fileAsset = z.object({
  source: z.object({ path: z.string(), packaging: z.enum(['file', 'zip']) }).loose(),
  destinations: z.record(z.string(), z.object({ objectKey: z.string() }).loose()),
});
const imageAsset = z.object({
  source: z.object({ directory: z.string() }).loose(),
  destinations: z.record(z.string(), z.object({ imageTag: z.string() }).loose()),
});
const assetsShape = z.object({
  files: z.record(z.string(), fileAsset).default({}),
  dockerImages: z.record(z.string(), imageAsset).default({}),
});

/** The directory holds no cloud assembly, or one that cannot be read. */
export class AssemblyError extends Error {
  readonly code: string = 'AssemblyUnreadable';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AssemblyError';
  }
}

/**
 * Reads a cloud assembly (`cdk.out`), nested assemblies of stages included.
 * @throws AssemblyError naming the file and what is wrong with it.
 */
export function loadAssembly(directory: string): Assembly {
  const root = resolve(directory);
  const stacks: Stack[] = [];
  const assets = new Map<string, Asset>();
  loadDirectory(root, stacks, assets);
  if (stacks.length === 0) throw new AssemblyError(`no stack in ${root}; synthesize first: npm run synth`);
  return { directory: root, stacks, assets };
}

/** Where an asset lies, by hash, object key (`<hash>.zip`) or image URI (`…:<hash>`). @throws AssemblyError naming it. */
export function findAsset(assembly: Assembly, reference: string): Asset {
  const hash = assetHash(reference);
  const asset = assembly.assets.get(hash);
  if (asset === undefined)
    throw new AssemblyError(
      `asset ${JSON.stringify(reference)} is not in ${assembly.directory}; synthesize again`,
    );
  return asset;
}

function assetHash(reference: string): string {
  const tail = reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf(':')) + 1);
  return tail.replace(/\.[a-z]+$/i, '');
}

function loadDirectory(directory: string, stacks: Stack[], assets: Map<string, Asset>): void {
  const manifest = readJson(join(directory, 'manifest.json'), manifestShape);
  const done = new Set<string>();
  const visiting = new Set<string>();

  const visit = (id: string): void => {
    const artifact = manifest.artifacts[id];
    if (artifact === undefined || done.has(id)) return;
    if (visiting.has(id)) throw new AssemblyError(`artifact ${id} of ${directory} depends on itself`);
    visiting.add(id);
    for (const dependency of artifact.dependencies) visit(dependency);
    visiting.delete(id);
    done.add(id);
    if (artifact.type === 'aws:cloudformation:stack') {
      const name = textProperty(artifact.properties, 'stackName') ?? id;
      const file = textProperty(artifact.properties, 'templateFile');
      if (file === undefined) throw new AssemblyError(`artifact ${id} of ${directory} has no templateFile`);
      stacks.push({
        name,
        displayName: artifact.displayName ?? name,
        template: readJson(join(directory, file), templateShape),
        parameters: z.record(z.string(), z.string()).default({}).parse(artifact.properties['parameters']),
      });
    } else if (artifact.type === 'cdk:asset-manifest') {
      const file = textProperty(artifact.properties, 'file');
      if (file !== undefined) loadAssets(directory, file, assets);
    } else if (artifact.type === 'cdk:cloud-assembly') {
      const nested = textProperty(artifact.properties, 'directoryName');
      if (nested !== undefined) loadDirectory(join(directory, nested), stacks, assets);
    }
  };
  for (const id of Object.keys(manifest.artifacts)) visit(id);
}

function loadAssets(directory: string, file: string, assets: Map<string, Asset>): void {
  const manifest = readJson(join(directory, file), assetsShape);
  for (const { source, destinations } of Object.values(manifest.files)) {
    for (const { objectKey } of Object.values(destinations)) {
      const hash = assetHash(objectKey);
      assets.set(hash, {
        hash,
        kind: source.packaging === 'zip' ? 'directory' : 'file',
        path: join(directory, source.path),
      });
    }
  }
  for (const { source, destinations } of Object.values(manifest.dockerImages)) {
    for (const { imageTag } of Object.values(destinations)) {
      assets.set(imageTag, { hash: imageTag, kind: 'image', path: join(directory, source.directory) });
    }
  }
}

function textProperty(properties: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = properties[name];
  return typeof value === 'string' ? value : undefined;
}

function readJson<T>(file: string, shape: z.ZodType<T>): T {
  if (!existsSync(file)) throw new AssemblyError(`${file} does not exist; synthesize first: npm run synth`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new AssemblyError(`${file} is not JSON`, { cause });
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success)
    throw new AssemblyError(`${file}: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
  return parsed.data;
}
