/**
 * One request as a value: what is sent, and how its answer is read. Making one does nothing;
 * channel.ts sends it, as often as necessary.
 */
import type { Builder, IGeneratedObject } from 'flatbuffers';
import { type Reply, Request, type RequestBody, XAttrT } from '../wire/generated/index.js';
import type { XattrsIn } from './types.js';

export type CallSpec<T> = {
  readonly type: RequestBody;
  readonly body: IGeneratedObject;
  /** What the call is about, for errors. */
  readonly path?: string;
  readonly decode: (reply: Reply) => T;
  /** Replies before the last one. */
  readonly onInterim?: (reply: Reply) => void;
  /** A long call: it does not get the client's default deadline. */
  readonly long?: true;
};

/** Copies the given fields into a generated object; undefined leaves the default. */
export function fill<T extends object>(
  target: T,
  fields: { [K in keyof T]?: T[K] | undefined },
): T {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) (target as Record<string, unknown>)[name] = value;
  }
  return target;
}

export function xattrsToWire(xattrs: XattrsIn | undefined): XAttrT[] | undefined {
  if (xattrs === undefined) return undefined;
  const text = new TextEncoder();
  return Object.entries(xattrs).map(
    ([name, value]) => new XAttrT(name, typeof value === 'string' ? text.encode(value) : value),
  );
}

/** The frame is valid until the builder is used again. */
export function encodeRequest(
  builder: Builder,
  spec: { readonly type: RequestBody; readonly body: IGeneratedObject },
  envelope: { readonly call: number; readonly deadlineMs: number; readonly session?: number },
): Uint8Array {
  builder.clear();
  const { call, deadlineMs, session = 0 } = envelope;
  const body = spec.body.pack(builder);
  builder.finish(Request.createRequest(builder, call, deadlineMs, spec.type, body, session));
  return builder.asUint8Array();
}
