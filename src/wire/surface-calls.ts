/**
 * What surfaces over HTTP are asked for, as the counters of an edge number it: from the end, where
 * no request of the wire is (a test compares). A surface that comes adds its names here.
 */

/** Of what cannot be read, or asks for nothing that there is. */
export const UNREADABLE = 0;

const FIRST = 240;
const NAMES = ['dataGet', 'dataHead', 'dataPut', 'dataDelete'] as const;

export type SurfaceCall = (typeof NAMES)[number];

export const surfaceCallNumber = (call: SurfaceCall): number => FIRST + NAMES.indexOf(call);

/** undefined: no such call. */
export const surfaceCallOf = (number: number): SurfaceCall | undefined => NAMES[number - FIRST];
