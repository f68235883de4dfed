import * as z from 'zod';
import { unsupportedParameter } from './aws-error.ts';
import { isRecord } from './dynalite.ts';

type Request = Readonly<Record<string, unknown>>;

const VIEW_TYPES = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'] as const;

/** What CreateTable and UpdateTable take beyond what dynalite knows. */
const settingsSchema = z.strictObject({
  StreamSpecification: z
    .strictObject({ StreamEnabled: z.boolean(), StreamViewType: z.enum(VIEW_TYPES).optional() })
    .optional(),
  SSESpecification: z
    .strictObject({
      Enabled: z.boolean().optional(),
      SSEType: z.literal('KMS').optional(),
      KMSMasterKeyId: z.string().optional(),
    })
    .optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
  TableClass: z.enum(['STANDARD', 'STANDARD_INFREQUENT_ACCESS']).optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
});
export type SettingsInput = z.infer<typeof settingsSchema>;

export const timeToLiveSchema = z.strictObject({
  TableName: z.string(),
  TimeToLiveSpecification: z.strictObject({
    AttributeName: z.string().min(1).max(255),
    Enabled: z.boolean(),
  }),
});
export const backupsSchema = z.strictObject({
  TableName: z.string(),
  PointInTimeRecoverySpecification: z.strictObject({
    PointInTimeRecoveryEnabled: z.boolean(),
    RecoveryPeriodInDays: z.int().min(1).max(35).optional(),
  }),
});
export const tableNameSchema = z.strictObject({ TableName: z.string() });

/** dynalite accepts these and leaves the indexes as they are. */
export function refuseIndexChanges(updates: unknown): void {
  if (!Array.isArray(updates)) {
    return;
  }
  for (const update of updates) {
    const kind = isRecord(update)
      ? ['Create', 'Delete'].find((member) => isRecord(update[member]))
      : undefined;
    if (kind !== undefined) {
      throw unsupportedParameter(
        'UpdateTable',
        `GlobalSecondaryIndexUpdates.${kind}`,
        'delete the table and create it with the indexes it needs',
      );
    }
  }
}

/** Parts what dynalite knows of a table from what it does not. */
export function splitSettings(
  operation: 'CreateTable' | 'UpdateTable',
  input: Request,
): { rest: Request; settings: SettingsInput } {
  const settings: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue;
    const own = name in settingsSchema.shape && !(name === 'Tags' && operation === 'UpdateTable');
    (own ? settings : rest)[name] = value;
  }
  return { rest, settings: parse(operation, settingsSchema, settings) };
}

/**
 * Checks a request that dynalite has no description of.
 * @throws AwsError that names the first member that does not fit
 */
export function parse<Schema extends z.ZodType>(
  operation: string,
  schema: Schema,
  input: Request,
): z.infer<Schema> {
  const present = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys] : (issue?.path ?? []);
    throw unsupportedParameter(operation, path.join('.'), issue?.message ?? 'it does not fit the operation');
  }
  return parsed.data;
}
