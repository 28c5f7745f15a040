/**
 * The meaning of a manifest's columns: given by a format, by the operator, or by the manifest's
 * first line. Pure.
 */
import { Code, StatusError } from '../../base/status.js';

export const manifestFormats = ['csv', 's3-inventory'] as const;
export type ManifestFormat = (typeof manifestFormats)[number];

const defaults: Readonly<Record<ManifestFormat, string>> = {
  csv: 'path,length,mtime',
  's3-inventory': 'bucket,key,size,last_modified_date,etag',
};

/** Usual names of columns, without case, dashes and underscores. */
const roles: Readonly<Record<string, Role>> = {
  path: 'path',
  key: 'path',
  length: 'length',
  size: 'length',
  mtime: 'mtime',
  lastmodified: 'mtime',
  lastmodifieddate: 'mtime',
  etag: 'etag',
  bucket: 'bucket',
  islatest: 'isLatest',
  isdeletemarker: 'isDeleteMarker',
};

type Role = 'path' | 'length' | 'mtime' | 'etag' | 'bucket' | 'isLatest' | 'isDeleteMarker';

/** Index of each column that is looked at; -1 = not there. */
export type Columns = Readonly<Record<Role, number>> & { readonly count: number };

export function columnsOf(format: ManifestFormat, given: string | undefined): Columns {
  const columns = parse((given ?? defaults[format]).split(','));
  if (columns.path >= 0) return columns;
  throw new StatusError(Code.INVALID_ARGUMENT, `No column of "${given}" is the path.`, {
    hint: `Name the columns in their order, such as ${defaults[format]}; others are passed over.`,
  });
}

/** The columns, if a first line names them; undefined if it is an entry like the others. */
export function columnsOfHeader(fields: readonly string[]): Columns | undefined {
  const known = fields.filter((field) => plain(field) in roles);
  if (known.length < 2) return undefined;
  const columns = parse(fields);
  return columns.path >= 0 && columns.length >= 0 ? columns : undefined;
}

function parse(names: readonly string[]): Columns {
  const found = new Map(names.map((name, index) => [roles[plain(name)], index] as const));
  const of = (role: Role): number => found.get(role) ?? -1;
  return {
    path: of('path'),
    length: of('length'),
    mtime: of('mtime'),
    etag: of('etag'),
    bucket: of('bucket'),
    isLatest: of('isLatest'),
    isDeleteMarker: of('isDeleteMarker'),
    count: names.length,
  };
}

const plain = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[-_\s]/g, '');
