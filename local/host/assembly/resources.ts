import type { RawResource, Resource, ResourceIdentity, ResourceType } from '../kernel.ts';
import { type Assembly, AssemblyError, type Stack, type TemplateResource } from './assembly.ts';
import {
  IntrinsicResolver,
  referencesOf,
  resolveDynamicReferences,
  type SecretReference,
} from './intrinsics.ts';
import { inertResourceType } from './without-local-effect.ts';

/** Where the resources live. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly endpoint: string;
}

/** Every resource of the assembly, resolved, with the values that the stacks give out. */
export interface ResolvedAssembly {
  /** In creation order: each after those it refers to. Types without a local effect are among them. */
  readonly resources: readonly Resource[];
  /** By stack name, then output name. */
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By export name. */
  readonly exports: ReadonlyMap<string, string>;
  readonly find: (stack: string, logicalId: string) => Resource | undefined;
}

/** The assembly asks for something that the host does not carry. Lists all of it at once. */
export class UnsupportedAssemblyError extends AssemblyError {
  override readonly code = 'AssemblyUnsupported';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `the embedded host cannot run this assembly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.name = 'UnsupportedAssemblyError';
    this.problems = problems;
  }
}

/**
 * Resolves every resource: conditions, intrinsics, identities, in the order in which they can be created. Nothing is
 * created. `types` is by CloudFormation type; types without a local effect need not be in it.
 *
 * @throws UnsupportedAssemblyError listing every unknown resource type and every unknown property at once.
 * @throws AssemblyError where an intrinsic cannot be resolved.
 */
export function resolveResources(
  assembly: Assembly,
  types: ReadonlyMap<string, ResourceType>,
  place: Place,
): ResolvedAssembly {
  const typeOf = (type: string): ResourceType | undefined => types.get(type) ?? inertResourceType(type);
  const problems = assembly.stacks.flatMap((stack) => unsupported(stack, typeOf));
  if (problems.length > 0) throw new UnsupportedAssemblyError(problems);

  const resources: Resource[] = [];
  const outputs = new Map<string, Readonly<Record<string, string>>>();
  const exports = new Map<string, string>();
  for (const stack of assembly.stacks) {
    const identities = new Map<string, ResourceIdentity>();
    const resolver = new IntrinsicResolver({
      stack,
      region: place.region,
      accountId: place.accountId,
      identity: (logicalId) => identities.get(logicalId),
      importValue: (name) => exports.get(name),
    });
    const included = includedResources(stack, resolver);
    for (const logicalId of creationOrder(stack, included)) {
      const declared = included.get(logicalId)!;
      const raw: RawResource = {
        stack: stack.name,
        logicalId,
        type: declared.Type,
        properties: (resolver.resolve(declared.Properties) ?? {}) as Record<string, unknown>,
        metadata: declared.Metadata,
      };
      const identity = typeOf(declared.Type)!.identify(raw, place);
      identities.set(logicalId, identity);
      resources.push({ ...raw, identity });
    }
    outputs.set(stack.name, resolveOutputs(stack, resolver, exports));
  }
  const index = new Map(resources.map((resource) => [`${resource.stack}/${resource.logicalId}`, resource]));
  return { resources, outputs, exports, find: (stack, logicalId) => index.get(`${stack}/${logicalId}`) };
}

/**
 * Creates the resources in order (or adopts them on a second start). Dynamic references are resolved just before a
 * resource is created, when what they refer to exists.
 */
export async function createResources(
  resources: readonly Resource[],
  types: ReadonlyMap<string, ResourceType>,
  secret: (reference: SecretReference) => string,
): Promise<void> {
  for (const resource of resources) {
    const type = types.get(resource.type);
    if (type === undefined) continue;
    try {
      await type.create({ ...resource, properties: resolveDynamicReferences(resource.properties, secret) });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AssemblyError(`${resource.type} ${resource.stack}/${resource.logicalId}: ${reason}`, {
        cause,
      });
    }
  }
}

function unsupported(stack: Stack, typeOf: (type: string) => ResourceType | undefined): string[] {
  const problems: string[] = [];
  for (const [logicalId, { Type, Properties }] of Object.entries(stack.template.Resources)) {
    const type = typeOf(Type);
    if (type === undefined) {
      problems.push(`${stack.name}/${logicalId}: resource type ${Type}`);
      continue;
    }
    const known = new Set([...type.properties.honoured, ...type.properties.withoutLocalEffect]);
    if (known.has('*')) continue;
    for (const property of Object.keys(Properties)) {
      if (!known.has(property)) problems.push(`${stack.name}/${logicalId}: property ${property} of ${Type}`);
    }
  }
  return problems;
}

function includedResources(stack: Stack, resolver: IntrinsicResolver): Map<string, TemplateResource> {
  return new Map(
    Object.entries(stack.template.Resources).filter(
      ([, { Condition }]) => Condition === undefined || resolver.condition(Condition),
    ),
  );
}

function creationOrder(stack: Stack, included: ReadonlyMap<string, TemplateResource>): readonly string[] {
  const order: string[] = [];
  const state = new Map<string, 'visiting' | 'done'>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    const resource = included.get(logicalId);
    if (resource === undefined || state.get(logicalId) === 'done') return;
    if (state.get(logicalId) === 'visiting') {
      throw new AssemblyError(
        `stack ${stack.name}: resources refer to each other in a circle: ${[...path, logicalId].join(' → ')}`,
      );
    }
    state.set(logicalId, 'visiting');
    const dependsOn = resource.DependsOn ?? [];
    for (const dependency of [
      ...(typeof dependsOn === 'string' ? [dependsOn] : dependsOn),
      ...referencesOf(resource.Properties),
    ]) {
      visit(dependency, [...path, logicalId]);
    }
    state.set(logicalId, 'done');
    order.push(logicalId);
  };
  for (const logicalId of included.keys()) visit(logicalId, []);
  return order;
}

function resolveOutputs(
  stack: Stack,
  resolver: IntrinsicResolver,
  exports: Map<string, string>,
): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [name, output] of Object.entries(stack.template.Outputs)) {
    if (output.Condition !== undefined && !resolver.condition(output.Condition)) continue;
    const resolved = resolver.resolve(output.Value);
    const value = typeof resolved === 'string' ? resolved : JSON.stringify(resolved);
    outputs[name] = value;
    if (output.Export === undefined) continue;
    const exportName = String(resolver.resolve(output.Export.Name));
    if (exports.has(exportName))
      throw new AssemblyError(`stack ${stack.name}: export ${exportName} is already given by another stack`);
    exports.set(exportName, value);
  }
  return outputs;
}
