/** An expected failure as an answer: by default as the house's JSON. Pure. */
import { httpStatus } from '../base/http-status.js';
import type { StatusError } from '../base/status.js';
import { toPlain } from '../base/status-form.js';

/** What a failure looks like in the protocol of a surface. */
export type ToldFailure = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
};

export const plainFailure = (error: StatusError): ToldFailure => ({
  status: httpStatus(error.code),
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify({ ...toPlain(error), code: error.codeName })}\n`,
});

/** Whole seconds, for the header retry-after; undefined where there is nothing to wait for. */
export const retryAfterSeconds = ({ retryAfterMs }: StatusError): number | undefined =>
  retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
