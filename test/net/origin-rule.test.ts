/** Which requests come from web pages, by their headers; and that each door of the edge asks. */
import { get } from 'node:http';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { type OriginOptions, originRule } from '../../src/net/origin-rule.js';
import { PingT } from '../../src/wire/generated/index.js';
import { encodeRequest } from '../wire/samples.js';
import { type Fixture, startEdge } from './edge-fixture.js';

const PAGE = 'https://console.example.com';
const loopback: OriginOptions = { host: '127.0.0.1' };
const behindProxy: OriginOptions = { host: 'localhost', allowedOrigins: [PAGE] };

describe('B4: the rule', () => {
  test.each<[string, OriginOptions, string | undefined, string | undefined, boolean]>([
    ['a client', loopback, undefined, '127.0.0.1:19998', true],
    ['a client of HTTP/1.0', loopback, '', '', true],
    ['localhost', loopback, undefined, 'LocalHost:19998', true],
    ['IPv6', { host: '::1' }, undefined, '[::1]:19998', true],
    ['another port, as a tunnel has it', loopback, undefined, 'localhost:8080', true],
    ['a page', loopback, 'https://evil.example', '127.0.0.1:19998', false],
    ['a page of the machine itself', loopback, 'http://localhost:3000', 'localhost', false],
    ['a page without a place', loopback, 'null', 'localhost', false],
    ['a rebound name', loopback, undefined, 'evil.example:19998', false],
    ['a name that begins well', loopback, undefined, '127.0.0.1.evil.example', false],
    ['a name that ends well', loopback, undefined, 'evil-localhost', false],
    ['a listed page', behindProxy, PAGE, 'localhost', true],
    ['a listed page, in capitals', behindProxy, PAGE.toUpperCase(), 'localhost', true],
    ['the name that a proxy keeps', behindProxy, PAGE, 'console.example.com', true],
    ['a page beside the listed', behindProxy, `${PAGE}.evil.example`, 'localhost', false],
    ['the listed page, not encrypted', behindProxy, 'http://console.example.com', '', false],
    ['any name from the network', { host: '0.0.0.0' }, undefined, 'master.lan', true],
    ['a page from the network', { host: '0.0.0.0' }, 'http://master.lan', 'master.lan', false],
    ['any name, bound to all', {}, undefined, 'master.lan', true],
  ])('%s', (_what, options, origin, host, isAllowed) => {
    const refusal = originRule(options)(origin, host);
    expect(refusal === undefined).toBe(isAllowed);
    if (refusal === undefined) return;
    expect(refusal.code).toBe(Code.PERMISSION_DENIED);
    expect(refusal.hint).toContain('ORCHARD_ALLOWED_ORIGINS');
  });
});

describe('B4: the RPC port', () => {
  let fixture: Fixture;
  afterEach(() => fixture.server.close());

  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  };
  const foreign = [{ origin: 'https://evil.example' }, { host: 'evil.example' }];

  test.each(foreign)('refuses the upgrade, calls and health: %j', async (headers) => {
    fixture = await startEdge();
    const url = `http://127.0.0.1:${fixture.server.port}`;
    const post = await request(`${url}/rpc`, {
      method: 'POST',
      headers: { 'x-orchard-user': 'root', ...headers },
      body: encodeRequest(7, 'Ping', new PingT()),
    });
    expect(post.statusCode).toBe(403);
    await post.body.dump();
    const health = await request(`${url}/healthz`, { headers });
    expect(health.statusCode).toBe(403);
    expect(await health.body.text()).toContain('ORCHARD_ALLOWED_ORIGINS');
    expect(await upgradeStatus(fixture.server.port, { ...upgrade, ...headers })).toBe(403);
    expect(await upgradeStatus(fixture.server.port, upgrade)).toBe(101);
    expect(fixture.server.counters.refused).toBe(2);
  });
});

/** The status that an upgrade is answered with; the connection ends. */
function upgradeStatus(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path: '/rpc', headers });
    const told = (status: number | undefined): void => {
      asked.destroy();
      resolve(status ?? 0);
    };
    asked.on('response', (response) => told(response.statusCode));
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      told(response.statusCode);
    });
    asked.on('error', reject);
  });
}
