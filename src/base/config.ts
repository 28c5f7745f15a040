/**
 * From ORCHARD_* variables to one frozen Config. Floor 0, pure: environment and facts come as
 * arguments (only cli/main.ts reads process.env), and threads get the finished Config.
 *
 *   environment ─▶ texts (given, else default, else derived) ─▶ values ─▶ cross-checks ─▶ Config
 *
 * Whatever is wrong is told in one message, so that nobody repairs a configuration error by error.
 * A variable set to the empty string counts as not set, as compose files have it.
 *
 * Invariant: a Config is plain data: it survives structured clone into a thread.
 * Invariant: no secret value is in a message or in a description.
 */
import { absolutePath } from './absolute-path.js';
import { checkTogether } from './config-check.js';
import { suggestNames } from './config-suggest.js';
import type { ConfigValues } from './config-table.js';
import { CONFIG_TABLE, FOREIGN_NAMES } from './config-table.js';
import { REDACTED, redactText } from './redact.js';
import type { Facts, Setting } from './setting.js';
import { Code, StatusError } from './status.js';

export type { Facts } from './setting.js';

type Key = keyof ConfigValues;

/** default: the table's text; derived: computed from facts or other settings. */
export type Source = 'default' | 'environment' | 'derived';

export type Config = ConfigValues & { readonly sources: Readonly<Record<Key, Source>> };

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigRow = {
  readonly name: string;
  /** Written as the variable would be; secrets are hidden. */
  readonly value: string;
  readonly source: Source;
  readonly unit: string;
  readonly meaning: string;
};

type Draft = {
  readonly texts: Map<string, string>;
  readonly values: Record<string, unknown>;
  readonly sources: Record<string, Source>;
  readonly wrongs: string[];
};

const rows = Object.entries(CONFIG_TABLE) as [Key, Setting<unknown>][];

export function parseConfig(environment: Environment, facts: Facts): Config {
  const draft: Draft = { texts: new Map(), values: {}, sources: {}, wrongs: [] };
  for (const [key, setting] of rows) parseRow(draft, key, setting, { environment, facts });
  draft.wrongs.push(...unknownNames(environment));
  if (draft.wrongs.length === 0) {
    draft.wrongs.push(...checkTogether(draft.values as ConfigValues));
  }
  if (draft.wrongs.length > 0) throw refusal(draft.wrongs);
  const dataDir = absolutePath(facts.workingDirectory, draft.values['dataDir'] as string);
  const sources = Object.freeze(draft.sources);
  return Object.freeze({ ...draft.values, dataDir, sources }) as Config;
}

/** One row a setting, in the order of the table. */
export function describeConfig(config: Config): ConfigRow[] {
  return rows.map(([key, setting]) => ({
    name: setting.name,
    value: shown(setting, setting.format(config[key])),
    source: config.sources[key],
    unit: setting.unit,
    meaning: setting.meaning,
  }));
}

/** The table of the README: Markdown, the same on every machine. */
export function renderConfigTable(): string {
  const lines = rows.map(([, setting]) => {
    const initial = setting.default;
    const shownDefault = typeof initial === 'string' ? `\`${initial}\`` : initial.rule;
    const cells = [`\`${setting.name}\``, shownDefault, setting.accepts, setting.meaning];
    return `| ${cells.map((cell) => (cell === '``' ? '' : cell)).join(' | ')} |`;
  });
  const head = ['| variable | default | accepts | meaning |', '|---|---|---|---|'];
  return [...head, ...lines].join('\n');
}

function parseRow(
  draft: Draft,
  key: Key,
  setting: Setting<unknown>,
  { environment, facts }: { environment: Environment; facts: Facts },
): void {
  const { text, source } = textOf(draft, setting, { environment, facts });
  draft.sources[key] = source;
  draft.texts.set(setting.name, text);
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) draft.values[key] = Object.freeze(parsed.data);
  else draft.wrongs.push(`${setting.name}=${shown(setting, text)}: expected ${setting.accepts}`);
}

/** What the environment says, else the default, else what the default's rule derives. */
function textOf(
  draft: Draft,
  setting: Setting<unknown>,
  { environment, facts }: { environment: Environment; facts: Facts },
): { text: string; source: Source } {
  const given = environment[setting.name];
  if (given !== undefined && given.trim() !== '') return { text: given, source: 'environment' };
  const initial = setting.default;
  if (typeof initial === 'string') return { text: initial, source: 'default' };
  const text = (name: string) => draft.texts.get(name) ?? '';
  return { text: initial.derive({ ...facts, text }), source: 'derived' };
}

const shown = (setting: Setting<unknown>, text: string): string =>
  setting.secret && text !== '' ? REDACTED : redactText(text);

function unknownNames(environment: Environment): string[] {
  const known = rows.map(([, setting]): string => setting.name);
  const ours = Object.keys(environment).filter(
    (name) => /^ORCHARD_/i.test(name) && environment[name] !== undefined,
  );
  return ours
    .filter((name) => !known.includes(name) && !FOREIGN_NAMES.some((rule) => rule.test(name)))
    .map((name) => {
      const suggested = suggestNames(name, known);
      const hint = suggested.length > 0 ? `; did you mean ${suggested.join(' or ')}?` : '';
      return `${name}: no such setting${hint}`;
    });
}

function refusal(wrongs: readonly string[]): StatusError {
  const title = wrongs.length === 1 ? 'A setting is wrong' : `${wrongs.length} settings are wrong`;
  const reason = `${title}:\n${wrongs.map((wrong) => `  ${wrong}`).join('\n')}`;
  const hint = 'All settings with their defaults: README.md, "Configuration".';
  return new StatusError(Code.INVALID_ARGUMENT, reason, { hint });
}
