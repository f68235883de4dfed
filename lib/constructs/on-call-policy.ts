import { ArnFormat, CfnOutput, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { DeskFoundation } from './foundation.ts';
import { acknowledgeWildcard } from './nag.ts';

export interface OnCallPolicyProps {
  readonly foundation: DeskFoundation;
  readonly cluster: ecs.Cluster;
  readonly service: ecs.FargateService;
}

/**
 * What the runbooks' commands need of a person on call: to find the desk's resources, to read its tables and logs, and to
 * look at, replace or stop the one task. It changes nothing in the desk's state: that is the operator's policy.
 */
export class OnCallPolicy extends Construct {
  constructor(scope: Construct, id: string, { foundation, cluster, service }: OnCallPolicyProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const stacks = `Abc-${foundation.settings.environment}-*`;
    const arn = (service: string, resource: string, resourceName: string, arnFormat?: ArnFormat) =>
      stack.formatArn({ service, resource, resourceName, ...(arnFormat === undefined ? {} : { arnFormat }) });
    const policy = new ManagedPolicy(this, 'Policy', {
      description: 'abc: what a person on call needs to look, and to replace or stop the task of the broker',
    });
    foundation.grantInspect(policy);
    const allow = (
      actions: readonly string[],
      resource: string,
      conditions: Readonly<Record<string, unknown>> = {},
    ) =>
      policy.addStatements(new PolicyStatement({ actions: [...actions], resources: [resource], conditions }));
    allow(['cloudformation:DescribeStackResources'], arn('cloudformation', 'stack', `${stacks}/*`));
    allow(
      ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:DescribeLogStreams'],
      arn('logs', 'log-group', `${stacks}:*`, ArnFormat.COLON_RESOURCE_NAME),
    );
    allow(['ecs:DescribeServices', 'ecs:UpdateService'], service.serviceArn);
    allow(['ecs:DescribeTasks'], arn('ecs', 'task', `${cluster.clusterName}/*`));
    allow(['ecs:ListTasks'], '*', { ArnEquals: { 'ecs:cluster': cluster.clusterArn } });

    const asNagWrites = (service: string, rest: string) =>
      `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}`;
    const clusterId = String(stack.resolve(stack.getLogicalId(cluster.node.defaultChild as ecs.CfnCluster)));
    for (const [resource, reason] of [
      [asNagWrites('cloudformation', `stack/${stacks}/*`), 'the stacks of this environment, by their names'],
      [
        asNagWrites('logs', `log-group:${stacks}:*`),
        'the logs of this environment, whose names begin as its stacks do',
      ],
      [asNagWrites('ecs', `task/<${clusterId}>/*`), 'tasks come and go; the cluster has the one service'],
      ['*', 'ecs:ListTasks takes no resource; the condition confines it to the cluster'],
    ] as const)
      acknowledgeWildcard(policy, resource, reason);
    new CfnOutput(stack, 'OnCallPolicy', { value: policy.managedPolicyArn });
  }
}
