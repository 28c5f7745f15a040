/** Connections that are lost, refused or silent, and what happens to their calls. */
import { Builder, ByteBuffer } from 'flatbuffers';
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/base/status.js';
import { type ConnectOptions, OrchardClient, type Transport } from '../../src/client/index.js';
import {
  EmptyT,
  ErrorDetailT,
  ReplyBody,
  ReplyT,
  Request,
  RequestBody,
  WelcomeT,
} from '../../src/wire/generated/index.js';
import { end, FakeMaster, fileInfo } from './fake-master.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function connected(port: number, options: ConnectOptions = {}): Promise<OrchardClient> {
  const client = await OrchardClient.connect({ port, user: 'alice', ...options });
  open.push({ close: () => client.close({ withinMs: 0 }) });
  return client;
}

async function started(master: FakeMaster): Promise<FakeMaster> {
  await master.start();
  open.push({ close: () => master.stop() });
  return master;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('a lost connection', () => {
  it('sends unanswered calls again, under the same ids, in their order', async () => {
    const master = await started(new FakeMaster(() => undefined));
    const client = await connected(master.port, { clientId: 4242 });
    const calls = ['/a', '/b', '/c'].map((path) => client.createFile(path));
    await until(() => master.seen.length === 3);
    const first = master.seen.splice(0);
    master.stop();
    master.answer = (seen, port) => end(port, fileInfo(String(seen.body['path'])));
    await master.start();
    expect((await Promise.all(calls)).map(({ path }) => path)).toEqual(['/a', '/b', '/c']);
    expect(master.seen.map(({ call }) => call)).toEqual(first.map(({ call }) => call));
    expect(master.seen.map(({ body }) => body['path'])).toEqual(['/a', '/b', '/c']);
    expect(new Set([...first, ...master.seen].map(({ clientId }) => clientId))).toEqual(
      new Set([4242]),
    );
  });

  it('is opened again by the next call, however often it is lost', async () => {
    const master = await started(
      new FakeMaster((seen, port) => end(port, fileInfo(String(seen.body['path'])))),
    );
    const client = await connected(master.port);
    for (let round = 0; round < 3; round++) {
      expect((await client.getStatus(`/${round}`)).path).toBe(`/${round}`);
      master.stop();
      await until(() => client.master === undefined);
      await master.start();
    }
  });

  it('fails a call that must not be sent twice', async () => {
    const master = await started(new FakeMaster(() => undefined));
    const client = await connected(master.port);
    const call = client.delete('/a', { retry: false }).catch((error: unknown) => error);
    await until(() => master.seen.length === 1);
    master.stop();
    expect(await call).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('fails what waits, with the reason, when no connection comes in time', async () => {
    const master = await started(new FakeMaster(() => undefined));
    const client = await connected(master.port, { reconnectMs: 150 });
    master.stop();
    await until(() => client.master === undefined);
    const error = await client.getStatus('/a').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('/rpc') });
    master.answer = (_seen, port) => end(port, fileInfo('/a'));
    await master.start();
    expect((await client.getStatus('/a')).path).toBe('/a');
  });

  it('is named by a call whose deadline passes meanwhile', async () => {
    const master = await started(new FakeMaster(() => undefined));
    const client = await connected(master.port);
    master.stop();
    await until(() => client.master === undefined);
    const error = await client.ping({ deadlineMs: 200 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('the first connection', () => {
  it('fails with UNAVAILABLE where no master is', async () => {
    const master = await started(new FakeMaster(() => undefined));
    master.stop();
    const connecting = OrchardClient.connect({ port: master.port, user: 'alice', connectMs: 100 });
    await expect(connecting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses an address that is none', async () => {
    await expect(OrchardClient.connect({ url: 'nonsense' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('is not tried again when the master refuses this client', async () => {
    let attempts = 0;
    const transport = scripted((call, type, answer) => {
      if (type !== RequestBody.Hello) return;
      attempts += 1;
      const detail = new ErrorDetailT('Version 1 is not spoken.', null, null, 0);
      answer(new ReplyT(call, Code.FAILED_PRECONDITION, detail));
    });
    const connecting = OrchardClient.connect({ transport, user: 'alice' });
    await expect(connecting).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(attempts).toBe(1);
  });
});

describe('a silent connection', () => {
  it('is asked by Ping, then dropped; the call goes on over the next one', async () => {
    const heard: RequestBody[] = [];
    let links = 0;
    const transport = scripted((call, type, answer) => {
      heard.push(type);
      if (type === RequestBody.Hello) {
        links += 1;
        const welcome = new WelcomeT(1, 'fake', 'c', 1 << 20, 100, 0);
        answer(new ReplyT(call, 0, null, false, 0, ReplyBody.Welcome, welcome));
      } else if (links === 2) {
        answer(new ReplyT(call, 0, null, false, 0, ReplyBody.Empty, new EmptyT()));
      }
    });
    const client = await OrchardClient.connect({ transport, user: 'alice', silenceMs: 15 });
    open.push({ close: () => client.close({ withinMs: 0 }) });
    await client.delete('/a');
    expect(links).toBe(2);
    expect(heard).toContain(RequestBody.Ping);
    expect(heard.filter((type) => type === RequestBody.Delete)).toHaveLength(2);
  });

  it('is left alone while nothing is asked', async () => {
    let links = 0;
    const transport = scripted((call, type, answer) => {
      if (type !== RequestBody.Hello) return;
      links += 1;
      const welcome = new WelcomeT(1, 'fake', 'c', 1 << 20, 100, 0);
      answer(new ReplyT(call, 0, null, false, 0, ReplyBody.Welcome, welcome));
    });
    const client = await OrchardClient.connect({ transport, user: 'alice', silenceMs: 5 });
    open.push({ close: () => client.close({ withinMs: 0 }) });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(client.master).toBeDefined();
    expect(links).toBe(1);
  });
});

describe('a master that sends what is no reply', () => {
  it('loses the connection, not the client', async () => {
    let links = 0;
    const transport = scripted((call, type, answer, raw) => {
      if (type === RequestBody.Hello) {
        links += 1;
        const welcome = new WelcomeT(1, 'fake', 'c', 1 << 20, 100, 0);
        answer(new ReplyT(call, 0, null, false, 0, ReplyBody.Welcome, welcome));
      } else if (links === 1) raw(new Uint8Array([255, 255, 255, 255, 1, 2, 3]));
      else answer(new ReplyT(call, 0, null, false, 0, ReplyBody.Empty, new EmptyT()));
    });
    const client = await OrchardClient.connect({ transport, user: 'alice' });
    open.push({ close: () => client.close({ withinMs: 0 }) });
    await client.delete('/a');
    expect(links).toBe(2);
  });
});

type Script = (
  call: number,
  type: RequestBody,
  answer: (reply: ReplyT) => void,
  raw: (bytes: Uint8Array) => void,
) => void;

/** A transport without a network: each frame goes to the script, whose answers come back later. */
function scripted(script: Script): Transport {
  return (_url, events) => {
    let isOver = false;
    const raw = (bytes: Uint8Array) =>
      queueMicrotask(() => {
        if (!isOver) events.frame(bytes);
      });
    const answer = (reply: ReplyT) => {
      const builder = new Builder();
      builder.finish(reply.pack(builder));
      raw(builder.asUint8Array());
    };
    queueMicrotask(() => events.opened());
    return {
      send: (frame) => {
        const request = Request.getRootAsRequest(new ByteBuffer(frame.slice()));
        script(request.call(), request.bodyType(), answer, raw);
      },
      bufferedBytes: () => 0,
      close: () => {
        isOver = true;
      },
    };
  };
}
