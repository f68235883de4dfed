import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts one finding of cdk-nag on a construct and what is below it, with the reason beside it. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: rule, reason });
}

/** Accepts a wildcard in the resources of the policies below a construct. `resource` as cdk-nag writes it. */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  acknowledge(construct, `AwsSolutions-IAM5[Resource::${resource}]`, reason);
}

/** How cdk-nag writes the ARN of a resource of the same stack. */
export function arnText(construct: IConstruct): string {
  const stack = Stack.of(construct);
  return `<${String(stack.resolve(stack.getLogicalId(construct.node.defaultChild as CfnElement)))}.Arn>`;
}

/** How cdk-nag writes an ARN that another stack exports. */
export function exportedArnText(owner: Stack, arn: string): string {
  const imported = owner.resolve(owner.exportValue(arn)) as { readonly 'Fn::ImportValue': string };
  return imported['Fn::ImportValue'];
}
