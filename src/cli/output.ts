/**
 * What a command prints: lines, aligned rows, JSON lines. Written in chunks and at the reader's
 * pace, so that `orchard ls -R / | less` neither runs ahead nor holds the tree in memory.
 */
import { once } from 'node:events';
import type { Terminal } from './io.js';

export type Align = 'left' | 'right';

const CHUNK_BYTES = 16_384;

export class Output {
  readonly isJson: boolean;
  readonly #stream: Terminal;
  #chunk = '';

  constructor(stream: Terminal, { isJson }: { isJson: boolean }) {
    this.#stream = stream;
    this.isJson = isJson;
  }

  async line(text: string): Promise<void> {
    this.#chunk += `${text}\n`;
    if (this.#chunk.length >= CHUNK_BYTES) await this.flush();
  }

  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /** An outcome in words, or with --json as an object. */
  async tell(text: string, value: Readonly<Record<string, unknown>>): Promise<void> {
    await (this.isJson ? this.json(value) : this.line(text));
  }

  /** Data as it is. */
  async bytes(chunk: Uint8Array): Promise<void> {
    await this.flush();
    await this.#write(chunk);
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = '';
    if (chunk !== '') await this.#write(chunk);
  }

  async #write(data: string | Uint8Array): Promise<void> {
    if (!this.#stream.write(data)) await once(this.#stream, 'drain');
  }
}

/**
 * Rows in columns. Rows come in batches (a page of a listing); a column never becomes narrower, so
 * what follows stays under what was printed.
 */
export class Columns {
  readonly #aligns: readonly Align[];
  readonly #widths: number[];

  constructor(aligns: readonly Align[]) {
    this.#aligns = aligns;
    this.#widths = aligns.map(() => 0);
  }

  lines(rows: readonly (readonly string[])[]): string[] {
    for (const row of rows) {
      row.forEach((cell, column) => {
        this.#widths[column] = Math.max(this.#widths[column] ?? 0, cell.length);
      });
    }
    return rows.map((row) => row.map((cell, column) => this.#cell(cell, column, row)).join('  '));
  }

  #cell(cell: string, column: number, row: readonly string[]): string {
    const width = this.#widths[column]!;
    if (this.#aligns[column] === 'right') return cell.padStart(width);
    // Nothing stands behind the last column.
    return column === row.length - 1 ? cell : cell.padEnd(width);
  }
}
