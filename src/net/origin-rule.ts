/**
 * Web pages may not call. A browser lets any page of any site connect to a port of its own machine,
 * and simple authentication believes the caller. So every port asks this rule first. Pure.
 *
 *   Origin   who sends one is a page: refused unless the operator has listed it
 *   Host     on a loopback address: only a name of this machine, since a page may have its own
 *            name resolve to 127.0.0.1 (DNS rebinding), and then it needs no Origin to read
 *
 * Command lines and clients send no Origin. On other addresses the Host is not checked, because
 * only the network knows the names by which it reaches the master.
 */
import { Code, StatusError } from '../base/status.js';

export type OriginOptions = {
  /** What the port is bound to; all interfaces when absent. */
  readonly host?: string | undefined;
  /** Of pages that may call, such as https://console.example.com; none when absent. */
  readonly allowedOrigins?: readonly string[] | undefined;
};

/**
 * The values of the two headers; '' or undefined means absent. Returns why to refuse the request.
 */
export type OriginRule = (
  origin: string | undefined,
  host: string | undefined,
) => StatusError | undefined;

const LOOPBACK = /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;

export const isLoopback = (host: string): boolean => LOOPBACK.test(host.toLowerCase());

export function originRule({ host: bound, allowedOrigins = [] }: OriginOptions): OriginRule {
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  const names = new Set([...origins].map((origin) => hostName(origin.replace(/^.*:\/\//, ''))));
  const checksHost = bound !== undefined && isLoopback(bound);
  return (origin, host) => {
    if (origin && !origins.has(origin.toLowerCase())) return foreignOrigin(origin);
    if (!checksHost || !host) return undefined;
    const name = hostName(host.toLowerCase());
    return isLoopback(name) || names.has(name) ? undefined : foreignHost(host);
  };
}

/** Without the port, and without the brackets of an IPv6 address. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d*$/, '');
}

/** The text of a header for messages, cut at a maximal length. */
const SHOWN_MAX = 200;
const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_MAX));

const foreignOrigin = (origin: string): StatusError =>
  new StatusError(Code.PERMISSION_DENIED, `Pages of ${shown(origin)} may not call this master.`, {
    hint: 'If they are to, list that origin in ORCHARD_ALLOWED_ORIGINS of the master.',
  });

const foreignHost = (host: string): StatusError =>
  new StatusError(Code.PERMISSION_DENIED, `${shown(host)} is no name of this machine.`, {
    hint:
      'Call the master as localhost or 127.0.0.1; behind a proxy, list its origin in ' +
      'ORCHARD_ALLOWED_ORIGINS of the master.',
  });
