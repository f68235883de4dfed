import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  PhysicalResourceId,
  PhysicalResourceIdReference,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './nag.ts';

/** Saturday in UTC: the login that a new task needs is due on Sunday anyway, and nothing trades. */
const SATURDAY = { StartWeekDay: 'saturday', StartHour: 6, EndWeekDay: 'saturday', EndHour: 22 };

const WINDOWS_AS_NAG_WRITES =
  'arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance-event-window/*';

/**
 * Lets Amazon replace a Fargate service's task for its own maintenance on Saturdays only. CloudFormation has no resource
 * for event windows, so the calls are made by a custom resource. The account setting that makes Fargate heed them is the
 * whole account's in that region, and is left on when the stack goes.
 */
export class WeekendMaintenance extends Construct {
  constructor(scope: Construct, id: string, service: ecs.FargateService) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const caller = { role, logGroup, installLatestAwsSdk: false };
    const windows = `arn:${partition}:ec2:${region}:${account}:instance-event-window/*`;
    const setting = new AwsCustomResource(this, 'Setting', {
      ...caller,
      onUpdate: {
        service: 'ECS',
        action: 'putAccountSettingDefault',
        parameters: { name: 'fargateEventWindows', value: 'enabled' },
        physicalResourceId: PhysicalResourceId.of('fargate-event-windows'),
      },
      policy: allowing(['ecs:PutAccountSettingDefault'], '*'),
    });
    const window = new AwsCustomResource(this, 'Window', {
      ...caller,
      onCreate: {
        service: 'EC2',
        action: 'createInstanceEventWindow',
        parameters: { TimeRanges: [SATURDAY] },
        physicalResourceId: PhysicalResourceId.fromResponse('InstanceEventWindow.InstanceEventWindowId'),
      },
      onDelete: {
        service: 'EC2',
        action: 'deleteInstanceEventWindow',
        parameters: { InstanceEventWindowId: new PhysicalResourceIdReference(), ForceDelete: true },
      },
      policy: allowing(['ec2:CreateInstanceEventWindow', 'ec2:DeleteInstanceEventWindow'], windows),
    });
    const windowId = window.getResponseField('InstanceEventWindow.InstanceEventWindowId');
    const association = new AwsCustomResource(this, 'Association', {
      ...caller,
      onUpdate: {
        service: 'EC2',
        action: 'associateInstanceEventWindow',
        parameters: {
          InstanceEventWindowId: windowId,
          AssociationTarget: {
            InstanceTags: [{ Key: 'aws:ecs:serviceArn', Value: service.serviceArn }],
          },
        },
        physicalResourceId: PhysicalResourceId.of(windowId),
      },
      policy: allowing(['ec2:AssociateInstanceEventWindow'], windows),
    });
    association.node.addDependency(setting);

    acknowledgeWildcard(setting, '*', 'the setting is the account’s; it takes no resource');
    for (const one of [window, association])
      acknowledgeWildcard(
        one,
        WINDOWS_AS_NAG_WRITES,
        'the identifier of a window is not known before it is made',
      );
  }
}

const allowing = (actions: readonly string[], resource: string): AwsCustomResourcePolicy =>
  AwsCustomResourcePolicy.fromStatements([
    new iam.PolicyStatement({ actions: [...actions], resources: [resource] }),
  ]);
