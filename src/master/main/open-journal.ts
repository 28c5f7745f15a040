/**
 * The one place that knows which journal there is: everybody else has a place, which is data that
 * says nothing to him, and what it opens.
 */
import type { Journal } from '../journal/journal.js';
import { LocalJournal, type LocalPlace } from '../journal/local/local-journal.js';
import type { Config } from '../settings/config.js';
import type { DirectoryAtRest } from './data-directory.js';

export type JournalPlace = LocalPlace;

export function journalPlace(
  { journal, watermark, clusterId }: Pick<DirectoryAtRest, 'journal' | 'watermark' | 'clusterId'>,
  config: Config,
): JournalPlace {
  return {
    directory: journal,
    ...(watermark !== undefined && { watermark }),
    clusterId,
    segmentBytes: config.journalSegmentBytes,
    sync: config.journalSync,
    reserveBytes: config.diskReserveBytes,
  };
}

export const openJournal = (place: JournalPlace): Journal => new LocalJournal(place);
