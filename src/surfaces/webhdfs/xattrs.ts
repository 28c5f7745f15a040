/** Extended attributes by WebHDFS: names with a name space, values as hexadecimal, base64, text. */
import type { FileService } from '../../api/file-service.js';
import type { Xattrs } from '../../api/file-status.js';
import { invalidValue } from './parameters.js';
import { HdfsFailure } from './remote-exception.js';
import type { HdfsRequest } from './request.js';

const NAMED = /^(user|trusted|system|security|raw)\../i;

type Encoding = (value: Uint8Array) => string;

const encodings: Readonly<Record<string, Encoding>> = {
  hex: (value) => `0x${Buffer.from(value).toString('hex')}`,
  base64: (value) => `0s${Buffer.from(value).toString('base64')}`,
  text: (value) => `"${Buffer.from(value).toString()}"`,
};

export async function getXattrs(files: FileService, request: HdfsRequest): Promise<object> {
  const { parameters } = request;
  const asked = parameters.all('xattr.name').map(checkedName);
  const encoding = parameters.text('encoding').toLowerCase() || 'text';
  const encode = encodings[encoding];
  if (encode === undefined) throw invalidValue('encoding', encoding, 'It is text, hex or base64.');
  const found = await xattrsOf(files, request);
  for (const name of asked) {
    if (found[name] === undefined) throw missing(name);
  }
  const names = asked.length > 0 ? asked : Object.keys(found);
  return { XAttrs: names.map((name) => ({ name, value: encode(found[name]!) })) };
}

export async function listXattrs(files: FileService, request: HdfsRequest): Promise<object> {
  return { XAttrNames: JSON.stringify(Object.keys(await xattrsOf(files, request))) };
}

export async function setXattr(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  const name = checkedName(parameters.required('xattr.name'));
  const flags = parameters.text('flag').toUpperCase().split(',');
  const [mayCreate, mayReplace] = [flags.includes('CREATE'), flags.includes('REPLACE')];
  const isThere = (await xattrsOf(files, request))[name] !== undefined;
  if (isThere && !mayReplace && mayCreate) {
    throw new HdfsFailure(
      'IOException',
      `XAttr: ${name} already exists. The REPLACE flag is needed.`,
    );
  }
  if (!isThere && !mayCreate && mayReplace) throw missing(name);
  const xattrs = { [name]: decoded(parameters.text('xattr.value')) };
  await files.setAttributes(call, path, { xattrs, xattrUpdate: 'unionReplace' });
  return undefined;
}

export async function removeXattr(files: FileService, request: HdfsRequest): Promise<undefined> {
  const { call, path, parameters } = request;
  const name = checkedName(parameters.required('xattr.name'));
  if ((await xattrsOf(files, request))[name] === undefined) throw missing(name);
  const xattrs = { [name]: new Uint8Array(0) };
  await files.setAttributes(call, path, { xattrs, xattrUpdate: 'deleteKeys' });
  return undefined;
}

async function xattrsOf(files: FileService, { call, path }: HdfsRequest): Promise<Xattrs> {
  const { xattrs = {} } = await files.stat(call, path, { withAttributes: true });
  return xattrs;
}

function checkedName(name: string): string {
  if (NAMED.test(name)) return name;
  const reason = `An XAttr name must be prefixed with user/trusted/security/system/raw: ${name}`;
  throw new HdfsFailure('HadoopIllegalArgumentException', reason);
}

/** As org.apache.hadoop.fs.XAttrCodec reads it. */
function decoded(text: string): Uint8Array {
  if (/^0x/i.test(text)) return Buffer.from(text.slice(2), 'hex');
  if (/^0s/i.test(text)) return Buffer.from(text.slice(2), 'base64');
  const quoted = /^"([\s\S]*)"$/.exec(text);
  return Buffer.from(quoted?.[1] ?? text);
}

const missing = (name: string): HdfsFailure =>
  new HdfsFailure(
    'XAttrNotFoundException',
    `At least one of the attributes was not found: ${name}`,
  );
