/** Compiles the kernels: assembly/index.ts to dist/kernel.wasm, by the release target. */
import asc from 'assemblyscript/asc';

const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', 'release']);
if (error) {
  process.stderr.write(stderr.toString());
  process.exit(1);
}
