import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { FunctionCode } from './runtime-thread.ts';
import type { SharedModules } from './shared-modules.ts';

/** Properties of `AWS::Lambda::Function` that the host honours. */
export const functionProperties = z.object({
  Code: z.object({ S3Bucket: z.string().optional(), S3Key: z.string() }).strict(),
  Handler: z.string(),
  Runtime: z.string().regex(/^nodejs/, 'only Node.js runtimes run locally'),
  Role: z.string(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
  Environment: z
    .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
    .default({ Variables: {} }),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).default({}),
});
export type FunctionProperties = z.infer<typeof functionProperties>;

/**
 * What workers need to run a function: its module, its limits, and the environment that Lambda would give it, with
 * credentials of its role. @throws TypeError where the asset lacks the handler's module.
 */
export function functionCode(
  parts: RuntimeParts,
  name: string,
  arn: string,
  properties: FunctionProperties,
  extra: Readonly<Record<string, string>>,
  shared: SharedModules | undefined,
): FunctionCode {
  const { region, endpoint } = parts.context;
  const [file, exportName] = splitHandler(properties.Handler);
  const directory = parts.assetDirectory(properties.Code.S3Key);
  shared?.add(directory);
  const credentials = parts.credentials.issueCredentials(properties.Role, name);
  return {
    name,
    arn,
    moduleUrl: pathToFileURL(handlerFile(directory, file)).href,
    exportName,
    memoryMegabytes: properties.MemorySize,
    timeoutMillis: properties.Timeout * 1000,
    sharedModules: shared?.urls ?? {},
    environment: {
      ...properties.Environment.Variables,
      ...extra,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'local/[$LATEST]',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: properties.Handler,
      NODE_OPTIONS: '',
      TZ: 'UTC',
    },
  };
}

function splitHandler(handler: string): [file: string, exportName: string] {
  const dot = handler.lastIndexOf('.');
  if (dot <= 0)
    throw new TypeError(`handler ${JSON.stringify(handler)} must be file.export, such as index.handler`);
  return [handler.slice(0, dot), handler.slice(dot + 1)];
}

function handlerFile(directory: string, file: string): string {
  for (const extension of ['.mjs', '.js', '.cjs']) {
    const path = join(directory, `${file}${extension}`);
    if (existsSync(path)) return path;
  }
  throw new TypeError(
    `asset ${directory} holds no ${file}.mjs, ${file}.js or ${file}.cjs; bundle the handler into it`,
  );
}
