/** Writes assembly/generated/layout.ts from the tables of src/base (compiled into dist/ first). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderLayout } from '../dist/src/base/layout-render.js';

mkdirSync(new URL('./generated/', import.meta.url), { recursive: true });
writeFileSync(new URL('./generated/layout.ts', import.meta.url), renderLayout());
