/**
 * Writes assembly/generated/layout.ts from the tables of src/master/memory (compiled into dist/
 * first).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderLayout, renderWire } from '../dist/src/master/memory/layout-render.js';

mkdirSync(new URL('./generated/', import.meta.url), { recursive: true });
writeFileSync(new URL('./generated/layout.ts', import.meta.url), renderLayout());
writeFileSync(new URL('./generated/wire.ts', import.meta.url), renderWire());
