/** An expected failure as the body of an answer, in JSON. Pure. */
import type { StatusError } from '../base/status.js';
import { toPlain } from '../base/status-form.js';

export function failureBody(error: StatusError): string {
  return `${JSON.stringify({ ...toPlain(error), code: error.codeName })}\n`;
}

/** Whole seconds, for the header retry-after; undefined where there is nothing to wait for. */
export const retryAfterSeconds = ({ retryAfterMs }: StatusError): number | undefined =>
  retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
