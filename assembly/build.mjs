/**
 * Compiles the kernels, assembly/index.ts, to dist/kernel.wasm. --debug uses the debug target: it
 * keeps asserts, names and a source map. Everything that runs from dist/ then uses it until the
 * next build (`npm run test:debug` does).
 */
import asc from 'assemblyscript/asc';

const target = process.argv.includes('--debug') ? 'debug' : 'release';
const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', target]);
if (error) {
  process.stderr.write(stderr.toString());
  process.exit(1);
}
