/**
 * Sends a command of the SDK and looks at the answer before the SDK reads it. So we check what a
 * store says, and one odd field does not fail the whole answer.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { Code, StatusError } from '../base/status.js';

/** The HTTP answer as the SDK has it; what is changed here is what the SDK then reads. */
export type SeenResponse = {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  body: unknown;
};

type Middleware = (
  next: (args: unknown) => Promise<{ response: unknown }>,
) => (args: unknown) => Promise<{ response: unknown }>;
type Stack = {
  addRelativeTo(
    middleware: Middleware,
    options: { relation: 'after'; toMiddleware: string; name: string; override: boolean },
  ): void;
};

/** `see` gets every successful answer; the SDK handles error answers. */
export async function sendSeen<Output>(
  client: S3Client,
  command: object,
  abortSignal: AbortSignal,
  see: (response: SeenResponse) => Promise<void> | void,
): Promise<Output> {
  const middleware: Middleware = (next) => async (args) => {
    const result = await next(args);
    const response = result.response as SeenResponse;
    if (response.statusCode >= 200 && response.statusCode < 300) await see(response);
    return result;
  };
  (command as { middlewareStack: Stack }).middlewareStack.addRelativeTo(middleware, {
    relation: 'after',
    toMiddleware: 'deserializerMiddleware',
    name: 'orchardSees',
    override: true,
  });
  return (await client.send(command as never, { abortSignal })) as Output;
}

/** The whole body, or UNAVAILABLE if it is unreasonably large. */
export async function bodyOf(response: SeenResponse, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > bytesMax) {
      throw new StatusError(
        Code.UNAVAILABLE,
        `The store answers with more than ${bytesMax} bytes.`,
        {
          hint: 'Check that the endpoint of the mount is an S3.',
        },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
