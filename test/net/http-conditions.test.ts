/** Conditional requests by RFC 9110, row by row. */
import { describe, expect, test } from 'vitest';
import { codeOfHttp, httpStatus, statusLine } from '../../src/base/http-status.js';
import { Code, codeName } from '../../src/base/status.js';
import { conditionOf, parseHttpDate, rangeHolds } from '../../src/net/http-conditions.js';

const MTIME_MS = Date.UTC(2026, 4, 1, 12, 0, 0) + 789;
const DATE = 'Fri, 01 May 2026 12:00:00 GMT';
const BEFORE = 'Fri, 01 May 2026 11:59:59 GMT';
const AFTER = 'Fri, 01 May 2026 12:00:01 GMT';
const now = { etag: '"abc"', mtimeMs: MTIME_MS };

const of = (headers: Record<string, string>) => (name: string) => headers[name] ?? '';

test.each([
  [{}, 'go'],
  [{ 'if-match': '"abc"' }, 'go'],
  [{ 'if-match': '*' }, 'go'],
  [{ 'if-match': '"x", "abc"' }, 'go'],
  [{ 'if-match': 'W/"abc"' }, 412],
  [{ 'if-match': '"a,bc"' }, 412],
  [{ 'if-match': '"abc"', 'if-unmodified-since': BEFORE }, 'go'],
  [{ 'if-unmodified-since': DATE }, 'go'],
  [{ 'if-unmodified-since': BEFORE }, 412],
  [{ 'if-unmodified-since': 'yesterday' }, 'go'],
  [{ 'if-none-match': '"abc"' }, 304],
  [{ 'if-none-match': 'W/"abc"' }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-none-match': '"x"' }, 'go'],
  [{ 'if-none-match': '"x"', 'if-modified-since': AFTER }, 'go'],
  [{ 'if-modified-since': DATE }, 304],
  [{ 'if-modified-since': AFTER }, 304],
  [{ 'if-modified-since': BEFORE }, 'go'],
  [{ 'if-modified-since': 'Friday, 01-May-26 12:00:00 GMT' }, 'go'],
] as const)('GET with %j: %s', (headers, expected) => {
  expect(conditionOf('GET', of(headers), now)).toBe(expected);
});

test.each([
  [{ 'if-none-match': '*' }, 412],
  [{ 'if-none-match': '"x"' }, 'go'],
  [{ 'if-modified-since': AFTER }, 'go'],
  [{ 'if-match': '"x"' }, 412],
] as const)('PUT with %j: %s', (headers, expected) => {
  expect(conditionOf('PUT', of(headers), now)).toBe(expected);
});

test('where nothing is, If-Match fails and If-None-Match holds', () => {
  expect(conditionOf('PUT', of({ 'if-match': '*' }), undefined)).toBe(412);
  expect(conditionOf('PUT', of({ 'if-none-match': '*' }), undefined)).toBe('go');
});

test.each([
  ['', true],
  ['"abc"', true],
  ['"x"', false],
  ['W/"abc"', false],
  [DATE, true],
  [AFTER, false],
  ['nonsense', false],
])('30: a range with If-Range %s holds: %s', (ifRange, expected) => {
  expect(rangeHolds(of({ 'if-range': ifRange }), now)).toBe(expected);
});

test('dates are read in the one form that is sent', () => {
  expect(parseHttpDate(DATE)).toBe(Date.UTC(2026, 4, 1, 12));
  expect(parseHttpDate('Fri, 01 Foo 2026 12:00:00 GMT')).toBeUndefined();
});

describe('statuses', () => {
  test.each(Object.values(Code))('code %s has a status, and the status a code', (code) => {
    const status = httpStatus(code);
    expect(statusLine(status)).not.toContain('Unknown');
    expect(httpStatus(Code[codeOfHttp(status)]), codeName(code)).toBe(status);
  });

  test('ABORTED is 409 everywhere, and 409 alone is taken for ALREADY_EXISTS', () => {
    expect(httpStatus(Code.ABORTED)).toBe(409);
    expect(codeOfHttp(409)).toBe('ALREADY_EXISTS');
    expect([codeOfHttp(418), codeOfHttp(502)]).toEqual(['INVALID_ARGUMENT', 'INTERNAL']);
  });
});
