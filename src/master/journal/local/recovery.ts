/**
 * The decisions of recovery: two tables, read from the top; the first matching row counts. Pure:
 * reader.ts collects the facts and carries out the decision.
 *
 * Legend of RECORD_TABLE, for the record at the place where the next one must stand
 *   found     next    entry or mark, right salt, sane length, right CRC
 *             end     end marker, equally right
 *             torn    the segment's salt, but the length or the CRC is wrong
 *             absent  anything else: zeros, what a recycled file held before, the end of the file
 *   seq       its seq is the one expected
 *   last      this is the last segment
 *   proof     a mark behind it says that the expected seq was durable once
 *   ours      records of this segment stand behind it (a batch of several pages was torn)
 *   -         either
 *
 *   decision  keep    hand it over and go on behind it
 *             next    go on with the next segment
 *             end     the log ends here; append here
 *             cut     a torn write that nobody was told of: wipe it and what is behind, append here
 *             refuse  damage: something that was acknowledged is gone. Do not start.
 *
 * Why a bad record without proof may be cut: every batch is one write, followed by a sync before
 * the next batch, and the next batch begins with a mark. So a mark proves every change that was
 * acknowledged before the crash, except those of the very last batch. Closing the journal writes a
 * mark too.
 */

export type Found = 'next' | 'end' | 'torn' | 'absent';
export type RecordFacts = {
  readonly found: Found;
  readonly seq: boolean;
  readonly last: boolean;
  readonly proof: boolean;
  readonly ours: boolean;
};
export type RecordDecision = 'keep' | 'next' | 'end' | 'cut' | 'refuse';

type Cell = boolean | '-';
type RecordRow = readonly [
  found: Found,
  seq: Cell,
  last: Cell,
  proof: Cell,
  ours: Cell,
  decision: RecordDecision,
  why: string,
];

export const RECORD_TABLE: readonly RecordRow[] = [
  // found    seq    last   proof  ours   decision  why
  ['next', true, '-', '-', '-', 'keep', 'a whole record in its place'],
  ['next', false, '-', '-', '-', 'refuse', 'a whole record with another seq than expected'],
  ['end', false, '-', '-', '-', 'refuse', 'an end marker with another seq than expected'],
  ['end', true, false, '-', '-', 'next', 'the segment was closed'],
  ['end', true, true, '-', '-', 'end', 'closed, and the next segment was never made'],
  ['torn', '-', false, '-', '-', 'refuse', 'a damaged record, and a later segment exists'],
  ['torn', '-', true, true, '-', 'refuse', 'a damaged record that was durable once'],
  ['torn', '-', true, false, '-', 'cut', 'the write that the crash interrupted'],
  ['absent', '-', false, '-', '-', 'refuse', 'no end marker, though a later segment exists'],
  ['absent', '-', true, true, '-', 'refuse', 'nothing where a durable record was'],
  ['absent', '-', true, false, true, 'cut', 'a later page of the interrupted write came first'],
  ['absent', '-', true, false, false, 'end', 'nothing was written here yet'],
];

export type RecordVerdict = { readonly decision: RecordDecision; readonly why: string };

export function decideRecord(facts: RecordFacts): RecordVerdict {
  for (const [found, seq, last, proof, ours, decision, why] of RECORD_TABLE) {
    const matches =
      found === facts.found &&
      (seq === '-' || seq === facts.seq) &&
      (last === '-' || last === facts.last) &&
      (proof === '-' || proof === facts.proof) &&
      (ours === '-' || ours === facts.ours);
    if (matches) return { decision, why };
  }
  return { decision: 'refuse', why: 'no row of the recovery table matches' };
}

/**
 * Legend of HEADER_TABLE, for a segment's header block
 *   whole    magic and CRC are right
 *   version  a format that this code reads
 *   cluster  the cluster id of the data directory
 *   named    its first seq is the one in the file name
 *   full     the file has all the bytes that the header tells: it had them before it had its name
 *   place    its first seq compared with the seq that the log needs here
 * A segment gets its name only once its header is durable, so a bad header is never a torn write.
 */
export type HeaderFacts = {
  readonly whole: boolean;
  readonly version: boolean;
  readonly cluster: boolean;
  readonly named: boolean;
  readonly full: boolean;
  readonly place: 'before' | 'right' | 'beyond';
};
export type HeaderProblem =
  | 'damaged'
  | 'version'
  | 'cluster'
  | 'renamed'
  | 'shortened'
  | 'overlap'
  | 'missing'
  | 'none';

type HeaderRow = readonly [
  whole: Cell,
  version: Cell,
  cluster: Cell,
  named: Cell,
  full: Cell,
  place: HeaderFacts['place'] | '-',
  problem: HeaderProblem,
];

export const HEADER_TABLE: readonly HeaderRow[] = [
  // whole version cluster named full  place   problem
  [false, '-', '-', '-', '-', '-', 'damaged'],
  [true, false, '-', '-', '-', '-', 'version'],
  [true, true, false, '-', '-', '-', 'cluster'],
  [true, true, true, false, '-', '-', 'renamed'],
  [true, true, true, true, false, '-', 'shortened'],
  [true, true, true, true, true, 'before', 'overlap'],
  [true, true, true, true, true, 'beyond', 'missing'],
  [true, true, true, true, true, 'right', 'none'],
];

export function decideHeader(facts: HeaderFacts): HeaderProblem {
  for (const [whole, version, cluster, named, full, place, problem] of HEADER_TABLE) {
    const matches =
      whole === facts.whole &&
      (version === '-' || version === facts.version) &&
      (cluster === '-' || cluster === facts.cluster) &&
      (named === '-' || named === facts.named) &&
      (full === '-' || full === facts.full) &&
      (place === '-' || place === facts.place);
    if (matches) return problem;
  }
  return 'damaged';
}
