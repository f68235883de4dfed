import { createHash } from 'node:crypto';
import type { RawResource, ResourceIdentity, ResourceType } from '../kernel.ts';

/** A resource type that the host accepts and does nothing for, with the reason. */
interface InertType {
  readonly reason: string;
  /** Prefix of the identifier that `Ref` gives, as AWS forms it (`vpc-0123…`). */
  readonly idPrefix?: string;
  /** Attributes besides `Arn` and `Id`; each resolves to the identifier. */
  readonly attributes?: readonly string[];
}

const network = 'everything runs in one process on the loopback interface; there is no network to shape';

/**
 * Resource types without an effect on a laptop. A type that is neither here nor carried by a service is a loud error,
 * so each line is a decision that somebody took.
 */
export const typesWithoutLocalEffect: Readonly<Record<string, InertType>> = {
  'AWS::CDK::Metadata': { reason: 'usage statistics of the CDK' },
  'AWS::EC2::VPC': {
    reason: network,
    idPrefix: 'vpc',
    attributes: ['VpcId', 'CidrBlock', 'DefaultSecurityGroup', 'DefaultNetworkAcl'],
  },
  'AWS::EC2::Subnet': {
    reason: network,
    idPrefix: 'subnet',
    attributes: ['SubnetId', 'AvailabilityZone', 'CidrBlock', 'VpcId'],
  },
  'AWS::EC2::RouteTable': { reason: network, idPrefix: 'rtb', attributes: ['RouteTableId'] },
  'AWS::EC2::Route': { reason: network, idPrefix: 'r' },
  'AWS::EC2::SubnetRouteTableAssociation': { reason: network, idPrefix: 'rtbassoc' },
  'AWS::EC2::InternetGateway': { reason: network, idPrefix: 'igw', attributes: ['InternetGatewayId'] },
  'AWS::EC2::VPCGatewayAttachment': { reason: network, idPrefix: 'igw-attach' },
  'AWS::EC2::NatGateway': { reason: network, idPrefix: 'nat', attributes: ['NatGatewayId'] },
  'AWS::EC2::EIP': { reason: network, idPrefix: 'eipalloc', attributes: ['AllocationId', 'PublicIp'] },
  'AWS::EC2::SecurityGroup': { reason: network, idPrefix: 'sg', attributes: ['GroupId', 'VpcId'] },
  'AWS::EC2::SecurityGroupIngress': { reason: network, idPrefix: 'sgr' },
  'AWS::EC2::SecurityGroupEgress': { reason: network, idPrefix: 'sgr' },
  'AWS::EC2::VPCEndpoint': { reason: network, idPrefix: 'vpce' },
  'AWS::EC2::FlowLog': { reason: network, idPrefix: 'fl' },
  'AWS::EC2::NetworkAcl': { reason: network, idPrefix: 'acl' },
  'AWS::EC2::NetworkAclEntry': { reason: network, idPrefix: 'acl-entry' },
  'AWS::Logs::LogGroup': {
    reason:
      'functions and tasks log to the host itself; retention and encryption of log groups have nothing to act on',
  },
  'AWS::Logs::LogStream': { reason: 'see AWS::Logs::LogGroup' },
  'AWS::Logs::MetricFilter': {
    reason:
      'log lines are not filtered locally; metrics come from embedded metric format and from the services',
  },
  'AWS::Logs::SubscriptionFilter': { reason: 'see AWS::Logs::LogGroup' },
  'AWS::Logs::ResourcePolicy': { reason: 'see AWS::Logs::LogGroup' },
  'AWS::Logs::QueryDefinition': { reason: 'a saved query of the console' },
  'AWS::CloudWatch::Dashboard': { reason: 'a page of the console' },
  'AWS::CloudWatch::InsightRule': { reason: 'a page of the console' },
  'AWS::XRay::Group': { reason: 'traces are not collected locally' },
  'AWS::XRay::SamplingRule': { reason: 'traces are not collected locally' },
  'AWS::ApplicationInsights::Application': { reason: 'monitoring of the cloud account' },
  'AWS::ResourceGroups::Group': { reason: 'a view of the console' },
  'AWS::Budgets::Budget': { reason: 'nothing is billed locally' },
  'AWS::CE::AnomalyMonitor': { reason: 'nothing is billed locally' },
  'AWS::CE::AnomalySubscription': { reason: 'nothing is billed locally' },
  'AWS::Backup::BackupPlan': { reason: 'backups protect the cloud account; the local state is a directory' },
  'AWS::Backup::BackupSelection': { reason: 'see AWS::Backup::BackupPlan' },
  'AWS::Backup::BackupVault': {
    reason: 'see AWS::Backup::BackupPlan',
    attributes: ['BackupVaultArn', 'BackupVaultName'],
  },
  'AWS::SSM::Parameter': {
    reason: 'parameters are read at deployment or by operators; no code of the application reads them',
    attributes: ['Type', 'Value'],
  },
  'AWS::ECR::Repository': {
    reason: 'images are not pulled: a task runs the code of its build context',
    attributes: ['RepositoryUri'],
  },
  'AWS::ApplicationAutoScaling::ScalableTarget': { reason: 'the host does not scale' },
  'AWS::ApplicationAutoScaling::ScalingPolicy': { reason: 'the host does not scale' },
  'AWS::CloudTrail::Trail': { reason: 'the account is not trailed locally' },
  'AWS::Config::ConfigRule': { reason: 'compliance of the cloud account' },
  'AWS::GuardDuty::Detector': { reason: 'threat detection of the cloud account' },
  'Custom::S3AutoDeleteObjects': { reason: 'acts only when a stack is deleted' },
  'Custom::LogRetention': { reason: 'see AWS::Logs::LogGroup' },
  'Custom::VpcRestrictDefaultSG': { reason: network },
};

/** The types of {@link typesWithoutLocalEffect} as the resolver takes them: any property is accepted. */
export function inertResourceType(type: string): ResourceType | undefined {
  const inert = typesWithoutLocalEffect[type];
  if (inert === undefined) return undefined;
  return {
    type,
    properties: { honoured: [], withoutLocalEffect: ['*'] },
    identify: (resource, place) => identifyInert(inert, resource, place),
    create: () => undefined,
  };
}

function identifyInert(
  inert: InertType,
  resource: RawResource,
  place: { readonly region: string; readonly accountId: string },
): ResourceIdentity {
  const named = ['LogGroupName', 'DashboardName', 'Name', 'RepositoryName', 'BackupVaultName']
    .map((property) => resource.properties[property])
    .find((value) => typeof value === 'string');
  const hash = createHash('sha256')
    .update(`${resource.stack}/${resource.logicalId}`)
    .digest('hex')
    .slice(0, 17);
  const ref =
    named !== undefined
      ? String(named)
      : inert.idPrefix !== undefined
        ? `${inert.idPrefix}-${hash}`
        : `${resource.stack}-${resource.logicalId}`;
  const [, service = '', kind = ''] = resource.type.split('::');
  const arnPath =
    resource.type === 'AWS::Logs::LogGroup' ? `log-group:${ref}:*` : `${kind.toLowerCase()}/${ref}`;
  const attributes: Record<string, string> = {
    Arn: `arn:aws:${service.toLowerCase()}:${place.region}:${place.accountId}:${arnPath}`,
    Id: ref,
  };
  for (const attribute of inert.attributes ?? []) attributes[attribute] = ref;
  return { ref, attributes };
}
