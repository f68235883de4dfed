import * as z from 'zod';
import type { RawResource, ResourceType } from '../kernel.ts';
import { physicalName } from '../physical-name.ts';
import type { Authorizer } from './authorizer.ts';

const inlinePolicies = z.array(z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() })).default([]);
const texts = z.array(z.string()).default([]);

/** `AWS::IAM::Role`, `Policy` and `ManagedPolicy`: they feed the authorizer. */
export function iamResourceTypes(authorizer: Authorizer, accountId: string): readonly ResourceType[] {
  // Policies name their roles without the path that is part of the ARN.
  const arns = new Map<string, string>();
  const roleArn = (name: string): string => arns.get(name) ?? `arn:aws:iam::${accountId}:role/${name}`;

  const role: ResourceType = {
    type: 'AWS::IAM::Role',
    properties: {
      honoured: ['AssumeRolePolicyDocument', 'Policies', 'ManagedPolicyArns', 'RoleName', 'Path'],
      withoutLocalEffect: ['Description', 'MaxSessionDuration', 'Tags'],
    },
    identify: (resource) => {
      const name = physicalName(resource, 'RoleName', 64);
      const arn = `arn:aws:iam::${accountId}:role${pathOf(resource)}${name}`;
      return { ref: name, attributes: { Arn: arn, RoleId: `AROA${name}` } };
    },
    create: ({ properties, identity }) => {
      const arn = identity.attributes['Arn']!;
      arns.set(identity.ref, arn);
      authorizer.putRole(arn, properties['AssumeRolePolicyDocument']);
      for (const policy of inlinePolicies.parse(properties['Policies']))
        authorizer.putRolePolicy(arn, policy.PolicyName, policy.PolicyDocument);
      for (const policyArn of texts.parse(properties['ManagedPolicyArns']))
        authorizer.attachRolePolicy(arn, policyArn);
    },
  };

  const policy: ResourceType = {
    type: 'AWS::IAM::Policy',
    properties: { honoured: ['PolicyDocument', 'PolicyName', 'Roles'], withoutLocalEffect: [] },
    identify: (resource) => ({
      ref: `${resource.stack}-${resource.logicalId}`,
      attributes: { Id: resource.logicalId },
    }),
    create: ({ properties, identity }) => {
      for (const name of texts.parse(properties['Roles']))
        authorizer.putRolePolicy(roleArn(name), identity.ref, properties['PolicyDocument']);
    },
  };

  const managedPolicy: ResourceType = {
    type: 'AWS::IAM::ManagedPolicy',
    properties: {
      honoured: ['PolicyDocument', 'ManagedPolicyName', 'Path', 'Roles'],
      withoutLocalEffect: ['Description'],
    },
    identify: (resource) => {
      const arn = `arn:aws:iam::${accountId}:policy${pathOf(resource)}${physicalName(resource, 'ManagedPolicyName', 128)}`;
      return { ref: arn, attributes: { PolicyArn: arn } };
    },
    create: ({ properties, identity }) => {
      authorizer.putManagedPolicy(identity.ref, properties['PolicyDocument']);
      for (const name of texts.parse(properties['Roles']))
        authorizer.attachRolePolicy(roleArn(name), identity.ref);
    },
  };
  return [role, policy, managedPolicy];
}

function pathOf(resource: RawResource): string {
  const path = resource.properties['Path'];
  return typeof path === 'string' && path !== '' ? path : '/';
}
