import { AwsError } from '../kernel.ts';
import { parseJson } from './aws-json.ts';
import type { DecodedCall, HttpRequest, Protocol } from './protocol.ts';

/** One operation: `{Name}` in the path is a label; the query maps to members by `query`. */
interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly statusCode?: number;
  readonly query?: Readonly<Record<string, string>>;
}

const lambdaRoutes: readonly Route[] = [
  {
    operation: 'GetFunction',
    method: 'GET',
    path: '/2015-03-31/functions/{FunctionName}',
    query: { Qualifier: 'Qualifier' },
  },
  {
    operation: 'GetFunctionConfiguration',
    method: 'GET',
    path: '/2015-03-31/functions/{FunctionName}/configuration',
    query: { Qualifier: 'Qualifier' },
  },
  {
    operation: 'ListFunctions',
    method: 'GET',
    path: '/2015-03-31/functions/',
    query: { Marker: 'Marker', MaxItems: 'MaxItems' },
  },
  {
    operation: 'PutFunctionConcurrency',
    method: 'PUT',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
  },
  {
    operation: 'DeleteFunctionConcurrency',
    method: 'DELETE',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
    statusCode: 204,
  },
  {
    operation: 'GetFunctionConcurrency',
    method: 'GET',
    path: '/2019-09-30/functions/{FunctionName}/concurrency',
  },
  {
    operation: 'ListEventSourceMappings',
    method: 'GET',
    path: '/2015-03-31/event-source-mappings/',
    query: { EventSourceArn: 'EventSourceArn', FunctionName: 'FunctionName' },
  },
  { operation: 'GetEventSourceMapping', method: 'GET', path: '/2015-03-31/event-source-mappings/{UUID}' },
  {
    operation: 'UpdateEventSourceMapping',
    method: 'PUT',
    path: '/2015-03-31/event-source-mappings/{UUID}',
    statusCode: 202,
  },
];

const schedulerRoutes: readonly Route[] = [
  { operation: 'CreateSchedule', method: 'POST', path: '/schedules/{Name}' },
  { operation: 'UpdateSchedule', method: 'PUT', path: '/schedules/{Name}' },
  { operation: 'GetSchedule', method: 'GET', path: '/schedules/{Name}', query: { groupName: 'GroupName' } },
  {
    operation: 'DeleteSchedule',
    method: 'DELETE',
    path: '/schedules/{Name}',
    query: { groupName: 'GroupName', clientToken: 'ClientToken' },
  },
  {
    operation: 'ListSchedules',
    method: 'GET',
    path: '/schedules',
    query: {
      ScheduleGroup: 'GroupName',
      NamePrefix: 'NamePrefix',
      State: 'State',
      NextToken: 'NextToken',
      MaxResults: 'MaxResults',
    },
  },
  { operation: 'CreateScheduleGroup', method: 'POST', path: '/schedule-groups/{Name}' },
  { operation: 'GetScheduleGroup', method: 'GET', path: '/schedule-groups/{Name}' },
  {
    operation: 'DeleteScheduleGroup',
    method: 'DELETE',
    path: '/schedule-groups/{Name}',
    query: { clientToken: 'ClientToken' },
  },
  {
    operation: 'ListScheduleGroups',
    method: 'GET',
    path: '/schedule-groups',
    query: { NamePrefix: 'NamePrefix', NextToken: 'NextToken', MaxResults: 'MaxResults' },
  },
];

const invokePath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** REST-JSON of Lambda. `Payload` of Invoke is a `Buffer` on the way in, bytes or text on the way out. */
export const lambdaRest: Protocol = {
  decode: (request) => decodeInvoke(request) ?? decodeRoute(lambdaRoutes, request),
  encodeError,
};

/** REST-JSON of EventBridge Scheduler. */
export const schedulerRest: Protocol = {
  decode: (request) => decodeRoute(schedulerRoutes, request),
  encodeError,
};

function decodeInvoke(request: HttpRequest): DecodedCall | undefined {
  const match = request.method === 'POST' ? invokePath.exec(request.path) : null;
  if (match === null) return undefined;
  const { headers } = request;
  const input: Record<string, unknown> = {
    FunctionName: decodeURIComponent(match[1]!),
    InvocationType: headers['x-amz-invocation-type'] ?? 'RequestResponse',
    Payload: request.body,
  };
  const qualifier = new URLSearchParams(request.query).get('Qualifier');
  if (qualifier !== null) input['Qualifier'] = qualifier;
  if (headers['x-amz-log-type'] !== undefined) input['LogType'] = headers['x-amz-log-type'];
  if (headers['x-amz-client-context'] !== undefined) input['ClientContext'] = headers['x-amz-client-context'];
  return {
    operation: 'Invoke',
    input,
    encode: (output, requestId) => {
      const answer: Record<string, string> = {
        'content-type': 'application/json',
        'x-amzn-requestid': requestId,
      };
      if (output['FunctionError'] !== undefined)
        answer['x-amz-function-error'] = String(output['FunctionError']);
      if (output['LogResult'] !== undefined) answer['x-amz-log-result'] = String(output['LogResult']);
      if (output['ExecutedVersion'] !== undefined)
        answer['x-amz-executed-version'] = String(output['ExecutedVersion']);
      const payload = output['Payload'];
      return {
        statusCode: Number(output['StatusCode'] ?? 200),
        headers: answer,
        body: payload instanceof Uint8Array ? payload : typeof payload === 'string' ? payload : '',
      };
    },
  };
}

function decodeRoute(routes: readonly Route[], request: HttpRequest): DecodedCall {
  for (const route of routes) {
    const labels = route.method === request.method ? matchPath(route.path, request.path) : undefined;
    if (labels === undefined) continue;
    const input: Record<string, unknown> = { ...parseJson(request.body), ...labels };
    const query = new URLSearchParams(request.query);
    for (const [parameter, member] of Object.entries(route.query ?? {})) {
      const value = query.get(parameter);
      if (value !== null) input[member] = value;
    }
    return {
      operation: route.operation,
      input,
      encode: (output, requestId) => ({
        statusCode: route.statusCode ?? 200,
        headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
        body: route.statusCode === 204 ? '' : JSON.stringify(output),
      }),
    };
  }
  throw new AwsError(
    'UnknownOperationException',
    `${request.method} ${request.path} is not an operation that the embedded host knows`,
    404,
  );
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/').filter((part) => part !== '');
  const given = path.split('/').filter((part) => part !== '');
  if (wanted.length !== given.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [position, part] of wanted.entries()) {
    const text = given[position]!;
    if (part.startsWith('{')) labels[part.slice(1, -1)] = decodeURIComponent(text);
    else if (part !== text) return undefined;
  }
  return labels;
}

function encodeError(error: AwsError, requestId: string): ReturnType<Protocol['encodeError']> {
  return {
    statusCode: error.statusCode,
    headers: {
      'content-type': 'application/json',
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': error.code,
    },
    body: JSON.stringify({ Message: error.message, message: error.message, ...error.details }),
  };
}
