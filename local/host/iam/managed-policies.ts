/** The AWS managed policies that the CDK attaches by itself. Contents as AWS publishes them, reduced to what the host has. */
const logging = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: '*',
    },
  ],
};

const vpcAccess = {
  Version: '2012-10-17',
  Statement: [
    ...logging.Statement,
    {
      Effect: 'Allow',
      Action: [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      Resource: '*',
    },
  ],
};

const taskExecution = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'ecr:GetAuthorizationToken',
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchGetImage',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
      ],
      Resource: '*',
    },
  ],
};

const tracing = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      Resource: '*',
    },
  ],
};

const insights = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda-insights:*',
    },
  ],
};

/** By the part of the ARN after `policy/`. */
export const awsManagedPolicies: Readonly<Record<string, unknown>> = {
  'service-role/AWSLambdaBasicExecutionRole': logging,
  'service-role/AWSLambdaVPCAccessExecutionRole': vpcAccess,
  'service-role/AmazonECSTaskExecutionRolePolicy': taskExecution,
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': logging,
  AWSXRayDaemonWriteAccess: tracing,
  AWSXrayWriteOnlyAccess: tracing,
  CloudWatchLambdaInsightsExecutionRolePolicy: insights,
};
