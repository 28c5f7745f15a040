/**
 * HEAD and END of a backup, read and checked. Pure. It stands apart from backup-format.ts, so that
 * a thread which only writes backups does not load zod.
 */
import { z } from 'zod';
import { type BackupEnd, type BackupHead, malformed } from './backup-format.js';

const headSchema: z.ZodType<BackupHead> = z.object({
  format: z.int(),
  dataFormat: z.int(),
  version: z.string(),
  clusterId: z.uuid(),
  clusterName: z.string().min(1),
  createdMs: z.int(),
  salt: z.int(),
  appliedSeq: z.int(),
  idNext: z.int(),
  inodes: z
    .object({
      files: z.int(),
      directories: z.int(),
      trashedFiles: z.int(),
      trashedDirectories: z.int(),
    })
    .exactOptional(),
});

const endSchema: z.ZodType<BackupEnd> = z.object({
  seq: z.int(),
  rows: z.int(),
  inodes: z.int(),
  entries: z.int(),
});

export const decodeHead = (payload: Buffer): BackupHead => decodeJson(payload, headSchema);
export const decodeEnd = (payload: Buffer): BackupEnd => decodeJson(payload, endSchema);

/** Only the format: another version may have other fields. */
export function formatOf(payload: Buffer): number | undefined {
  return z.object({ format: z.int() }).safeParse(jsonOf(payload)).data?.format;
}

function decodeJson<T>(payload: Buffer, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(jsonOf(payload));
  if (parsed.success) return parsed.data;
  throw malformed(z.prettifyError(parsed.error).replaceAll('\n', ' '));
}

function jsonOf(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}
