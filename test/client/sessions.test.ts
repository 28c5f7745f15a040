/**
 * client.session(): several users over one connection. Over a real master each has the permissions
 * of its user, and a repeated call gets its first answer. Over a master that is lost and comes
 * back, each session is there again.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OrchardClient } from '../../src/client/index.js';
import { MasterProcess } from '../cli/master-process.js';
import { end, FakeMaster, fileInfo } from './fake-master.js';

describe('sessions over a real master', () => {
  let master: MasterProcess;
  let agent: OrchardClient;
  let admin: OrchardClient;

  beforeAll(async () => {
    master = await MasterProcess.create();
    await master.start();
    admin = await master.connect();
    const { url } = admin;
    agent = await OrchardClient.connect({ url, user: 'agent' });
  });
  afterAll(async () => {
    await agent?.close({ withinMs: 0 });
    await admin?.close({ withinMs: 0 });
    await master?.remove();
  });

  it('are permitted what their user is', async () => {
    await admin.createDirectory('/home/bob', { recursive: true, mode: 0o700 });
    await admin.setAttribute('/home/bob', { owner: 'bob' });
    const [bob, eve] = await Promise.all([
      agent.session({ user: 'bob' }),
      agent.session({ user: 'eve', groups: ['staff'] }),
    ]);
    expect(await bob.createFile('/home/bob/a')).toMatchObject({ owner: 'bob' });
    await expect(eve.createFile('/home/bob/b')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(agent.getStatus('/home/bob/a')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect((await bob.getStatus('/home/bob/a')).path).toBe('/home/bob/a');
    await bob.close();
    await expect(bob.getStatus('/home/bob/a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(eve.exists('/home')).resolves.toBe(true);
  });

  it('have retry caches of their own', async () => {
    const [one, other] = await Promise.all([
      agent.session({ user: admin.user, clientId: 1001 }),
      agent.session({ user: admin.user, clientId: 1002 }),
    ]);
    const callId = 2 ** 50;
    const made = await one.createFile('/retried', { callId });
    // The same call of the same client: its first answer. Of another client: a new call.
    expect((await one.createFile('/retried', { callId })).id).toBe(made.id);
    await expect(other.createFile('/retried', { callId })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
  });

  it('are as many as the master says', async () => {
    const { sessionsMax } = agent.master!;
    const opened = await Promise.all(
      Array.from({ length: 50 }, (_, i) => agent.session({ user: `user-${i}` })),
    );
    await Promise.all(opened.map((session) => session.exists('/')));
    expect(sessionsMax).toBe(1024);
    await Promise.all(opened.map((session) => session.close()));
  });
});

describe('sessions over a connection that is lost', () => {
  const masters: FakeMaster[] = [];
  afterEach(() => {
    for (const master of masters.splice(0)) master.stop();
  });

  it('are opened again before the calls that wait for them', async () => {
    const master = await new FakeMaster(() => undefined).start();
    masters.push(master);
    const agent = await OrchardClient.connect({ port: master.port, user: 'agent' });
    const bob = await agent.session({ user: 'bob', clientId: 7 });
    const gone = await agent.session({ user: 'gone' });
    await gone.close();
    const calls = [bob.createFile('/a'), agent.createFile('/b'), bob.createFile('/c')];
    while (master.seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    master.seen.length = 0;
    master.stop();
    master.answer = (seen, port) => end(port, fileInfo(String(seen.body['path'])));
    await master.start();
    expect((await Promise.all(calls)).map(({ path }) => path)).toEqual(['/a', '/b', '/c']);
    expect(master.seen.map(({ session }) => session.user)).toEqual(['bob', 'agent', 'bob']);
    expect(master.seen.map(({ clientId }) => clientId)).toEqual([7, agent.clientId, 7]);
    await agent.close({ withinMs: 0 });
  });
});
