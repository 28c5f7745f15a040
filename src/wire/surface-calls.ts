/**
 * The calls of surfaces over HTTP, as the counters of an edge number them: from the end, where no
 * request of the wire has its number (a test compares). A new surface adds its names here.
 */

/** Requests that cannot be read, or that ask for something that does not exist. */
export const UNREADABLE = 0;

const FIRST = 240;
const NAMES = [
  'dataGet',
  'dataHead',
  'dataPut',
  'dataDelete',
  'webhdfsGet',
  'webhdfsPut',
  'webhdfsPost',
  'webhdfsDelete',
] as const;

export type SurfaceCall = (typeof NAMES)[number];

export const surfaceCallNumber = (call: SurfaceCall): number => FIRST + NAMES.indexOf(call);

/** undefined: no such call. */
export const surfaceCallOf = (number: number): SurfaceCall | undefined => NAMES[number - FIRST];
