/**
 * Compiles the kernels, assembly/index.ts, to dist/kernel.wasm. With --debug by the debug target:
 * asserts stay, names and a source map are in it, and whatever runs from dist/ runs on it until the
 * next build (`npm run test:debug` does).
 */
import asc from 'assemblyscript/asc';

const target = process.argv.includes('--debug') ? 'debug' : 'release';
const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', target]);
if (error) {
  process.stderr.write(stderr.toString());
  process.exit(1);
}
