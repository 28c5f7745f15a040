/**
 * What the demo says: numbered steps, one fact a line, a bar on a terminal while long work runs and
 * a line every few seconds elsewhere. Every number that comes by here was measured.
 */
import cliProgress from 'cli-progress';

export type Progress = {
  update(done: number, total: number): void;
  stop(): void;
};

const INDENT = '   ';
const LINE_INTERVAL_MS = 2_000;
const BAR_FPS = 10;
const BAR_COLUMNS = 30;

export class Screen {
  readonly #out: NodeJS.WriteStream;
  #step = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  step(title: string): void {
    this.#step++;
    this.line();
    this.line(this.#strong(`${this.#step}  ${title}`));
  }

  fact(text: string): void {
    this.line(`${INDENT}${text}`);
  }

  /** A command that a user would type for the same. */
  command(text: string): void {
    this.fact(this.#faint(`$ ${text}`));
  }

  progress(label: string): Progress {
    return this.#out.isTTY ? this.#bar(label) : this.#lines(label);
  }

  /** The first column to the left, the others to the right. */
  table(rows: readonly (readonly string[])[]): void {
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => (row[column] ?? '').length)),
    );
    for (const row of rows) {
      const cells = row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      );
      this.fact(cells.join('   ').trimEnd());
    }
  }

  #bar(label: string): Progress {
    const bar = new cliProgress.SingleBar({
      stream: this.#out,
      fps: BAR_FPS,
      barsize: BAR_COLUMNS,
      hideCursor: true,
      clearOnComplete: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      format: `${INDENT}${label} {bar} {value}/{total}`,
    });
    bar.start(1, 0);
    return {
      update: (done, total) => {
        bar.setTotal(Math.max(1, total, done));
        bar.update(done);
      },
      stop: () => bar.stop(),
    };
  }

  #lines(label: string): Progress {
    let toldMs = performance.now();
    return {
      update: (done, total) => {
        if (performance.now() - toldMs < LINE_INTERVAL_MS) return;
        toldMs = performance.now();
        this.fact(total > 0 ? `${label}: ${done} of ${total}` : `${label}: ${done}`);
      },
      stop: () => undefined,
    };
  }

  #strong(text: string): string {
    return this.#out.isTTY ? `\x1b[1m${text}\x1b[0m` : text;
  }

  #faint(text: string): string {
    return this.#out.isTTY ? `\x1b[2m${text}\x1b[0m` : text;
  }
}

/** 12,345 */
export const countText = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 0.42 ms, 38 ms, 2.1 s */
export function spanText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** 12,345/s from a count and how long it took. */
export const rateText = (count: number, ms: number): string =>
  `${countText((count / ms) * 1000)}/s`;

/** 3.4 MiB */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
