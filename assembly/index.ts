/** The kernels: every function that src/kernel/exports.ts promises, gathered from its file. */
export { init, load64, store64, add64, max64 } from './control';
export { hashKey } from './hash';
