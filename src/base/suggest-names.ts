/**
 * "Did you mean": the known names nearest to an unknown one. Pure.
 * First names that contain every word of the unknown one (ORCHARD_PORT has two), then the one
 * that takes the fewest keystrokes, if these are few for its length.
 */

const SUGGESTIONS_MAX = 3;

export function suggestNames(unknown: string, known: readonly string[]): string[] {
  const name = unknown.toUpperCase();
  const words = wordsOf(name);
  const containing = known.filter((candidate) =>
    words.every((word) => wordsOf(candidate).includes(word)),
  );
  if (containing.length > 0 && words.length > 0) return containing.slice(0, SUGGESTIONS_MAX);
  const keystrokesMax = Math.max(2, Math.floor(words.join('_').length / 3));
  const nearest = known
    .map((candidate) => ({ candidate, keystrokes: editDistance(name, candidate) }))
    .filter(({ keystrokes }) => keystrokes <= keystrokesMax)
    .sort((left, right) => left.keystrokes - right.keystrokes);
  return nearest.slice(0, 1).map(({ candidate }) => candidate);
}

const wordsOf = (name: string): string[] =>
  name.split('_').filter((word) => word !== 'ORCHARD' && word !== '');

/** Insertions, deletions and substitutions from one text to the other (Levenshtein). */
export function editDistance(source: string, target: string): number {
  let previous = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let row = 1; row <= source.length; row++) {
    const current = [row];
    for (let column = 1; column <= target.length; column++) {
      const same = source[row - 1] === target[column - 1];
      const substituted = previous[column - 1]! + (same ? 0 : 1);
      current.push(Math.min(substituted, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[target.length]!;
}
