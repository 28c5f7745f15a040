/**
 * Joins field-rules.ts with the types of the schema. For each table it gives the fields to check,
 * in frames (request-check.ts) and in objects (body-check.ts). Pure.
 */
import { assert } from '../base/assert.js';
import {
  type BytesRule,
  fieldRules,
  type ListRule,
  type NumberRule,
  type TextRule,
  type TextsRule,
} from './field-rules.js';
import { requestFields } from './generated/request-fields.js';

export type TableName = keyof typeof requestFields;

export type FieldChecks = {
  readonly slot: number;
  /** As the generated accessors and object forms name it. */
  readonly field: string;
} & (
  | {
      readonly kind: 'number';
      readonly type: string;
      /** The value of an absent field; undefined: nothing, which is allowed. */
      readonly absent: number | undefined;
      readonly rule: NumberRule;
    }
  | { readonly kind: 'enum'; readonly values: readonly number[] }
  | { readonly kind: 'text'; readonly rule: TextRule }
  | { readonly kind: 'bytes'; readonly rule: BytesRule }
  | { readonly kind: 'texts'; readonly rule: TextsRule }
  | { readonly kind: 'tables'; readonly rule: ListRule; readonly of: TableName }
);

type Field = {
  readonly slot: number;
  readonly type: string;
  readonly absent?: number;
  readonly values?: readonly number[];
  readonly of?: TableName;
};

const rulesOf = (table: TableName): Readonly<Record<string, unknown>> => fieldRules[table];

function checkOf(table: TableName, name: string, field: Field): FieldChecks | undefined {
  const { slot, type, absent, values, of } = field;
  const base = { slot, field: name };
  if (type === 'bool' || type === 'union') return undefined;
  if (type === 'enum') return { ...base, kind: 'enum', values: values ?? [] };
  const rule = rulesOf(table)[name];
  assert(rule !== undefined, `${table}.${name} has a rule`);
  switch (type) {
    case 'string':
      return { ...base, kind: 'text', rule: rule as TextRule };
    case 'strings':
      return { ...base, kind: 'texts', rule: rule as TextsRule };
    case 'bytes':
      return { ...base, kind: 'bytes', rule: rule as BytesRule };
    case 'tables':
      assert(of !== undefined, `${table}.${name} has elements of a table`);
      return { ...base, kind: 'tables', rule: rule as ListRule, of };
    default:
      return { ...base, kind: 'number', type, absent, rule: rule as NumberRule };
  }
}

const tableNames = Object.keys(requestFields) as TableName[];

export const fieldChecks = Object.fromEntries(
  tableNames.map((table) => {
    const fields: Readonly<Record<string, Field>> = requestFields[table];
    const checks = Object.entries(fields).map(([name, field]) => checkOf(table, name, field));
    return [table, checks.filter((check) => check !== undefined)];
  }),
) as Partial<Record<TableName, readonly FieldChecks[]>> as Readonly<
  Record<TableName, readonly FieldChecks[]>
>;
