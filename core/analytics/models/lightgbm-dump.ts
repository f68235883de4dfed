import * as z from 'zod';

/** A dump that cannot be evaluated: the sentence names the path and what was expected there. */
export class InvalidLightGbmDumpError extends Error {
  readonly code = 'InvalidLightGbmDump';
  readonly retryable = false;
  constructor(path: string, expected: string, cause?: unknown) {
    super(`the LightGBM dump is wrong at ${path}: ${expected}`, { cause });
    this.name = 'InvalidLightGbmDumpError';
  }
}

/** How a node treats a missing value: NaN becomes 0, zero and NaN are missing, or NaN is. */
export type MissingType = 'None' | 'Zero' | 'NaN';

/**
 * One tree as columns. Node 0 is the root; a child at or above 0 is a node, below 0 the leaf `−1 − child`. Where
 * `categories` has a set the node is categorical and its threshold is NaN.
 */
export interface LightGbmTree {
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly categories: readonly (ReadonlySet<number> | null)[];
  readonly defaultLeft: Uint8Array;
  readonly missing: readonly MissingType[];
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly value: Float64Array;
}

export interface LightGbmModel {
  readonly kind: 'lightgbm';
  readonly features: readonly string[];
  /** Trees of one iteration: one, or one for each class. */
  readonly outputs: number;
  /** Random forests average their trees, boosting adds them. */
  readonly averages: boolean;
  /** The objective's name and parameters as dumped, such as `binary`, `sigmoid:1`. */
  readonly objective: LightGbmObjective;
  readonly trees: readonly LightGbmTree[];
}

/** How raw scores become predictions. */
export type LightGbmObjective =
  | { readonly kind: 'identity' }
  | { readonly kind: 'sigmoid'; readonly slope: number }
  | { readonly kind: 'softmax' }
  | { readonly kind: 'exponential' }
  | { readonly kind: 'signed-square' };

const top = z.looseObject({
  num_class: z.int().min(1),
  num_tree_per_iteration: z.int().min(1),
  objective: z.string().optional(),
  average_output: z.boolean().optional(),
  feature_names: z.array(z.string()).min(1),
  tree_info: z.array(z.looseObject({ tree_structure: z.unknown() })),
});

const leafNode = z.looseObject({ leaf_value: z.number() });
const splitNode = z.looseObject({
  split_feature: z.int().min(0),
  threshold: z.union([z.number(), z.string()]),
  decision_type: z.enum(['<=', '==']),
  default_left: z.boolean(),
  missing_type: z.enum(['None', 'Zero', 'NaN']),
  left_child: z.unknown(),
  right_child: z.unknown(),
});
const LINEAR = ['leaf_const', 'leaf_features', 'leaf_coeff'];

/**
 * Reads what LightGBM's `dump_model()` gives in LightGBM 4, or its JSON parsed. Shrinkage is already in its
 * leaf values.
 * @throws InvalidLightGbmDumpError naming the path; for linear trees and objectives that are not known, by name
 */
export function parseLightGbmDump(dump: unknown): LightGbmModel {
  const { num_class, num_tree_per_iteration, ...model } = shaped(top, '', dump);
  if (model.tree_info.length % num_tree_per_iteration !== 0)
    throw new InvalidLightGbmDumpError(
      'tree_info',
      `expected a multiple of num_tree_per_iteration (${num_tree_per_iteration}), not ${model.tree_info.length} trees`,
    );
  const objective = objectiveOf(model.objective);
  if (objective.kind === 'softmax' && num_tree_per_iteration !== num_class)
    throw new InvalidLightGbmDumpError(
      'num_tree_per_iteration',
      `expected one tree for each of ${num_class} classes, not ${num_tree_per_iteration}`,
    );
  return {
    kind: 'lightgbm',
    features: model.feature_names,
    outputs: num_tree_per_iteration,
    averages: model.average_output ?? false,
    objective,
    trees: model.tree_info.map(({ tree_structure }, at) =>
      treeOf(`tree_info.${at}.tree_structure`, tree_structure, model.feature_names.length),
    ),
  };
}

/** The transform of an objective (LightGBM's `ConvertOutput`); none, as with an objective of one's own, is identity. */
function objectiveOf(text = 'custom'): LightGbmObjective {
  const [name = '', ...parameters] = text.trim().split(/\s+/);
  switch (name) {
    case 'custom':
    case 'regression_l1':
    case 'huber':
    case 'fair':
    case 'quantile':
    case 'mape':
      return { kind: 'identity' };
    case 'regression':
      return parameters.includes('sqrt') ? { kind: 'signed-square' } : { kind: 'identity' };
    case 'binary':
    case 'multiclassova':
      return { kind: 'sigmoid', slope: slopeOf(parameters, text) };
    case 'cross_entropy':
      return { kind: 'sigmoid', slope: 1 };
    case 'multiclass':
      return { kind: 'softmax' };
    case 'poisson':
    case 'gamma':
    case 'tweedie':
      return { kind: 'exponential' };
  }
  throw new InvalidLightGbmDumpError(
    'objective',
    `${JSON.stringify(text)} is not known; expected binary, multiclass, multiclassova, cross_entropy, regression, regression_l1, huber, fair, quantile, mape, poisson, gamma or tweedie`,
  );
}

function slopeOf(parameters: readonly string[], text: string): number {
  const given = parameters.find((parameter) => parameter.startsWith('sigmoid:'));
  const slope = given === undefined ? 1 : Number(given.slice('sigmoid:'.length));
  if (!(slope > 0 && Number.isFinite(slope)))
    throw new InvalidLightGbmDumpError('objective', `expected sigmoid: above 0 in ${JSON.stringify(text)}`);
  return slope;
}

interface Pending {
  readonly path: string;
  readonly node: unknown;
  readonly parent: number;
  readonly side: 'left' | 'right';
}

/** Walks with a stack of its own: a chain of splits may be deeper than calls can nest. */
function treeOf(path: string, root: unknown, width: number): LightGbmTree {
  const feature: number[] = [];
  const threshold: number[] = [];
  const categories: (ReadonlySet<number> | null)[] = [];
  const defaultLeft: number[] = [];
  const missing: MissingType[] = [];
  const children = { left: [] as number[], right: [] as number[] };
  const value: number[] = [];
  const pending: Pending[] = [{ path, node: root, parent: -1, side: 'left' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent, side } = next;
    const isSplit = typeof node === 'object' && node !== null && 'split_feature' in node;
    if (parent !== -1) children[side][parent] = isSplit ? feature.length : -1 - value.length;
    if (!isSplit) {
      value.push(leafOf(next.path, node));
      continue;
    }
    const split = shaped(splitNode, next.path, node);
    if (split.split_feature >= width)
      throw new InvalidLightGbmDumpError(
        `${next.path}.split_feature`,
        `expected 0 to ${width - 1}, not ${split.split_feature}`,
      );
    const at = feature.length;
    feature.push(split.split_feature);
    defaultLeft.push(split.default_left ? 1 : 0);
    missing.push(split.missing_type);
    if (split.decision_type === '==') {
      categories.push(categoriesOf(`${next.path}.threshold`, split.threshold));
      threshold.push(Number.NaN);
    } else {
      categories.push(null);
      threshold.push(numberOf(`${next.path}.threshold`, split.threshold));
    }
    pending.push(
      { path: `${next.path}.right_child`, node: split.right_child, parent: at, side: 'right' },
      { path: `${next.path}.left_child`, node: split.left_child, parent: at, side: 'left' },
    );
  }
  return {
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    categories,
    defaultLeft: Uint8Array.from(defaultLeft),
    missing,
    left: Int32Array.from(children.left),
    right: Int32Array.from(children.right),
    value: Float64Array.from(value),
  };
}

function leafOf(path: string, node: unknown): number {
  const leaf = shaped(leafNode, path, node);
  const linear = LINEAR.find((name) => name in leaf);
  if (linear !== undefined)
    throw new InvalidLightGbmDumpError(
      `${path}.${linear}`,
      'linear trees (linear_tree) are not supported; train with linear_tree=false',
    );
  return leaf.leaf_value;
}

function numberOf(path: string, threshold: number | string): number {
  if (typeof threshold !== 'number')
    throw new InvalidLightGbmDumpError(path, `expected a number, not ${JSON.stringify(threshold)}`);
  return threshold;
}

function categoriesOf(path: string, threshold: number | string): ReadonlySet<number> {
  const parts = String(threshold).split('||');
  if (!parts.every((part) => /^\d+$/.test(part)))
    throw new InvalidLightGbmDumpError(
      path,
      `expected categories such as "0||3", not ${JSON.stringify(threshold)}`,
    );
  return new Set(parts.map(Number));
}

function shaped<T extends z.ZodType>(schema: T, path: string, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const at = [path, ...issue.path.map(String)].filter((part) => part !== '').join('.');
  throw new InvalidLightGbmDumpError(at || 'the root', issue.message);
}
