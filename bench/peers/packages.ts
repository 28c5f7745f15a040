/**
 * Where peers come from: Debian packages and Maven artifacts, unpacked into a cache folder of the
 * user, never installed on the system. Nothing is fetched unless `--install` asks for it.
 *
 *   $ORCHARD_PEERS_DIR or ~/.cache/orchard-peers
 *     debian/archives/*.deb   debian/root/usr/…   maven/<name>/*.jar
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const CACHE = process.env['ORCHARD_PEERS_DIR'] ?? join(homedir(), '.cache', 'orchard-peers');
const DEBIAN = join(CACHE, 'debian');
const ARCHIVES = join(DEBIAN, 'archives');
const OUTPUT_BYTES_MAX = 1 << 24;
const HOW = 'npm run bench -- peers --install fetches it into a cache folder';

/** Unpacked packages. */
export const DEBIAN_ROOT = join(DEBIAN, 'root');

/** The packages with what they need and this system does not have. */
export async function fetchDebian(names: readonly string[]): Promise<void> {
  mkdirSync(join(ARCHIVES, 'partial'), { recursive: true });
  mkdirSync(DEBIAN_ROOT, { recursive: true });
  await run(
    'apt-get',
    [
      ...['-o', `Dir::Cache::archives=${ARCHIVES}`, '-o', 'Debug::NoLocking=1'],
      ...['-qq', '-y', '--no-install-recommends', '--download-only', 'install', ...names],
    ],
    { maxBuffer: OUTPUT_BYTES_MAX },
  );
  for (const file of readdirSync(ARCHIVES).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(ARCHIVES, file), DEBIAN_ROOT]);
  }
}

/** A program of the cache or of the system; undefined when neither has it. */
export function programPath(name: string): string | undefined {
  const folders = ['usr/bin', 'usr/sbin'].map((folder) => join(DEBIAN_ROOT, folder));
  folders.push(...(process.env['PATH'] ?? '').split(':'), '/usr/sbin');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export function missingProgram(name: string, debian: string): string | undefined {
  if (programPath(name) !== undefined) return undefined;
  return `${name} is not here: ${HOW} (Debian package ${debian})`;
}

/** So that what was unpacked finds the libraries that were unpacked with it. */
export function libraryEnvironment(): NodeJS.ProcessEnv {
  const folders = ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(DEBIAN_ROOT, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(path, name));
  });
  return { ...process.env, LD_LIBRARY_PATH: folders.join(':') };
}

/** Artifacts as group:artifact:version, with all that they need at run time. */
export async function fetchMaven(name: string, artifacts: readonly string[]): Promise<void> {
  const folder = join(CACHE, 'maven', name);
  mkdirSync(folder, { recursive: true });
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':');
    return (
      `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId>` +
      `<version>${version}</version></dependency>`
    );
  });
  writeFileSync(
    join(folder, 'pom.xml'),
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
      '<groupId>bench</groupId><artifactId>peer</artifactId><version>1</version>' +
      `<dependencies>${dependencies.join('')}</dependencies></project>`,
  );
  await run(
    'mvn',
    [
      '-B',
      '-q',
      'dependency:copy-dependencies',
      '-DoutputDirectory=jars',
      '-DincludeScope=runtime',
    ],
    { cwd: folder, maxBuffer: OUTPUT_BYTES_MAX },
  );
}

const mavenJars = (name: string): string => join(CACHE, 'maven', name, 'jars');

export function missingMaven(name: string, artifact: string): string | undefined {
  if (programPath('java') === undefined) {
    return 'java is not here: install a JDK of version 11 or 17 (Debian package openjdk-17-jdk)';
  }
  if (existsSync(mavenJars(name))) return undefined;
  return `${artifact} is not here: ${HOW} (Maven Central; needs mvn)`;
}

export const mavenClassPath = (name: string): string => join(mavenJars(name), '*');
