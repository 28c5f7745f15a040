/**
 * From a process's ORCHARD_* variables to its settings. Pure: environment and facts come as
 * arguments (only cli/main.ts reads process.env), and threads get the finished values.
 *
 *   environment ─▶ texts (given, else default, else derived) ─▶ values ─▶ cross-checks ─▶ settings
 *
 * All errors are reported in one message, so that nobody repairs a configuration error by error. A
 * variable that is set to the empty string counts as not set, as in compose files.
 *
 * Invariant: settings are plain data: they survive structured clone into a thread.
 * Invariant: no secret value is in a message or in a description.
 */
import { REDACTED, redactText } from './redact.js';
import type { Facts, Setting } from './setting.js';
import { Code, StatusError } from './status.js';
import { suggestNames } from './suggest-names.js';

/** default: the table's text; derived: computed from facts or other settings. */
export type Source = 'default' | 'environment' | 'derived';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The rows of one kind of process, by the key of each value. */
export type SettingsTable<Values> = { readonly [Key in keyof Values]: Setting<Values[Key]> };

/**
 * The settings of one kind of process, and the rules that several of its values must meet together.
 */
export type SettingsPlan<Values> = {
  readonly table: SettingsTable<Values>;
  /** One sentence for each rule that the values break. */
  readonly checkTogether: (values: Values) => string[];
  /** Variables of other programs of this project, which are not mistakes. */
  readonly foreignNames: readonly RegExp[];
};

export type Settings<Values> = Values & {
  readonly sources: Readonly<Record<keyof Values, Source>>;
};

export type SettingRow = {
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

type Surroundings = { readonly environment: Environment; readonly facts: Facts };

export function parseSettings<Values extends object>(
  { table, checkTogether, foreignNames }: SettingsPlan<Values>,
  environment: Environment,
  facts: Facts,
): Settings<Values> {
  const draft: Draft = { texts: new Map(), values: {}, sources: {}, wrongs: [] };
  const rows = rowsOf(table);
  for (const [key, setting] of rows) parseRow(draft, key, setting, { environment, facts });
  const known = rows.map(([, { name }]): string => name);
  draft.wrongs.push(...unknownNames(environment, known, foreignNames));
  if (draft.wrongs.length === 0) draft.wrongs.push(...checkTogether(draft.values as Values));
  if (draft.wrongs.length > 0) throw refusal(draft.wrongs);
  return { ...draft.values, sources: Object.freeze(draft.sources) } as Settings<Values>;
}

/** One row a setting, in the order of the table. */
export function describeSettings<Values>(
  table: SettingsTable<Values>,
  settings: Settings<Values>,
): SettingRow[] {
  return rowsOf(table).map(([key, setting]) => ({
    name: setting.name,
    value: shown(setting, setting.format(settings[key as keyof Values])),
    source: settings.sources[key as keyof Values],
    unit: setting.unit,
    meaning: setting.meaning,
  }));
}

/** The table for the documentation: Markdown, the same on every machine. */
export function renderSettingsTable<Values>(table: SettingsTable<Values>): string {
  const lines = rowsOf(table).map(([, setting]) => {
    const initial = setting.default;
    const shownDefault = typeof initial === 'string' ? `\`${initial}\`` : initial.rule;
    const cells = [`\`${setting.name}\``, shownDefault, setting.accepts, setting.meaning];
    return `| ${cells.map((cell) => (cell === '``' ? '' : cell)).join(' | ')} |`;
  });
  const head = ['| variable | default | accepts | meaning |', '|---|---|---|---|'];
  return [...head, ...lines].join('\n');
}

const rowsOf = <Values>(table: SettingsTable<Values>): [string, Setting<unknown>][] =>
  Object.entries(table) as unknown as [string, Setting<unknown>][];

function parseRow(
  draft: Draft,
  key: string,
  setting: Setting<unknown>,
  { environment, facts }: Surroundings,
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
  { environment, facts }: Surroundings,
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

function unknownNames(
  environment: Environment,
  known: readonly string[],
  foreignNames: readonly RegExp[],
): string[] {
  const ours = Object.keys(environment).filter(
    (name) => /^ORCHARD_/i.test(name) && environment[name] !== undefined,
  );
  return ours
    .filter((name) => !known.includes(name) && !foreignNames.some((rule) => rule.test(name)))
    .map((name) => {
      const suggested = suggestNames(name, known);
      const hint = suggested.length > 0 ? `; did you mean ${suggested.join(' or ')}?` : '';
      return `${name}: no such setting${hint}`;
    });
}

function refusal(wrongs: readonly string[]): StatusError {
  const title = wrongs.length === 1 ? 'A setting is wrong' : `${wrongs.length} settings are wrong`;
  const reason = `${title}:\n${wrongs.map((wrong) => `  ${wrong}`).join('\n')}`;
  const hint = 'All settings with their defaults: docs/CONFIGURATION.md.';
  return new StatusError(Code.INVALID_ARGUMENT, reason, { hint });
}
