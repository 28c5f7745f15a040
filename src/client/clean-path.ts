/** The path of an answer is clean, whatever the caller wrote: as the master cleans it. Pure. */
import { absolutePath } from '../base/absolute-path.js';

/** Nearly every path is clean already. */
const MAY_BE_UNCLEAN = /\/\/|\/\.|.\/$/;

export const cleanPath = (path: string): string =>
  MAY_BE_UNCLEAN.test(path) ? absolutePath('/', path) : path;
