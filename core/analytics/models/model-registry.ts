import { createHash } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '#core/events/canonical.ts';
import { instantText } from '#core/values/clock.ts';
import { type FeatureDefinition, featureName } from './bar-features.ts';
import type { LabelDefinition } from './bar-labels.ts';
import type { Calibration } from './calibration.ts';
import { type LightGbmModel, parseLightGbmDump } from './lightgbm-dump.ts';
import type { ModelDataset } from './model-dataset.ts';
import { MalformedModelError, parseModel, type TrainedModel } from './model-document.ts';

/** A registry entry that is malformed, or does not belong to the model or the data it is opened with. */
export class ModelRegistryError extends Error {
  readonly code = 'ModelRegistry';
  readonly retryable = false;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ModelRegistryError';
  }
}

const period = z.int().min(1);
const feature = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum([
      'log-return',
      'mean-distance',
      'range',
      'rsi',
      'adx',
      'money-flow',
      'band-position',
      'volume',
    ]),
    period,
  }),
  z.strictObject({
    kind: z.literal('volatility'),
    estimator: z.enum(['close-to-close', 'parkinson', 'garman-klass', 'rogers-satchell', 'yang-zhang']),
    period,
  }),
  z.strictObject({ kind: z.literal('macd'), fast: period, slow: period, signal: period }),
]);
const label = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['forward-return', 'forward-direction']), horizon: period }),
  z.strictObject({
    kind: z.literal('triple-barrier'),
    side: z.enum(['long', 'short']),
    horizon: period,
    target: z.number().positive(),
    stop: z.number().positive(),
    rangePeriod: period,
  }),
]);
const calibration = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
  z.strictObject({
    kind: z.literal('isotonic'),
    scores: z.array(z.number()).min(1),
    probabilities: z.array(z.number().min(0).max(1)).min(1),
  }),
]);
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 as 64 hexadecimal digits');
/** Figures by name; null where one is undefined. */
const metrics = z.record(z.string(), z.number().nullable());

const entrySchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['logistic-regression', 'boosted-trees', 'lightgbm']),
  parameters: z.json(),
  features: z.array(feature).min(1),
  label,
  /** Close of the first training row's bar, and when the last training label was known. */
  trainedFrom: z.iso.datetime(),
  trainedTo: z.iso.datetime(),
  rows: z.int().min(1),
  dataHash: hash,
  inSample: metrics,
  outOfSample: metrics,
  calibration: calibration.nullable(),
  codeVersion: z.string().min(1),
  modelHash: hash,
});

/** What is known of a model: enough to make its input again, and to tell that neither it nor its data was changed. */
export type RegistryEntry = z.infer<typeof entrySchema>;

export interface Registration {
  readonly name: string;
  /** The settings it was trained with, as plain JSON. */
  readonly parameters: RegistryEntry['parameters'];
  readonly features: readonly FeatureDefinition[];
  readonly label: LabelDefinition;
  /** The rows it was trained on. */
  readonly training: ModelDataset;
  readonly inSample: Readonly<Record<string, number | null>>;
  readonly outOfSample: Readonly<Record<string, number | null>>;
  readonly calibration: Calibration | null;
  /** Version of the code that trained, such as a commit. */
  readonly codeVersion: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/**
 * SHA-256 of a dataset: names, columns, labels and intervals, each with its length, as little-endian doubles. Every NaN
 * counts as the same missing value.
 */
export function dataHash({ table, labels, intervals }: ModelDataset): string {
  const digest = createHash('sha256');
  digest.update(canonicalJson(table.names));
  for (const column of [...table.columns, labels, intervals.start, intervals.end]) {
    const bytes = new DataView(new ArrayBuffer(8 + 8 * column.length));
    bytes.setBigUint64(0, BigInt(column.length), true);
    for (let row = 0; row < column.length; row++) {
      const value = column[row]!;
      if (Number.isNaN(value)) bytes.setBigUint64(8 + 8 * row, 0x7ff8000000000000n, true);
      else bytes.setFloat64(8 + 8 * row, value, true);
    }
    digest.update(bytes);
  }
  return digest.digest('hex');
}

/**
 * The canonical text of a model's registry entry.
 * @param modelText the model's own text: `modelText` of one trained here, or a LightGBM dump
 * @throws ModelRegistryError where the model's features are not the defined ones, or a figure or text is out of range;
 * MalformedModelError and InvalidLightGbmDumpError for a text that is no model
 */
export function registryEntryText(modelText: string, registration: Registration): string {
  const { training, ...stated } = registration;
  const model = readModel(modelText);
  const { start, end } = training.intervals;
  const entry = parseEntry({
    ...stated,
    kind: model.kind,
    trainedFrom: start.length === 0 ? '' : instantText(start[0]!),
    trainedTo: end.length === 0 ? '' : instantText(end.reduce((latest, time) => Math.max(latest, time))),
    rows: training.labels.length,
    dataHash: dataHash(training),
    modelHash: sha256(modelText),
  });
  checkFeatureNames(entry, model);
  return canonicalJson(entry);
}

/**
 * Opens a registered model. Refuses a model whose text is not the one registered, one of other features, and, where
 * `training` is given, data that are not the ones it was trained on.
 * @throws ModelRegistryError naming what does not match
 */
export function openRegistered(
  entryText: string,
  modelText: string,
  training?: ModelDataset,
): { readonly entry: RegistryEntry; readonly model: TrainedModel | LightGbmModel } {
  let json: unknown;
  try {
    json = JSON.parse(entryText);
  } catch (cause) {
    throw new ModelRegistryError('the registry entry is no JSON; give the text that was registered', cause);
  }
  const entry = parseEntry(json);
  expectHash(`the model of ${entry.name}`, entry.modelHash, sha256(modelText));
  if (training !== undefined)
    expectHash(`the training data of ${entry.name}`, entry.dataHash, dataHash(training));
  const model = readModel(modelText);
  if (model.kind !== entry.kind)
    throw new ModelRegistryError(`${entry.name} is registered as ${entry.kind}, its model is ${model.kind}`);
  checkFeatureNames(entry, model);
  return { entry, model };
}

function expectHash(what: string, registered: string, found: string): void {
  if (registered !== found)
    throw new ModelRegistryError(
      `${what} has the SHA-256 ${found}, registered is ${registered}; use what was registered or register anew`,
    );
}

function checkFeatureNames({ name, features }: RegistryEntry, model: TrainedModel | LightGbmModel): void {
  const defined = features.map(featureName);
  if (defined.length !== model.features.length || defined.some((item, at) => item !== model.features[at]))
    throw new ModelRegistryError(
      `the model of ${name} has the features ${model.features.join(', ')}, defined are ${defined.join(', ')}; define the model's, in its order`,
    );
}

function parseEntry(value: unknown): RegistryEntry {
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new ModelRegistryError(
    `the registry entry is wrong at ${issue.path.map(String).join('.') || 'the root'}: ${issue.message}`,
  );
}

/** A LightGBM dump has no `kind`; models trained here have. */
function readModel(text: string): TrainedModel | LightGbmModel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MalformedModelError('its first character', 'expected JSON', cause);
  }
  return typeof json === 'object' && json !== null && 'tree_info' in json
    ? parseLightGbmDump(json)
    : parseModel(text);
}
