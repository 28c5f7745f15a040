/** The configuration of a master: its table of settings, read from ORCHARD_* variables. */
import { absolutePath } from '../../base/absolute-path.js';
import type { Facts } from '../../base/setting.js';
import {
  describeSettings,
  type Environment,
  parseSettings,
  renderSettingsTable,
  type SettingRow,
  type Settings,
} from '../../base/settings.js';
import { checkTogether } from './config-check.js';
import { CONFIG_TABLE, type ConfigValues, FOREIGN_NAMES } from './config-table.js';

export type Config = Settings<ConfigValues>;

const plan = { table: CONFIG_TABLE, checkTogether, foreignNames: FOREIGN_NAMES };

export function parseConfig(environment: Environment, facts: Facts): Config {
  const settings = parseSettings<ConfigValues>(plan, environment, facts);
  const dataDir = absolutePath(facts.workingDirectory, settings.dataDir);
  const backupDir = absolutePath(facts.workingDirectory, settings.backupDir);
  return Object.freeze({ ...settings, dataDir, backupDir });
}

/** One row a setting, in the order of the table. */
export const describeConfig = (config: Config): SettingRow[] =>
  describeSettings<ConfigValues>(CONFIG_TABLE, config);

/** The table of the documentation. */
export const renderConfigTable = (): string => renderSettingsTable<ConfigValues>(CONFIG_TABLE);
