/** An HTTP server that plays an S3 by script: odd lists, odd headers, odd errors. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  /** Decoded, without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
};
export type Answer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

export type FakeS3 = {
  readonly endpoint: string;
  readonly options: Readonly<Record<string, string>>;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
};

export async function startFakeS3(answer: (asked: Asked) => Answer): Promise<FakeS3> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => send(response, answer(note(request, asked))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    options: { endpoint, accessKeyId: 'K', secretAccessKey: 'S', timeoutMs: '10000' },
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function note(request: IncomingMessage, asked: Asked[]): Asked {
  const { method = '', headers } = request;
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://s3');
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  const one = { method, key, query, headers };
  asked.push(one);
  return one;
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const bytes = Buffer.from(body as string);
  response.writeHead(status, { 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

export const isList = ({ method, key }: Asked): boolean => method === 'GET' && key === '';

/** The head of a list answer repeats the request; `fields` are sent unchanged. */
export const listXml = (fields: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult>${fields}</ListBucketResult>`;

export const contents = (
  key: string,
  { size = '1', modified = '2026-01-02T03:04:05.000Z' }: { size?: string; modified?: string } = {},
): string =>
  `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified>` +
  `<ETag>&quot;e&quot;</ETag><Size>${size}</Size></Contents>`;

export const errorXml = (code: string): string => `<Error><Code>${code}</Code></Error>`;
