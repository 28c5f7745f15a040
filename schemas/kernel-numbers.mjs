/**
 * What the kernels must know of the schemas, as numbers, from flatc's reflection. One list for both
 * sides: src/wire/generated/kernel-numbers.ts (LAYOUT_HASH covers it, and assembly/gen.mjs writes
 * the kernels' constants from it).
 *
 *   GET_STATUS_PATH_SLOT     a field's place in its table's vtable
 *   REQUEST_BODY_GET_STATUS  a member of a union
 *   LOAD_TYPE_ALWAYS         a value of an enum
 *   FILE_INFO_NAME_AT        where a field stands in a table that a kernel lays out itself
 *   FILE_INFO_VTABLE         that table's vtable: u16 words
 *   INFO_HEAD                the beginning of a frame that a kernel writes: root offset and vtables
 */

/** Tables whose slots kernels know. */
const SLOTS = [
  'Request',
  'GetStatus',
  'BatchGetStatus',
  'CreateFile',
  'CreateDirectory',
  'Delete',
  'Rename',
  'ListPage',
];
const UNIONS = ['RequestBody', 'ReplyBody'];
const ENUMS = ['LoadType'];

const REPLY = { call: 8, seq: 16, body_type: 24, body: 4 };
const INFO = { inode: 16, name: 4, owner: 8, group: 12 };

/** Tables that kernels write: bytes of the table, and where in it each field stands. */
const WRITTEN = {
  REPLY: { table: 'Reply', bytes: 28, places: REPLY },
  LIST_REPLY: { table: 'Reply', bytes: 28, places: { ...REPLY, more: 25 } },
  FAILED_REPLY: { table: 'Reply', bytes: 18, places: { error: 4, call: 8, code: 16 } },
  FILE_INFO: { table: 'FileInfo', bytes: 112, places: INFO },
  FILE_INFO_PATH: { table: 'FileInfo', bytes: 116, places: { ...INFO, path: 112 } },
  FILE_INFO_FULL: {
    table: 'FileInfo',
    bytes: 124,
    places: { ...INFO, path: 112, ufs_path: 116, mount_uri: 120 },
  },
  EMPTY: { table: 'Empty', bytes: 4, places: {} },
  BATCH: { table: 'BatchReply', bytes: 8, places: { results: 4 } },
  RESULT: { table: 'Result', bytes: 8, places: { info: 4 } },
  REFUSED_RESULT: { table: 'Result', bytes: 10, places: { code: 8, error: 4 } },
  REFUSAL: { table: 'ErrorDetail', bytes: 12, places: { reason: 4, path: 8 } },
  MISSING: { table: 'ErrorDetail', bytes: 16, places: { reason: 4, path: 8, hint: 12 } },
  LIST_PAGE: {
    table: 'ListPage',
    bytes: 24,
    places: { entries: 4, file_count: 8, cursor: 16, truncated: 20 },
  },
};

/** Frames: where the root table stands, and the vtables that stand before it. */
const HEADS = {
  INFO_HEAD: { root: 40, vtables: ['REPLY', 'FILE_INFO'] },
  FULL_INFO_HEAD: { root: 40, vtables: ['REPLY', 'FILE_INFO_FULL'] },
  EMPTY_HEAD: { root: 40, vtables: ['REPLY', 'EMPTY'] },
  BATCH_HEAD: { root: 40, vtables: ['REPLY', 'BATCH'] },
  LIST_HEAD: { root: 40, vtables: ['LIST_REPLY', 'LIST_PAGE'] },
  MISSING_HEAD: { root: 24, vtables: ['FAILED_REPLY', 'MISSING'] },
};

/** @returns {{ numbers: Record<string, number>, words: Record<string, number[]> }} */
export function kernelNumbers({ objects, enums }) {
  const table = (name) => objects.find((object) => object.name === name);
  const numbers = {};
  for (const name of SLOTS) {
    for (const field of table(name).fields) {
      numbers[`${upper(name)}_${upper(field.name)}_SLOT`] = field.offset;
    }
  }
  for (const name of [...UNIONS, ...ENUMS]) {
    for (const { name: value, value: number } of enums.find((one) => one.name === name).values) {
      if (value !== 'NONE') numbers[`${upper(name)}_${upper(value)}`] = number;
    }
  }
  const vtables = Object.fromEntries(
    Object.entries(WRITTEN).map(([name, spec]) => [name, vtableOf(table(spec.table), spec)]),
  );
  for (const [name, { bytes, places }] of Object.entries(WRITTEN)) {
    numbers[`${name}_TABLE_BYTES`] = bytes;
    for (const [field, at] of Object.entries(places)) numbers[`${name}_${upper(field)}_AT`] = at;
  }
  const words = {};
  for (const [name, vtable] of Object.entries(vtables)) words[`${name}_VTABLE`] = vtable;
  for (const [name, { root, vtables: parts }] of Object.entries(HEADS)) {
    words[name] = headOf(
      root,
      parts.map((part) => vtables[part]),
    );
    // The second vtable: that of the body's table.
    numbers[`${name}_BODY_VTABLE`] = 4 + 2 * vtables[parts[0]].length;
  }
  return { numbers, words };
}

/** vtable bytes, table bytes, then a place for each field up to the last one that is used. */
function vtableOf({ name, fields }, { bytes, places }) {
  const row = [];
  for (const [field, place] of Object.entries(places)) {
    const found = fields.find((one) => one.name === field);
    if (found === undefined) throw new Error(`${name} has no field ${field}`);
    row[(found.offset - 4) / 2] = place;
  }
  const slots = Array.from(row, (place) => place ?? 0);
  return [4 + 2 * slots.length, bytes, ...slots];
}

/** Padded with zeros up to the root table: kernels copy it in whole vectors. */
function headOf(root, vtables) {
  const head = [root, 0, ...vtables.flat()];
  if (2 * head.length > root) throw new Error(`a head of ${2 * head.length} bytes before ${root}`);
  return [...head, ...new Array(root / 2 - head.length).fill(0)];
}

/** `GetXAttrs` and `body_type` as parts of a constant's name. */
const upper = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

export function kernelNumbersSource(reflection) {
  const { numbers, words } = kernelNumbers(reflection);
  const rows = Object.entries(numbers).map(([name, value]) => `  ${name}: ${value},`);
  const lists = Object.entries(words).map(([name, list]) => `  ${name}: [${list.join(', ')}],`);
  return `// generated by schemas/gen.mjs from schemas/*.fbs: do not edit

/** Slots, union members and enum values that the kernels know. */
export const WIRE_NUMBERS = {
${rows.join('\n')}
} as const;

/** vtables and heads of the frames that kernels write, as u16 words. */
export const WIRE_WORDS = {
${lists.join('\n')}
} as const;
`;
}
