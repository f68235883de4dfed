import * as z from 'zod';
import { AwsError, type ServiceCall } from './kernel.ts';

/**
 * The input of a call by its (strict) shape.
 * @throws AwsError naming every parameter that is unknown, missing or malformed; `code` as the service calls it.
 */
export function parseParameters<T>(call: ServiceCall, shape: z.ZodType<T>, code = 'ValidationException'): T {
  const parsed = shape.safeParse(call.input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `the embedded host does not know the parameter ${issue.keys.join(', ')}`;
    return `${issue.path.join('.')}: ${issue.message}`;
  });
  throw new AwsError(code, `${call.service}:${call.operation}: ${problems.join('; ')}`);
}

/** The answer to an operation that a service does not carry. */
export function unknownOperation(call: ServiceCall): AwsError {
  return new AwsError(
    'UnknownOperationException',
    `the embedded host does not carry ${call.service}:${call.operation}`,
  );
}

/** A boolean of a template: CloudFormation takes the words too. */
export const templateBoolean = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((word) => word === 'true'),
]);
