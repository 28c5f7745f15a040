/**
 * Twin of assembly/codec.ts, where the format is drawn: the same bytes, from an object of bigints.
 */
import { crc32c } from '../../../base/crc32c.js';
import * as R from '../record.js';

const { INODE_TYPE_DIRECTORY, INODE_TYPE_FILE, SHADOW_MARK } = R;
const TRASH_BIT = BigInt(R.TRASH_BIT);

/** Every field of a record; ids and names are in the key. */
export type RecordFields = {
  readonly parentId: bigint;
  readonly name: Uint8Array;
  readonly type: number;
  readonly id: bigint;
  readonly seq: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly length: bigint;
  readonly ttl: bigint;
  readonly blockSize: bigint;
  readonly mode: number;
  readonly flags: number;
  readonly owner: number;
  readonly group: number;
  readonly mountId: number;
  readonly replicationMin: number;
  readonly replicationMax: number;
  readonly fingerprint: bigint;
};

const TIME_BASE = 1_577_836_800_000n;

/** Of a directory, or of its trash shadow. */
export function encodeId(id: bigint): number[] {
  const digits = digitsOf(id & ~TRASH_BIT);
  return [digits.length, ...digits, ...((id & TRASH_BIT) === 0n ? [] : [SHADOW_MARK])];
}

/** The fewest bytes that hold it, big-endian. */
function digitsOf(value: bigint): number[] {
  const digits: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) digits.unshift(Number(rest & 255n));
  return digits;
}

export function encodeKey(parentId: bigint, name: Uint8Array): number[] {
  return [...encodeId(parentId), ...name];
}

export function encodeValue(record: RecordFields): number[] {
  if (record.type !== INODE_TYPE_FILE && record.type !== INODE_TYPE_DIRECTORY) return [];
  const directory = record.type === INODE_TYPE_DIRECTORY;
  const time = BigInt.asUintN(64, record.ctime - TIME_BASE);
  const wide = time >> 40n !== 0n;
  const later = BigInt.asIntN(64, record.mtime - record.ctime);
  const seconds = !wide && time % 1000n === 0n && later % 1000n === 0n;
  const fields: (number[] | undefined)[] = [
    directory ? [] : undefined,
    wide ? [] : undefined,
    unless(record.length === 0n, unsigned(record.length)),
    unless(later === 0n, signed(seconds ? later / 1000n : later)),
    unless(record.ttl === -1n, signed(record.ttl)),
    unless(record.blockSize === (directory ? 0n : 67_108_864n), unsigned(record.blockSize)),
    unless(record.mode === (directory ? 0o755 : 0o644), unsigned(BigInt(record.mode))),
    unless(record.flags === (directory ? 0 : 1), unsigned(BigInt(record.flags))),
    unless(record.group === record.owner, unsigned(BigInt(record.group))),
    unless(record.mountId === 1, unsigned(BigInt(record.mountId))),
    unless(record.replicationMin === 0, signed(BigInt(record.replicationMin))),
    unless(record.replicationMax === -1, signed(BigInt(record.replicationMax))),
    unless(record.fingerprint === 0n, fixed(record.fingerprint, 8)),
    unless(record.owner === 0, unsigned(BigInt(record.owner))),
    seconds ? [] : undefined,
  ];
  const presence = fields.reduce((bits, field, bit) => bits | (field ? 1 << bit : 0), 0);
  const id = digitsOf(record.id).reverse();
  const seq = digitsOf(record.seq).reverse();
  let ctime = fixed(time, 5);
  if (wide) ctime = fixed(BigInt.asUintN(64, record.ctime), 8);
  else if (seconds) ctime = fixed(time / 1000n, 4);
  const head = [2, presence & 255, presence >> 8, id.length | (seq.length << 4)];
  const value = [...head, ...id, ...seq, ...ctime, ...fields.flatMap((field) => field ?? [])];
  const summed = Uint8Array.from([...encodeKey(record.parentId, record.name), ...value]);
  return [...value, ...fixed(BigInt(crc32c(summed, 0, summed.length)), 4)];
}

function unless(isDefault: boolean, bytes: number[]): number[] | undefined {
  return isDefault ? undefined : bytes;
}

function fixed(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

function unsigned(value: bigint): number[] {
  const low = Number(value & 127n);
  return value < 128n ? [low] : [low | 128, ...unsigned(value >> 7n)];
}

function signed(value: bigint): number[] {
  const wrapped = BigInt.asIntN(64, value);
  return unsigned(wrapped < 0n ? -2n * wrapped - 1n : 2n * wrapped);
}
