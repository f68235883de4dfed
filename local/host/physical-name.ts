import type { RawResource } from './kernel.ts';

/**
 * The physical name of a resource: the one its template gives, else stack and logical id, which stay the same from one
 * start to the next (CloudFormation would add a random suffix). @throws TypeError where the name is not plain text.
 */
export function physicalName(resource: RawResource, property: string, longest: number): string {
  const given = resource.properties[property];
  if (given === undefined) {
    const prefix = `${resource.stack}-`.slice(0, Math.max(0, longest - resource.logicalId.length));
    return `${prefix}${resource.logicalId}`.slice(-longest);
  }
  if (typeof given !== 'string') {
    throw new TypeError(
      `${property} of ${resource.logicalId} must be plain text so that its ARN is known before other resources: ${JSON.stringify(given)}`,
    );
  }
  return given;
}
