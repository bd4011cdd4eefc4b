import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import { type LocalAwsError, RequestGuardError } from '../base/errors.ts';

/** Is called for a request that an HTTP API or a Function URL has refused. @param host Its `Host`, as it was sent. */
export type OnRefused = (refused: RefusedRequest, host: string | undefined) => void;

/** The requests that one endpoint of the local cloud admits besides those to loopback hosts. */
interface GuardRules {
  /** Further hosts, as {@link parseAllowedHosts} returns them. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Whether the hosts of AWS's own endpoints are admitted. Default false. */
  readonly awsHosts?: boolean;
  /** Whether pages of other sites may send requests, as they may to an HTTP API. Default false. */
  readonly anyOrigin?: boolean;
}

/** A refused request: the error, and the status of the answer. */
export interface RefusedRequest {
  /** Why the request is refused. */
  readonly error: LocalAwsError;
  /** 400 for a Host that HTTP doesn't allow, else 403. */
  readonly status: 400 | 403;
}

/** Names by which containers reach their host machine. Nobody can register them: ICANN reserves .internal. */
const CONTAINER_HOSTS = ['host.docker.internal', 'host.containers.internal'];

/** A name, or an IPv6 address in brackets, with or without a port. */
const AUTHORITY = /^(?<name>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{0,5}))?$/i;

/**
 * Hosts of AWS for the services that are emulated here. Clients sign them when a proxy or a hosts file redirects them.
 * Only AWS can assign addresses to these names. Names of websites of AWS's customers are excluded.
 * https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
 */
const AWS_HOST =
  /^(?:(?:.+\.)?s3(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d)?|(?:firehose|glue|sqs|athena|secretsmanager|kms|cloudformation|sts|iam)(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?|[a-z]{2}(?:-[a-z]+)+-\d\.queue)\.amazonaws\.com$/;

/**
 * Refuses requests that must not reach an endpoint of the local cloud. A web page can point its own DNS name at
 * 127.0.0.1 (DNS rebinding), and any page may post to 127.0.0.1. Browsers reveal both: by the `Host`, and by
 * `Origin` or, for resources that a page loads without one, `Sec-Fetch-Site`.
 *
 * If the target of a request contains a host (`GET http://127.0.0.1/path`), `message.url` is reduced to the path and
 * `message.headers.host` becomes that host: HTTP requires that it counts instead of the header. https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 *
 * @returns undefined for an admitted request.
 */
export function refuseForeignRequest(
  message: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'method' | 'url'>,
  rules: GuardRules = {},
): RefusedRequest | undefined {
  const hosts = message.rawHeaders.filter(
    (_, index) => index % 2 === 1 && /^host$/i.test(message.rawHeaders[index - 1] ?? ''),
  );
  const [host] = hosts;
  if (host === undefined) return refusedHost('The request has no Host.', 400);
  if (hosts.length > 1) return refusedHost(`The request has ${hosts.length} Hosts.`, 400);
  const named = takeAuthority(message);
  for (const authority of named === undefined ? [host] : [host, named]) {
    const name = hostName(authority);
    if (name === undefined) return refusedHost(`${JSON.stringify(authority)} is not a valid Host.`, 400);
    // A page that is rebound has a name: its browser sends an address only to that address itself.
    if (!isAddress(name) && !isAllowed(name, rules)) return refusedHost(`Host: ${authority}.`, 403);
  }
  if (named !== undefined) message.headers.host = named;
  return rules.anyOrigin === true ? undefined : refuseForeignOrigin(message, rules);
}

/** Answers a refused request with `{"code","message","cure"}`. */
export function sendRefusal(response: ServerResponse, { error, status }: RefusedRequest): void {
  const { code, message, cure } = error;
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify({ code, message, cure })}\n`);
}

/**
 * The hosts of `--allow-hosts`: names and addresses separated by commas, without ports. `.example.test` allows every
 * name that ends in it.
 *
 * @returns The hosts in lower case, or the part that is not a host.
 */
export function parseAllowedHosts(text: string): readonly string[] | { readonly wrong: string } {
  const parts = text.split(',').map((part) => part.trim().toLowerCase());
  const hosts: string[] = [];
  for (const part of parts) {
    const bare = part.startsWith('.') ? part.slice(1) : part;
    const bracketed = bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare;
    const name = AUTHORITY.exec(bracketed)?.groups?.['port'] === undefined ? hostName(bracketed) : undefined;
    if (name === undefined) return { wrong: part };
    hosts.push(part.startsWith('.') ? `.${name}` : name);
  }
  return hosts;
}

/** Removes and returns the host of an absolute target; undefined for a target that is only a path. */
function takeAuthority(message: Pick<IncomingMessage, 'url'>): string | undefined {
  const [, authority, target = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(message.url ?? '') ?? [];
  if (authority !== undefined) message.url = target.startsWith('/') ? target : `/${target}`;
  return authority;
}

/** The host of an authority in its canonical form, without port and trailing dot; undefined if it is not a host. */
function hostName(authority: string): string | undefined {
  const { name, port = '' } = AUTHORITY.exec(authority)?.groups ?? {};
  if (name === undefined || Number(port) > 65_535) return undefined;
  try {
    // Normalises addresses: 127.1 is 127.0.0.1, and [0:0:0:0:0:0:0:1] is [::1].
    return new URL(`http://${name.replace(/\.$/, '')}`).hostname;
  } catch {
    return undefined;
  }
}

/** Whether a name leads to this machine, or is allowed by the rules. */
function isAllowed(name: string, { allowedHosts = [], awsHosts = false }: GuardRules): boolean {
  return (
    isLoopback(name) ||
    CONTAINER_HOSTS.includes(name) ||
    allowedHosts.some((host) => name === host || (host.startsWith('.') && name.endsWith(host))) ||
    (awsHosts && AWS_HOST.test(name))
  );
}

/** Whether a host is an address and no name. Android's emulator, for example, calls its machine by 10.0.2.2. */
function isAddress(name: string): boolean {
  return isIPv4(name) || name.startsWith('[');
}

/** https://www.rfc-editor.org/rfc/rfc6761#section-6.3: all names below `localhost` are loopback. */
function isLoopback(name: string): boolean {
  if (isIPv4(name)) return name.startsWith('127.');
  return (
    name === 'localhost' || name.endsWith('.localhost') || /^\[::(?:1|ffff:7f[0-9a-f]{2}:.*)\]$/.test(name)
  );
}

/** Refuses a request that a page of another site has sent; undefined for an admitted request. */
function refuseForeignOrigin(
  { headers, method }: Pick<IncomingMessage, 'headers' | 'method'>,
  rules: GuardRules,
): RefusedRequest | undefined {
  const { origin } = headers;
  if (origin !== undefined) {
    const [, authority] = /^https?:\/\/([^/]*)$/i.exec(origin) ?? [];
    const name = authority === undefined ? undefined : hostName(authority);
    // AWS's own hosts are names of services, not of web pages.
    return name !== undefined && isAllowed(name, { ...rules, awsHosts: false })
      ? undefined
      : refusedOrigin(`Origin: ${origin}.`);
  }
  // A page loads images, scripts and frames without an Origin. Following a link is harmless: only the user sees the
  // answer.
  const followed =
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    (method === 'GET' || method === 'HEAD');
  return headers['sec-fetch-site'] === 'cross-site' && !followed
    ? refusedOrigin('Sec-Fetch-Site: cross-site.')
    : undefined;
}

/** The refusal of a `Host`. */
const refusedHost = (detail: string, status: 400 | 403): RefusedRequest => ({
  error: new RequestGuardError('LOCAL_HOST_REFUSED', detail),
  status,
});

/** The refusal of a page of another origin. */
const refusedOrigin = (detail: string): RefusedRequest => ({
  error: new RequestGuardError('LOCAL_ORIGIN_REFUSED', detail),
  status: 403,
});
