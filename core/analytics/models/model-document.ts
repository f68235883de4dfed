import * as z from 'zod';
import { canonicalJson } from '#core/events/canonical.ts';
import type { BoostedTrees, RegressionTree } from './boosted-trees.ts';
import type { NamedLogisticModel } from './logistic-regression.ts';

/** A text that is no model of this project: the sentence names the path and what was expected there. */
export class MalformedModelError extends Error {
  readonly code = 'MalformedModel';
  readonly retryable = false;
  constructor(path: string, expected: string, cause?: unknown) {
    super(`the model is malformed at ${path}: ${expected}`, { cause });
    this.name = 'MalformedModelError';
  }
}

/** A model trained here. */
export type TrainedModel = NamedLogisticModel | BoostedTrees;

/**
 * The canonical text (RFC 8785) of a model: the same model has the same text and so the same hash. Doubles are written
 * so that they read back to the last bit.
 */
export function modelText(model: TrainedModel): string {
  switch (model.kind) {
    case 'logistic-regression':
      return canonicalJson({
        kind: model.kind,
        features: model.features,
        means: [...model.means],
        deviations: [...model.deviations],
        weights: [...model.weights],
      });
    case 'boosted-trees':
      return canonicalJson({
        kind: model.kind,
        loss: model.loss,
        features: model.features,
        base: model.base,
        trees: model.trees.map((tree) => ({
          feature: [...tree.feature],
          threshold: [...tree.threshold],
          missingLeft: [...tree.missingLeft],
          left: [...tree.left],
          right: [...tree.right],
          gain: [...tree.gain],
          value: [...tree.value],
        })),
      });
  }
}

const features = z.array(z.string().min(1)).min(1);
const numbers = z.array(z.number());
const indices = z.array(z.int32());

const document = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('logistic-regression'),
    features,
    means: numbers,
    deviations: z.array(z.number().nonnegative()),
    weights: numbers,
  }),
  z.strictObject({
    kind: z.literal('boosted-trees'),
    loss: z.enum(['logistic', 'squared']),
    features,
    base: z.number(),
    trees: z.array(
      z.strictObject({
        feature: indices,
        threshold: numbers,
        missingLeft: z.array(z.union([z.literal(0), z.literal(1)])),
        left: indices,
        right: indices,
        gain: numbers,
        value: numbers,
      }),
    ),
  }),
]);

/**
 * Reads a model written by {@link modelText}; its predictions are the same to the last bit.
 * @throws MalformedModelError naming the first path that is wrong
 */
export function parseModel(text: string): TrainedModel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MalformedModelError('its first character', 'expected JSON', cause);
  }
  const parsed = document.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new MalformedModelError(issue.path.map(String).join('.') || 'the root', issue.message);
  }
  const model = parsed.data;
  switch (model.kind) {
    case 'logistic-regression': {
      const width = model.features.length;
      expectLength('means', model.means, width);
      expectLength('deviations', model.deviations, width);
      expectLength('weights', model.weights, width + 1);
      return {
        ...model,
        means: Float64Array.from(model.means),
        deviations: Float64Array.from(model.deviations),
        weights: Float64Array.from(model.weights),
      };
    }
    case 'boosted-trees':
      return {
        ...model,
        trees: model.trees.map((tree, at) => {
          const columns: RegressionTree = {
            feature: Int32Array.from(tree.feature),
            threshold: Float64Array.from(tree.threshold),
            missingLeft: Uint8Array.from(tree.missingLeft),
            left: Int32Array.from(tree.left),
            right: Int32Array.from(tree.right),
            gain: Float64Array.from(tree.gain),
            value: Float64Array.from(tree.value),
          };
          checkTree(`trees.${at}`, columns, model.features.length);
          return columns;
        }),
      };
  }
}

/** Every node points to later nodes or leaves that exist, so that no row walks in a circle. */
function checkTree(path: string, tree: RegressionTree, width: number): void {
  const nodes = tree.feature.length;
  for (const name of ['threshold', 'missingLeft', 'left', 'right', 'gain'] as const) {
    expectLength(`${path}.${name}`, tree[name], nodes);
  }
  expectLength(`${path}.value`, tree.value, nodes + 1);
  for (let node = 0; node < nodes; node++) {
    const feature = tree.feature[node]!;
    if (feature < 0 || feature >= width)
      throw new MalformedModelError(`${path}.feature.${node}`, `expected 0 to ${width - 1}, not ${feature}`);
    for (const side of ['left', 'right'] as const) {
      const child = tree[side][node]!;
      if (child >= nodes || child < -1 - nodes || (child >= 0 && child <= node))
        throw new MalformedModelError(
          `${path}.${side}.${node}`,
          `expected a node after ${node} or one of ${nodes + 1} leaves, not ${child}`,
        );
    }
  }
}

function expectLength(path: string, values: ArrayLike<number>, length: number): void {
  if (values.length !== length)
    throw new MalformedModelError(path, `expected ${length} numbers, not ${values.length}`);
}
