/**
 * Options from a surface are checked like frames: by the one table of allowed values
 * (wire/field-rules.ts), and refused in the same words, before anything else happens.
 */
import type {
  AttributeOptions,
  CompleteOptions,
  CreateOptions,
  ListOptions,
} from '../../api/file-service.js';
import { checkBody } from '../../wire/body-check.js';
import { requestMembers } from '../../wire/generated/request-fields.js';

type Kind = keyof typeof requestMembers;

/** `body`: by the names of the request's fields; fields without a rule are ignored. */
export function checkFields(kind: Kind, body: object): void {
  const refusal = checkBody(requestMembers[kind], body);
  if (refusal !== undefined) throw refusal;
}

export function checkCreate(path: string, options: CreateOptions): void {
  const { mode, blockSize, replicationMin } = options;
  checkFields('CreateFile', { path, mode, blockSize, replicationMin });
}

export const checkList = (path: string, { limit, ...options }: ListOptions): void =>
  checkFields('ListStatus', { ...options, path, pageSize: limit });

export function checkComplete(path: string, { id, ...options }: CompleteOptions): void {
  checkFields('GetStatusById', { id });
  checkFields('CompleteFile', { ...options, path });
}

export function checkAttributes(path: string, { xattrs, ...options }: AttributeOptions): void {
  const rows = Object.entries(xattrs ?? {}).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? Buffer.from(value) : value,
  }));
  const { xattrUpdate: _word, ...fields } = options;
  checkFields('SetAttribute', { ...fields, path, xattrs: rows });
}
