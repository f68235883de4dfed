import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsError } from '#local/aws/dynamodb/aws-error.ts';
import type { DynamoEngine } from '#local/aws/dynamodb/engine.ts';

/** The smallest HTTP front of the engine that the SDK talks to. */
export async function startServer(engine: DynamoEngine): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    };
    const target = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    text(request)
      .then((body) => engine.handle(target, JSON.parse(body)))
      .then(
        (output) => reply(200, output),
        (error: unknown) => {
          if (error instanceof AwsError) reply(error.statusCode, error.body);
          else reply(500, { __type: 'InternalServerError', message: String(error) });
        },
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server has no port');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
