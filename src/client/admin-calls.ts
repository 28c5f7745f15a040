/** The calls about mounts, which wait for stores, and about the master itself. */
import {
  GetConfigT,
  GetJournalInfoT,
  GetLocksT,
  GetMountTableT,
  GetReportT,
  KeyValueT,
  MountT,
  PingT,
  RequestBody,
  ReverseResolveT,
  UnmountT,
  UpdateMountT,
} from '../wire/generated/index.js';
import { type CallSpec, fill } from './call-spec.js';
import { decodeJson, decodeMounts, decodeNothing, decodePath } from './decode.js';
import type { MountOptions, MountPoint } from './types.js';

const optionsToWire = (options: Readonly<Record<string, string>> | undefined) =>
  options === undefined
    ? undefined
    : Object.entries(options).map(([key, value]) => new KeyValueT(key, value));

export const pingCall = (): CallSpec<void> => ({
  type: RequestBody.Ping,
  body: new PingT(),
  decode: decodeNothing,
});

export const mountCall = (path: string, uri: string, options: MountOptions): CallSpec<void> => ({
  type: RequestBody.Mount,
  body: fill(new MountT(path, uri), {
    options: optionsToWire(options.options),
    readOnly: options.readOnly,
    shared: options.shared,
  }),
  path,
  decode: decodeNothing,
  long: true,
});

export const unmountCall = (path: string): CallSpec<void> => ({
  type: RequestBody.Unmount,
  body: new UnmountT(path),
  path,
  decode: decodeNothing,
  long: true,
});

export const updateMountCall = (path: string, options: MountOptions): CallSpec<void> => ({
  type: RequestBody.UpdateMount,
  body: fill(new UpdateMountT(path), {
    options: optionsToWire(options.options),
    readOnly: options.readOnly,
    shared: options.shared,
  }),
  path,
  decode: decodeNothing,
  long: true,
});

export const getMountTableCall = (): CallSpec<MountPoint[]> => ({
  type: RequestBody.GetMountTable,
  body: new GetMountTableT(),
  decode: decodeMounts,
});

export const reverseResolveCall = (uri: string): CallSpec<string> => ({
  type: RequestBody.ReverseResolve,
  body: new ReverseResolveT(uri),
  path: uri,
  decode: decodePath,
});

const json = (type: RequestBody, body: CallSpec<unknown>['body']): CallSpec<unknown> => ({
  type,
  body,
  decode: decodeJson,
});

export const reportCall = () => json(RequestBody.GetReport, new GetReportT());
export const locksCall = () => json(RequestBody.GetLocks, new GetLocksT());
export const journalInfoCall = () => json(RequestBody.GetJournalInfo, new GetJournalInfoT());
export const configCall = () => json(RequestBody.GetConfig, new GetConfigT());
