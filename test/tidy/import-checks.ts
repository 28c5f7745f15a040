/** Checks of who imports whom. Each returns findings: where, and the sentence of the rule. */
import { ATOMICS_ALLOWED, DOORS, ENTRIES, LIGHT, MAY_IMPORT, PURE, TEST_ONLY } from './floors.js';
import type { Import, SourceFile } from './source-file.js';
import { lineOf } from './source-file.js';

const FOLDERS = Object.keys(MAY_IMPORT).sort((left, right) => right.length - left.length);

/** The folder of the house that a file stands in; undefined for a file outside of src. */
export function folderOf(path: string): string | undefined {
  if (!path.startsWith('src/')) return undefined;
  return (
    FOLDERS.find((folder) => path.startsWith(`src/${folder}/`)) ?? path.split('/').slice(1, -1)[0]
  );
}

/** `room`: a file, or a folder with its slash. */
const isIn = (room: string, target: string): boolean =>
  room.endsWith('/') ? target.startsWith(room) : target === room;

/** A folder imports what its line in floors.ts lists. */
export function checkFloors(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { target }) => {
    const from = folderOf(file.path);
    if (from === undefined || target === undefined) return undefined;
    const to = folderOf(target);
    if (to === undefined) return `src imports nothing from outside src (${target})`;
    const isDoor = DOORS.some(([door, room]) => door.test(file.path) && isIn(room, target));
    const seen = MAY_IMPORT[from] ?? [];
    if (from === to || isDoor || seen.includes(to)) return undefined;
    return `${from} sees only ${seen.join(', ') || 'itself'}, not ${to}; see test/tidy/floors.ts`;
  });
}

/** The list of floors.ts leads down only, and has no entry that no import needs. */
export function checkFloorList(files: readonly SourceFile[]): string[] {
  const used = new Set(
    files.flatMap((file) =>
      file.imports.map(({ target }) => `${folderOf(file.path)} → ${folderOf(target ?? '')}`),
    ),
  );
  const order = Object.keys(MAY_IMPORT);
  const isOpen = ([door, room]: (typeof DOORS)[number]): boolean =>
    files.some(
      ({ path, imports }) =>
        door.test(path) && imports.some(({ target }) => isIn(room, target ?? '')),
    );
  const closed = DOORS.filter((door) => !isOpen(door)).map(
    ([door, room]) => `test/tidy/floors.ts: no file imports ${room} by ${door}; take it out`,
  );
  return closed.concat(
    Object.entries(MAY_IMPORT).flatMap(([from, seen]) =>
      seen.flatMap((to) => {
        if (order.indexOf(to) >= order.indexOf(from)) {
          return [`test/tidy/floors.ts: ${from} stands below ${to}, and may not list it`];
        }
        return used.has(`${from} → ${to}`)
          ? []
          : [`test/tidy/floors.ts: no file of ${from} imports ${to}; take the entry out`];
      }),
    ),
  );
}

/** Pure folders take time, disk and network as arguments. */
export function checkPure(files: readonly SourceFile[]): string[] {
  const pure: readonly string[] = PURE;
  return eachImport(files, (file, { from }) => {
    const folder = folderOf(file.path);
    if (folder === undefined || !pure.includes(folder) || !from.startsWith('node:')) {
      return undefined;
    }
    return `${folder} is pure: it imports no node: module (${from}); take it as an argument`;
  });
}

/** No cycle, types included: two files that need each other are one, or need a third. */
export function checkCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [file.path, file.imports.flatMap(({ target }) => target ?? [])]),
  );
  const done = new Set<string>();
  const findings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      findings.push(`imports form no cycle: ${[...trail.slice(start), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return findings;
}

/** Memory order is hard: only a few files write it, and explain it. */
export function checkAtomics(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    if (ATOMICS_ALLOWED.some((rule) => rule.test(file.path))) return [];
    const use = file.nodes.find(({ type, object }) => {
      const name = (object as { name?: unknown } | undefined)?.name;
      return type === 'MemberExpression' && name === 'Atomics';
    });
    if (use === undefined) return [];
    const where = `${file.path}:${lineOf(file, use.start)}`;
    return [`${where}: raw Atomics only where test/tidy/floors.ts allows them`];
  });
}

/** Every file of src is reached from a program, a thread, the client, or a generator's import. */
export function checkDead(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entries = files.filter(({ path }) => ENTRIES.some((rule) => rule.test(path)));
  const queue = [...entries.map(({ path }) => path), ...usedByScripts(files)];
  const reached = new Set<string>();
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...(byPath.get(path)?.imports ?? []).flatMap(({ target }) => target ?? []));
  }
  const isKept = (path: string) =>
    path.includes('/generated/') || TEST_ONLY.some(([rule]) => rule.test(path));
  return files
    .filter(({ path }) => /^src\/.*\.ts$/.test(path) && !reached.has(path) && !isKept(path))
    .map(({ path }) => `${path}: no program reaches this file; import it or remove it`);
}

/** Programs and threads that start often do not load packages that they may never need. */
export function checkLight(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return LIGHT.flatMap(([entry, without]) =>
    files
      .filter(({ path }) => entry.test(path))
      .flatMap(({ path }) => loadedPackages(byPath, path))
      .filter(({ name }) => without.includes(name))
      .map(({ name, trail }) => `${trail.join(' → ')}: a start loads no ${name}; import() it`),
  );
}

/** Packages that are loaded with a file, each with the first way to it. */
function loadedPackages(
  byPath: ReadonlyMap<string, SourceFile>,
  entry: string,
): { name: string; trail: readonly string[] }[] {
  const queue = [[entry]];
  const seen = new Set([entry]);
  const found = new Map<string, readonly string[]>();
  for (let trail = queue.shift(); trail !== undefined; trail = queue.shift()) {
    for (const { from, target, isType, isLazy } of byPath.get(trail.at(-1)!)?.imports ?? []) {
      if (isType || isLazy) continue;
      if (target === undefined) found.set(from, found.get(from) ?? trail);
      else if (!seen.has(target)) {
        seen.add(target);
        queue.push([...trail, target]);
      }
    }
  }
  return [...found].map(([name, trail]) => ({ name, trail }));
}

/** Generators and build scripts import what tsc wrote to dist. */
const usedByScripts = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => /^(assembly|schemas)\/.*\.mjs$/.test(path))
    .flatMap(({ text }) => [...text.matchAll(/dist\/(src\/[\w/-]+)\.js/g)])
    .map(([, path]) => `${path}.ts`);

function eachImport(
  files: readonly SourceFile[],
  check: (file: SourceFile, found: Import) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const finding = check(file, found);
      return finding === undefined ? [] : [`${file.path}: ${finding}`];
    }),
  );
}
