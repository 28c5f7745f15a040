/** The decision tables of recovery.ts: each row by its own case, and no case without a row. */
import { describe, expect, test } from 'vitest';
import {
  decideHeader,
  decideRecord,
  HEADER_TABLE,
  type HeaderFacts,
  RECORD_TABLE,
  type RecordFacts,
} from '../../../../src/master/journal/local/recovery.js';

const both = [false, true];
const founds = ['next', 'end', 'torn', 'absent'] as const;

function allRecordFacts(): RecordFacts[] {
  const all: RecordFacts[] = [];
  for (const found of founds)
    for (const seq of both)
      for (const last of both)
        for (const proof of both)
          for (const ours of both) all.push({ found, seq, last, proof, ours });
  return all;
}

/** The same rules said another way: what a reader of the journal would expect in words. */
function expectedDecision({ found, seq, last, proof, ours }: RecordFacts): string {
  const whole = found === 'next' || found === 'end';
  if (whole && !seq) return 'refuse';
  if (found === 'next') return 'keep';
  if (found === 'end') return last ? 'end' : 'next';
  if (!last || proof) return 'refuse';
  return found === 'torn' || ours ? 'cut' : 'end';
}

describe('the record table', () => {
  test.each(RECORD_TABLE.map((row, i) => [i + 1, row] as const))('row %i: %j', (_, row) => {
    const [found, seq, last, proof, ours, decision, why] = row;
    const fill = (cell: boolean | '-'): boolean => (cell === '-' ? false : cell);
    const facts = {
      found,
      seq: fill(seq),
      last: fill(last),
      proof: fill(proof),
      ours: fill(ours),
    };
    expect(decideRecord(facts)).toEqual({ decision, why });
  });

  test.each(allRecordFacts())('decides %j as its rules say in words', (facts) => {
    const verdict = decideRecord(facts);
    expect(verdict.decision).toBe(expectedDecision(facts));
    expect(RECORD_TABLE.some((row) => row[6] === verdict.why)).toBe(true);
  });
});

describe('the header table', () => {
  test.each(HEADER_TABLE.map((row, i) => [i + 1, row] as const))('row %i: %j', (_, row) => {
    const [whole, version, cluster, named, full, place, problem] = row;
    const facts: HeaderFacts = {
      whole: whole === true,
      version: version === true,
      cluster: cluster === true,
      named: named === true,
      full: full === true,
      place: place === '-' ? 'right' : place,
    };
    expect(decideHeader(facts)).toBe(problem);
  });

  test('accepts nothing but a segment that is right in every respect', () => {
    for (const place of ['before', 'right', 'beyond'] as const)
      for (const whole of both)
        for (const version of both)
          for (const cluster of both)
            for (const named of both)
              for (const full of both) {
                const right = whole && version && cluster && named && full && place === 'right';
                const problem = decideHeader({ whole, version, cluster, named, full, place });
                expect(problem === 'none').toBe(right);
              }
  });
});
