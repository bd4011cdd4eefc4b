import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Agent } from 'node:https';
import { BlockList, isIP, isIPv6 } from 'node:net';
import tls from 'node:tls';
import { clientLimits } from '../../lib/aws/clientLimits.ts';
import { AwsAccessError } from '../../observe/explainAwsError.ts';
import type { AwsConnection } from '../../observe/target.ts';

/** The variables of a process. An empty one counts as not set. */
type Environment = Readonly<Record<string, string | undefined>>;

/** An address, or a block of addresses. */
const BLOCK = /^(?<address>[^/]+)(?:\/(?<bits>\d+))?$/;

/** An entry of NO_PROXY: hosts that are reached without the proxy. */
interface NoProxyEntry {
  /**
   * A name, which its subdomains belong to; an address, or a block of addresses; `*` for every host. In lower case, without
   * outer dots.
   */
  readonly host: string;
  /** Undefined for all ports. */
  readonly port: string | undefined;
}

/** This machine, where the local cloud is, and which no proxy reaches. `fetch` needs the address beside its block. */
const LOOPBACK = readNoProxy('localhost, 127.0.0.0/8, 127.0.0.1, ::1');

/**
 * Whether a host is this machine for certain. Names below `localhost` are not: some resolvers ask DNS for them.
 *
 * @param host As of a URL.
 */
export function isLoopback(host: string): boolean {
  const name = bareHost(host);
  return name === 'localhost' || (isIP(name) !== 0 && isListed(LOOPBACK, name, ''));
}

/** The proxy of an environment. */
interface Proxy {
  /** Its URL, perhaps with a password. */
  readonly url: string;
  /** The hosts that are reached without it. */
  readonly noProxy: readonly NoProxyEntry[];
}

/**
 * The proxy of an environment, as the AWS CLI reads it; undefined without one, and if NO_PROXY has `*` for all ports.
 *
 * @throws AwsAccessError `SLUICE_AWS_UNREACHABLE` for a proxy of another protocol than HTTP.
 */
function proxyOf(env: Environment): Proxy | undefined {
  const proxy = env['https_proxy'] || env['HTTPS_PROXY'];
  if (!proxy) return undefined;
  const url = URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`);
  // The value may have a password.
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new AwsAccessError(
      'SLUICE_AWS_UNREACHABLE',
      'HTTPS_PROXY: expected http://HOST:PORT or https://HOST:PORT.',
    );
  const noProxy = [...LOOPBACK, ...readNoProxy(env['no_proxy'] || env['NO_PROXY'] || '')];
  return noProxy.some(({ host, port }) => host === '*' && port === undefined)
    ? undefined
    : { url: url.href, noProxy };
}

/**
 * Reads NO_PROXY by the rules of curl: dots around a name say nothing.
 * https://github.com/curl/curl/blob/master/tests/unit/unit1614.c
 * Node's agents take `*.` before a name, and ports, too: https://nodejs.org/docs/latest-v24.x/api/http.html#no_proxy-format
 */
function readNoProxy(listed: string): readonly NoProxyEntry[] {
  return listed.split(/[\s,]+/).flatMap((entry) => {
    // An address of IPv6 has a port only behind its bracket.
    const { name = entry, port } = /^(?<name>[^:]*|\[.*\])(?::(?<port>\d+))?$/.exec(entry)?.groups ?? {};
    const host = bareHost(name).replace(/^\*?\./, '');
    return host === '' ? [] : [{ host, port }];
  });
}

/** A host in lower case, without the brackets of IPv6 and the dot of the root. */
function bareHost(host: string): string {
  return host.toLowerCase().replace(/[[\]]|\.$/g, '');
}

/** Bits of an address. */
const BITS = { ipv4: 32, ipv6: 128 };

/** The family of an address. */
const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Whether entries have a host. No name is looked up, so a block has no names. @param host Without brackets or with them. */
function isListed(entries: readonly NoProxyEntry[], host: string, port: string): boolean {
  const asked = bareHost(host);
  return entries.some((entry) => {
    if (entry.port !== undefined && entry.port !== port) return false;
    if (entry.host === '*') return true;
    if (isIP(asked) === 0) return asked === entry.host || asked.endsWith(`.${entry.host}`);
    const { address = '', bits } = BLOCK.exec(entry.host)?.groups ?? {};
    if (isIP(address) === 0) return false;
    const most = BITS[familyOf(address)];
    const prefix = bits === undefined ? most : Number(bits);
    if (prefix > most) return false;
    const block = new BlockList();
    block.addSubnet(address, prefix, familyOf(address));
    return block.check(asked, familyOf(asked));
  });
}

/** Sockets of an agent: as many as the SDK's own has, https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html */
const MOST_SOCKETS = 50;

/** Connects by the proxy, except to hosts of NO_PROXY: `proxyEnv` of Node knows no block of addresses, and no outer dots. */
class ProxyAgent extends Agent {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy) {
    super({ keepAlive: true, maxSockets: MOST_SOCKETS, proxyEnv: { https_proxy: proxy.url } });
    this.#proxy = proxy;
  }

  override createConnection(...[options, callback]: Parameters<Agent['createConnection']>) {
    return isListed(this.#proxy.noProxy, options.host ?? '', String(options.port))
      ? tls.connect(options as tls.ConnectionOptions)
      : super.createConnection(options, callback);
  }
}

/** What connections beyond this machine take from the variables of a process. */
interface Network {
  /** Undefined without a proxy. */
  readonly proxy: Proxy | undefined;
  /** The certificates of `AWS_CA_BUNDLE`, PEM; undefined without it. */
  readonly certificates: string | undefined;
}

/**
 * Reads the variables. Before it connects beyond this machine, a command calls it or {@link awsConnection}.
 *
 * @throws AwsAccessError `SLUICE_AWS_UNREACHABLE` with the name of a variable whose value cannot be used.
 */
export function readNetwork(env: Environment): Network {
  return { proxy: proxyOf(env), certificates: certificatesOf(env) };
}

/**
 * The certificates of the file that AWS_CA_BUNDLE names; undefined without the variable.
 *
 * @throws AwsAccessError `SLUICE_AWS_UNREACHABLE` for a file that cannot be read, or has no certificate.
 */
function certificatesOf({ AWS_CA_BUNDLE: file }: Environment): string | undefined {
  if (!file) return undefined;
  try {
    const certificates = readFileSync(file, 'utf8');
    // It throws without a certificate.
    new X509Certificate(certificates);
    return certificates;
  } catch (error) {
    const detail = `AWS_CA_BUNDLE: expected a file of certificates in PEM, which ${file} is not: ${error}`;
    throw new AwsAccessError('SLUICE_AWS_UNREACHABLE', detail, { cause: error });
  }
}

/** How long a command waits for a connection and for an answer: a person looks on. */
const LIMITS = clientLimits({ answerMs: 20_000, connectMs: 3_000 });

/**
 * How AWS's clients connect on a person's machine. The SDK reads no variable of a proxy, and makes agents and, for profiles,
 * clients of its own: https://github.com/aws/aws-sdk-js-v3/issues/6687
 *
 * @throws AwsAccessError as {@link readNetwork}.
 */
export function awsConnection(env: Environment): AwsConnection {
  const { proxy } = readNetwork(env);
  if (proxy === undefined) return { requestHandler: LIMITS };
  const requestHandler = {
    ...LIMITS,
    // Each client reads it once, and closes its agent.
    get httpsAgent() {
      return new ProxyAgent(proxy);
    },
  };
  return {
    requestHandler,
    async credentials(properties) {
      const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
      return defaultProvider({ clientConfig: { requestHandler } })(properties);
    },
  };
}

/** An entry as `fetch` of Node reads it. It knows no blocks of addresses. */
function forFetch({ host, port }: NoProxyEntry): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

/**
 * Has `fetch` of this process take the proxy of the environment, and every connection of it and of the processes that it
 * starts trust the certificates of `AWS_CA_BUNDLE` beside Node's own. Variables that cannot be used are left to
 * {@link readNetwork}, as many commands connect to nothing.
 */
export function useNetwork(env: NodeJS.ProcessEnv): void {
  let network: Network;
  try {
    network = readNetwork(env);
  } catch (error) {
    if (error instanceof AwsAccessError) return;
    throw error;
  }
  const { proxy, certificates } = network;
  if (proxy !== undefined)
    http.setGlobalProxyFromEnv({ https_proxy: proxy.url, no_proxy: proxy.noProxy.map(forFetch).join() });
  if (certificates === undefined) return;

  // One that is set wins for those processes, as it does for Node.
  env['NODE_EXTRA_CA_CERTS'] ||= env['AWS_CA_BUNDLE'];
  tls.setDefaultCACertificates([...tls.getCACertificates(), certificates]);
}
