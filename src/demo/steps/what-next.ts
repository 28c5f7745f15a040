/** Last step when the demo stays: what a user can type now. */
import type { Demo } from '../demo.js';

const RPC_PORT_DEFAULT = 19_998;

export function whatNext({ screen, master }: Demo): void {
  const isDefault = master.rpcPort === RPC_PORT_DEFAULT;
  const orchard = isDefault
    ? 'npx orchard'
    : `npx orchard --port ${master.rpcPort} --http-port ${master.httpPort}`;
  screen.step('Still serving: try it from another terminal');
  for (const text of [
    `${orchard} ls -h /code`,
    `${orchard} find /s3 -name package.json`,
    `${orchard} cat /code/typescript/package.json`,
    `${orchard} rm -R /projects/current && ${orchard} undelete /projects/current`,
    `${orchard} admin report`,
    `curl http://${master.host}:${master.httpPort}/metrics`,
    'npm run bench -- quick',
  ]) {
    screen.command(text);
  }
  screen.fact('Ctrl-C stops the master and the S3 server.');
}
