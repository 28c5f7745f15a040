/**
 * A listing is not a snapshot: each of its entries, and each missing name, was true at some moment
 * between call and return, but not all at the same one. So it is checked as that many looks. The
 * directory is identified by its id, which its entries give, because it may be renamed meanwhile.
 *
 * What an empty listing leaves out is only checked for directories that nothing moves (`/x`).
 */
import type { ListingPart, Step } from './namespace-model.js';
import type { Listed, Operation, Sight } from './operation.js';

type Listing = Operation & { readonly answer: { readonly entries: readonly Listed[] } };

export const isListing = (operation: Operation): operation is Listing =>
  operation.request.do === 'list' && operation.answer?.entries !== undefined;

/** `/x`: what is above all partitions. */
export const isFixedDirectory = (path: string): boolean => path.indexOf('/', 1) < 0;

/** Of a directory below a partition's root; `mayHave` tells the names that it may have now. */
export function partsOf(
  { request, answer }: Listing,
  mayHave: (directoryId: number) => ReadonlySet<string>,
): ListingPart[] {
  const { path } = request;
  const [first] = answer.entries;
  if (first === undefined) return [];
  // The listing of a file is that file; a directory with one such child looks the same.
  const isAlone = answer.entries.length === 1 && !first.directory;
  if (isAlone && path.endsWith(`/${first.name}`)) return [];
  const { parentId } = first;
  const listed = new Set(answer.entries.map(({ name }) => name));
  const missing = [...mayHave(parentId)].filter((name) => !listed.has(name));
  return [
    ...answer.entries.map(
      (entry): ListingPart => ({
        do: 'child',
        path,
        parentId: entry.parentId,
        name: entry.name,
        sight: sightOf(entry),
      }),
    ),
    ...missing.map((name): ListingPart => ({ do: 'noChild', path, parentId, name })),
  ];
}

/** Of a directory above the partitions: a look at each, by its path. */
export function looksOf(
  { request, answer }: Listing,
  roots: ReadonlySet<string>,
): readonly { readonly root: string; readonly look: Step }[] {
  const listed = new Map(answer.entries.map((entry) => [`${request.path}/${entry.name}`, entry]));
  return [...new Set([...roots, ...listed.keys()])].map((path) => {
    const entry = listed.get(path);
    const look: Step =
      entry === undefined
        ? { request: { do: 'exists', path }, answer: { code: 'OK', exists: false } }
        : { request: { do: 'getStatus', path }, answer: { code: 'OK', sight: sightOf(entry) } };
    return { root: path, look };
  });
}

const sightOf = ({ id, directory, mode, length, completed }: Listed): Sight => ({
  id,
  directory,
  mode,
  length,
  completed,
});
