/** The calls of the tests of reads and of the wire, by name and with what matters. */
import type { Caller } from '../../src/master/executor/caller.js';
import * as wire from '../../src/wire/generated/index.js';
import type { WireMaster } from './wire-master.js';

type As = { caller?: Caller; call?: number };

export class Verbs {
  readonly #master: WireMaster;

  constructor(master: WireMaster) {
    this.#master = master;
  }

  file(path: string, more: Partial<wire.CreateFileT> = {}, as: As = {}): Promise<wire.FileInfoT> {
    const body = Object.assign(new wire.CreateFileT(path, true), more);
    return this.#master.ask('CreateFile', body, as);
  }

  directory(
    path: string,
    more: Partial<wire.CreateDirectoryT> = {},
    as: As = {},
  ): Promise<wire.FileInfoT> {
    const body = Object.assign(new wire.CreateDirectoryT(path, true), more);
    return this.#master.ask('CreateDirectory', body, as);
  }

  status(path: string, as: As = {}, withAttributes = false): Promise<wire.FileInfoT> {
    return this.#master.ask('GetStatus', new wire.GetStatusT(path, 0, withAttributes), as);
  }

  async exists(path: string, as: As = {}): Promise<boolean> {
    const body = new wire.ExistsT(path);
    return (await this.#master.ask<wire.ExistsReplyT>('Exists', body, as)).exists;
  }

  statusById(id: number, as: As = {}): Promise<wire.FileInfoT> {
    return this.#master.ask('GetStatusById', new wire.GetStatusByIdT(id), as);
  }

  async pathOf(id: number, as: As = {}): Promise<string> {
    const body = new wire.GetFilePathT(id);
    return String((await this.#master.ask<wire.PathReplyT>('GetFilePath', body, as)).path);
  }

  page(path: string, more: Partial<wire.ListStatusT> = {}, as: As = {}): Promise<wire.ListPageT> {
    const body = Object.assign(new wire.ListStatusT(path), more);
    return this.#master.ask('ListStatus', body, as);
  }

  /** Every entry, page by page. */
  async all(
    path: string,
    more: Partial<wire.ListStatusT> = {},
    as: As = {},
  ): Promise<wire.FileInfoT[]> {
    const entries: wire.FileInfoT[] = [];
    let cursor = new Uint8Array(0);
    for (;;) {
      const page = await this.page(path, { ...more, cursor }, as);
      entries.push(...page.entries);
      if (!page.truncated) return entries;
      cursor = Uint8Array.from(page.cursor);
    }
  }

  delete(path: string, more: Partial<wire.DeleteT> = {}, as: As = {}): Promise<wire.EmptyT> {
    return this.#master.ask('Delete', Object.assign(new wire.DeleteT(path, true), more), as);
  }

  rename(source: string, target: string, as: As = {}): Promise<wire.EmptyT> {
    return this.#master.ask('Rename', new wire.RenameT(source, target), as);
  }

  change(path: string, more: Partial<wire.SetAttributeT>, as: As = {}): Promise<wire.EmptyT> {
    const body = Object.assign(new wire.SetAttributeT(path), more);
    return this.#master.ask('SetAttribute', body, as);
  }
}

export const names = (entries: readonly wire.FileInfoT[]): string[] =>
  entries.map(({ name }) => String(name));

export const paths = (entries: readonly wire.FileInfoT[]): string[] =>
  entries.map(({ path }) => String(path));
