/**
 * Turns errors of the AWS SDK into errors that a caller of a store may see. No text of the SDK is
 * passed on, because its messages and properties can repeat keys, signatures and signed URLs. Only
 * the name of the error and the HTTP status are. Pure.
 */
import { Code, StatusError } from '../base/status.js';
import { STORE_DOWN_MS } from './failures.js';

export type S3Failure = {
  readonly name: string;
  readonly httpStatus: number;
  /** Requests that the SDK has sent for it. */
  readonly attempts: number;
};

/** What to wait before the next try where a store asks for less load. */
const SLOW_DOWN_MS = 1000;

const credentialNames: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'RequestTimeTooSkewed',
]);
const expiredNames: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'RequestExpired',
]);
/** The store works, but asks for fewer calls. */
const slowDownNames: ReadonlySet<string> = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);
/** Network errors that say at once that nobody answers. */
const unreachableNames: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
const regionNames: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** The facts of an error. A name that is not one word comes from the SDK and is dropped. */
export function failureOf(error: unknown): S3Failure {
  if (!(error instanceof Error)) return { name: 'unknown', httpStatus: 0, attempts: 0 };
  const metadata: unknown = Reflect.get(error, '$metadata');
  const { httpStatusCode: status, attempts } = {
    ...(typeof metadata === 'object' && (metadata as Record<string, unknown>)),
  };
  const code: unknown = Reflect.get(error, 'code');
  const name = error.name === 'Error' && typeof code === 'string' ? code : error.name;
  return {
    name: /^\w{1,64}$/.test(name) ? name : 'unknown',
    httpStatus: typeof status === 'number' ? status : 0,
    attempts: typeof attempts === 'number' ? attempts : 0,
  };
}

export const isNoSuchBucket = (error: unknown): boolean => failureOf(error).name === 'NoSuchBucket';

/** HEAD answers have no body, so their errors have no name worth reading. */
export const isAbsentObject = (error: unknown): boolean =>
  failureOf(error).httpStatus === 404 && !isNoSuchBucket(error);

/** HEAD says only that it is refused; another request may give the reason. */
export const isUnexplained = (error: unknown): boolean =>
  [400, 401, 403].includes(failureOf(error).httpStatus);

export const isPastTheEnd = (error: unknown): boolean => failureOf(error).httpStatus === 416;

export function explainS3(error: unknown, uri: string): StatusError {
  const failure = failureOf(error);
  const { name, httpStatus } = failure;
  const facts = httpStatus === 0 ? name : `${name}, HTTP ${httpStatus}`;
  if (expiredNames.has(name)) {
    return new StatusError(
      Code.PERMISSION_DENIED,
      `The credentials for ${uri} have expired (${facts}).`,
      { hint: 'Give the mount new ones: orchard updateMount with accessKeyId and the others.' },
    );
  }
  if (credentialNames.has(name)) {
    return new StatusError(Code.PERMISSION_DENIED, `No valid credentials for ${uri} (${facts}).`, {
      hint:
        'Check accessKeyId, secretAccessKey and sessionToken of the mount, and the clock; ' +
        'anonymous=true is for public buckets.',
    });
  }
  if (name === 'InvalidObjectState') {
    return new StatusError(Code.FAILED_PRECONDITION, `${uri} is archived (${facts}).`, {
      hint: 'Restore it in the store first (RestoreObject), and read it when that has ended.',
    });
  }
  if (regionNames.has(name) || httpStatus === 301 || httpStatus === 307) {
    return new StatusError(Code.INVALID_ARGUMENT, `${uri} is served elsewhere (${facts}).`, {
      hint: 'Set region and endpoint of the mount to those of the bucket.',
    });
  }
  if (httpStatus === 403 || httpStatus === 401) {
    return new StatusError(
      Code.PERMISSION_DENIED,
      `The store refuses access to ${uri} (${facts}).`,
      {
        hint: 'Grant the key of the mount s3:ListBucket, s3:GetObject and s3:PutObject there.',
      },
    );
  }
  if (httpStatus === 404) {
    return new StatusError(Code.NOT_FOUND, `${uri} does not exist in the store (${facts}).`, {
      hint: 'Check the bucket and the path, or list its parent.',
    });
  }
  if (slowDownNames.has(name) || httpStatus === 503 || httpStatus === 429) {
    return slowDown(uri, facts);
  }
  if (unreachableNames.has(name)) return unreachable(uri, facts);
  return isTransient(failure) ? unavailable(uri, facts) : rejected(uri, facts);
}

function isTransient({ name, httpStatus }: S3Failure): boolean {
  if (httpStatus === 408 || name === 'RequestTimeout') return true;
  return httpStatus < 300 || httpStatus >= 500;
}

const unavailable = (uri: string, facts: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `No usable answer from ${uri} (${facts}).`, {
    hint: 'Check that the endpoint of the mount is right and reachable.',
  });

const unreachable = (uri: string, facts: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `The store of ${uri} cannot be reached (${facts}).`, {
    hint: 'Check that it is up, and that the endpoint of the mount is its address.',
    retryAfterMs: STORE_DOWN_MS,
  });

/** Only this has a time to wait: background work then waits instead of failing. */
const slowDown = (uri: string, facts: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `The store asks for fewer calls to ${uri} (${facts}).`, {
    hint: 'Try again later, or lower maxConcurrent of the mount.',
    retryAfterMs: SLOW_DOWN_MS,
  });

const rejected = (uri: string, facts: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `The store rejects the request for ${uri} (${facts}).`, {
    hint: 'Check the path and the options of the mount.',
  });
