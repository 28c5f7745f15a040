/** An answer of GET /metrics, read back. */
type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

const LINE = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/;

export class Scrape {
  readonly #samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = LINE.exec(line) ?? [];
      if (name === undefined) continue;
      const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key, text]) => [key, text]);
      const sample = { labels: Object.fromEntries(pairs), value: Number(value) };
      this.#samples.set(name, [...(this.#samples.get(name) ?? []), sample]);
    }
  }

  /** Of the one sample that has these labels; NaN: there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const found = (this.#samples.get(name) ?? []).filter((sample) =>
      Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    );
    return found.length === 1 ? found[0]!.value : Number.NaN;
  }

  /** All samples of a name, by the values of these labels. */
  byLabels(name: string, keys: readonly string[]): Record<string, number> {
    const rows = this.#samples.get(name) ?? [];
    return Object.fromEntries(
      rows.map(({ labels, value }) => [keys.map((key) => labels[key]).join(' '), value]),
    );
  }
}
