import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConsoleRequestError } from '../errors.ts';

/** The rules of who may use a console. */
export interface GuardRules {
  /** Port that it listens on. */
  readonly port: number;
  /** Host names besides those of loopback, lower case; one that begins with a dot allows every name below it. */
  readonly allowedHosts: readonly string[];
  /** Token that calls of the API must carry; undefined: none is needed. */
  readonly token: string | undefined;
}

/** Names of this machine for itself. */
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * Refuses requests that another site makes a browser send. A page can point its own DNS name at 127.0.0.1, which the
 * `Host` reveals, and any page can send requests to 127.0.0.1, which `Origin` and `Sec-Fetch-Site` reveal. Both must be
 * the console's own: unlike the collector it has no callers on other sites.
 *
 * @throws ConsoleRequestError SLUICE_CONSOLE_FOREIGN.
 */
export function refuseForeign({ headers, method }: IncomingMessage, rules: GuardRules): void {
  const host = headers.host?.toLowerCase() ?? '';
  if (!isAllowedHost(host, rules))
    throw new ConsoleRequestError('SLUICE_CONSOLE_FOREIGN', `Host: ${JSON.stringify(host)}.`);
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    throw new ConsoleRequestError('SLUICE_CONSOLE_FOREIGN', `Origin: ${JSON.stringify(origin)}.`);
  const site = headers['sec-fetch-site'];
  // Following a link to the console is harmless: only the user sees the answer.
  const isFollowed =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isFollowed)
    throw new ConsoleRequestError('SLUICE_CONSOLE_FOREIGN', `Sec-Fetch-Site: ${JSON.stringify(site)}.`);
}

/** The port of an address without one. */
const HTTP_PORT = 80;

/** Whether a console that follows the rules may answer under a `Host`. */
function isAllowedHost(host: string, { port, allowedHosts }: GuardRules): boolean {
  const [, name = '', given] = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(host) ?? [];
  // The browser's port differs from ours if the port is forwarded.
  if (
    allowedHosts.some(
      (allowedHost) => name === allowedHost || (allowedHost.startsWith('.') && name.endsWith(allowedHost)),
    )
  )
    return true;
  return LOOPBACK.test(name) && Number(given ?? HTTP_PORT) === port;
}

/**
 * Requires the token of a call of the API.
 *
 * @throws ConsoleRequestError SLUICE_CONSOLE_TOKEN.
 */
export function requireToken({ headers }: IncomingMessage, { token }: GuardRules): void {
  if (token === undefined) return;
  const [, given = ''] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  // Digests have the same length, which the comparison needs.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) throw new ConsoleRequestError('SLUICE_CONSOLE_TOKEN');
}
