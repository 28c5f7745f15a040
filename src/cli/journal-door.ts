/**
 * The way from the command line to a journal on this machine's disk, taken by `orchard admin
 * journal` with an action: it works without a master, and loads the master's code only then.
 */
import type * as tool from '../master/main/journal-tool.js';

export const openJournalTool = (): Promise<typeof tool> => import('../master/main/journal-tool.js');
