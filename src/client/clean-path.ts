/**
 * Cleans a path as the master does: paths in answers are clean, whatever the caller wrote. Pure.
 */
import { absolutePath } from '../base/absolute-path.js';

/** Nearly every path is clean already. */
const MAY_BE_UNCLEAN = /\/\/|\/\.|.\/$/;

export const cleanPath = (path: string): string =>
  MAY_BE_UNCLEAN.test(path) ? absolutePath('/', path) : path;
