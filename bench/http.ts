/**
 * `npm run bench -- http`: getStatus by `POST /rpc`, driven by autocannon, as load testers do it.
 * The body is one FlatBuffers frame, the same for every request; the caller is in the headers.
 */
import autocannon from 'autocannon';
import { Builder } from 'flatbuffers';
import { GetStatusT, RequestBody, RequestT } from '../src/wire/generated/index.js';
import { BenchMaster } from './master-process.js';

export type HttpMeasure = {
  readonly op: 'getStatusHttp';
  readonly connections: number;
  readonly depth: number;
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
};

export async function runHttp(options: {
  readonly seconds: number;
  readonly connections: number;
  readonly pipelining: number;
}): Promise<HttpMeasure> {
  const { seconds, connections, pipelining } = options;
  const master = await BenchMaster.start({ env: {} });
  try {
    const { host, port } = master.target;
    const result = await autocannon({
      url: `http://${host}:${port}/rpc`,
      method: 'POST',
      body: Buffer.from(getStatusFrame('/')),
      headers: { 'x-orchard-user': 'bench', 'content-type': 'application/octet-stream' },
      connections,
      pipelining,
      duration: seconds,
    });
    return {
      op: 'getStatusHttp',
      connections,
      depth: pipelining,
      opsPerSecond: result.requests.average,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
      errors: result.errors + result.non2xx,
    };
  } finally {
    await master.discard();
  }
}

/** The body of such a request, also for other tools: `--write-body`. */
export function getStatusFrame(path: string): Uint8Array {
  const builder = new Builder(256);
  const request = new RequestT(1, 0, RequestBody.GetStatus, new GetStatusT(path));
  builder.finish(request.pack(builder));
  return builder.asUint8Array();
}
