/** What a WebHDFS request says: which path, who asks, with which parameters. */
import type { CallContext } from '../../api/file-service.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import { decodedPath } from '../../net/url-path.js';
import { invalidValue, Parameters } from './parameters.js';

export const WEBHDFS_PREFIX = '/webhdfs/v1';

/** Who asks when nobody says who: hadoop.http.staticuser.user. */
const USER_DEFAULT = 'dr.who';
/** dfs.webhdfs.user.provider.user.pattern. */
const USER = /^[A-Za-z_][A-Za-z0-9._-]*[$]?$/;

export type HdfsRequest = {
  /** In capitals. */
  readonly op: string;
  readonly path: string;
  readonly user: string;
  readonly parameters: Parameters;
  readonly call: CallContext;
  readonly exchange: HttpExchange;
};

export function hdfsRequest(exchange: HttpExchange): HdfsRequest {
  const parameters = new Parameters(exchange.query);
  const op = parameters.text('op').toUpperCase();
  const { signal, source } = exchange;
  const { user, groups } = identityOf(exchange, parameters);
  return {
    op,
    path: pathOf(exchange.path),
    user,
    parameters,
    call: { caller: { user, groups, clientId: 0, source }, signal },
    exchange,
  };
}

/** The namespace's path: a slash too many means nothing here. */
const pathOf = (requested: string): string =>
  clean(decodedPath(requested.slice(WEBHDFS_PREFIX.length)));

const clean = (path: string): string =>
  `/${path
    .split('/')
    .filter((name) => name !== '')
    .join('/')}`;

/** A path that a parameter names. */
export function destinationPath(text: string): string {
  if (text.startsWith('/')) return clean(text);
  throw invalidValue('destination', text, 'It is an absolute path.');
}

/** By the query, as Hadoop's clients say it, or by the headers that every port takes. */
function identityOf(
  exchange: HttpExchange,
  parameters: Parameters,
): { readonly user: string; readonly groups: readonly string[] } {
  const named = userOf(parameters);
  if (named !== undefined) return { user: named, groups: [] };
  const isNamed = exchange.header('x-orchard-user') !== '';
  return isNamed ? exchange.identity : { user: USER_DEFAULT, groups: [] };
}

/** Simple authentication: `doas` is believed as `user.name` is. */
function userOf(parameters: Parameters): string | undefined {
  const asked = ['user.name', 'doas'].map((name) => [name, parameters.text(name)] as const);
  for (const [name, user] of asked) {
    if (user !== '' && !USER.test(user)) throw invalidValue(name, user, 'It is no user name.');
  }
  const [[, own], [, other]] = asked as [readonly [string, string], readonly [string, string]];
  const user = other === '' ? own : other;
  return user === '' ? undefined : user;
}
