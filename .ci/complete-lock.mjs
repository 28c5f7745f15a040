/**
 * Completes package-lock.json after `npm install`: node .ci/complete-lock.mjs
 *
 * A package with native code names one optional package per platform. A registry that mirrors
 * only some of them makes npm leave the others out of the lock, and `npm ci` then refuses the lock
 * everywhere ("Missing: … from lock file"). This adds them, with the platform read off the name, so
 * that npm knows them and skips those that are not for the machine it runs on.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const systems = ['android', 'darwin', 'freebsd', 'openharmony', 'win32', 'linux'];
const processors = ['arm64', 'arm', 'ia32', 'x64', 'ppc64', 'riscv64', 's390x', 'wasm32'];

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = Object.entries(lock.packages).flatMap(([from, { optionalDependencies, dev }]) =>
  Object.entries(optionalDependencies ?? {})
    .filter(([name]) => !isLocked(from, name))
    .map(([name, version]) => ({ name, version, dev })),
);

for (const { name, version, dev } of missing) {
  const platform = name.slice(name.indexOf('/') + 1);
  const os = systems.find((system) => platform.includes(system));
  const cpu = processors.find((processor) => platform.includes(`-${processor}`));
  const libc = os !== 'linux' ? undefined : /musl/.test(platform) ? 'musl' : glibc(platform);
  lock.packages[`node_modules/${name}`] = {
    version: version.replace(/^[~^]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
  console.log(`added ${name}@${version}`);
}
const sorted = Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);

/** As node looks for it: beside the package that wants it, then further out. */
function isLocked(from, name) {
  const inner = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (lock.packages[inner] !== undefined) return true;
  const outer = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')));
  return from !== '' && isLocked(outer, name);
}

function glibc(platform) {
  return /gnu/.test(platform) ? 'glibc' : undefined;
}
