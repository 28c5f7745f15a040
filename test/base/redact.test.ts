/** What is a secret, by the name of its field and by its place in a URL. */
import { expect, test } from 'vitest';
import { isSecretName, REDACTED, redact, redactText } from '../../src/base/redact.js';

test.each(['secretKey', 's3.accessKeyId', 'PASSWORD', 'aws_session_token', 'Authorization'])(
  '%s is a secret',
  (name) => {
    expect(isSecretName(name)).toBe(true);
  },
);

test.each(['key', 'path', 'keyPrefix', 'owner', 'region'])('%s is no secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});

test('secrets are replaced at any depth, everything else is kept', () => {
  const error = new Error('kept');
  const given = {
    mount: { uri: 's3://b', options: { 's3.secretKey': 'x', region: 'eu' } },
    list: [{ token: 'x' }, 3],
    error,
  };
  expect(redact(given)).toEqual({
    mount: { uri: 's3://b', options: { 's3.secretKey': REDACTED, region: 'eu' } },
    list: [{ token: REDACTED }, 3],
    error,
  });
});

test('a cyclic object ends', () => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  expect(JSON.stringify(redact(loop))).toContain('[deep]');
});

test('the user part of a URL is hidden, an @ elsewhere is not', () => {
  expect(redactText('http://ada:pw@host/x and a@b')).toBe(`http://${REDACTED}@host/x and a@b`);
  expect(redactText('s3://bucket/a@b')).toBe('s3://bucket/a@b');
});
