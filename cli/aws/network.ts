import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { isIPv4 } from 'node:net';
import tls from 'node:tls';
import { AwsAccessError } from '../../observe/explainAwsError.ts';
import type { AwsConnection } from '../../observe/target.ts';

/** The variables of a process. An empty one counts as not set. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What no proxy reaches: the local cloud. */
const LOOPBACK = ['localhost', nodeHost('127.0.0.1/8'), '::1', '[::1]'];

/** A proxy, under the names that Node's agents read: https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support */
interface ProxyVariables {
  /** Its URL. */
  readonly https_proxy: string;
  /** Hosts that are reached without it, separated by commas. */
  readonly no_proxy: string;
}

/**
 * The proxy of an environment, as the AWS CLI reads it; undefined without one.
 *
 * @throws AwsAccessError `SLUICE_AWS_UNREACHABLE` for a proxy of another protocol than HTTP.
 */
function proxyOf(env: Environment): ProxyVariables | undefined {
  const proxy = env['https_proxy'] || env['HTTPS_PROXY'];
  if (!proxy) return undefined;
  const url = URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`);
  // The value may have a password.
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new AwsAccessError(
      'SLUICE_AWS_UNREACHABLE',
      'HTTPS_PROXY: expected http://HOST:PORT or https://HOST:PORT.',
    );
  const listed = (env['no_proxy'] || env['NO_PROXY'] || '').split(/[\s,]+/).filter(Boolean);
  const named = listed.map(nodeHost);
  // Others take a name for its subdomains, too: https://about.gitlab.com/blog/we-need-to-talk-no-proxy/
  const below = named.map((name) => `.${name}`);
  return { https_proxy: url.href, no_proxy: [...LOOPBACK, ...named, ...below].join() };
}

/**
 * A host of NO_PROXY as Node reads it: a block of addresses (`10.0.0.0/8`) as a range, an address of IPv6 without brackets,
 * and without the port of HTTPS, as Node takes no port of a domain.
 */
function nodeHost(host: string): string {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d+)$/.exec(host) ?? [];
  if (!isIPv4(address)) return host.replace(/^\[(.+)\]$/, '$1').replace(/^([^:]+):443$/, '$1');
  const size = 2 ** (32 - Number(bits));
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = value - (value % size);
  const written = (number: number) =>
    [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
  return `${written(first)}-${written(first + size - 1)}`;
}

/** What connections beyond this machine take from the variables of a process. */
interface Network {
  /** Undefined without a proxy. */
  readonly proxy: ProxyVariables | undefined;
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

/** @throws AwsAccessError `SLUICE_AWS_UNREACHABLE` for a file that cannot be read, or has no certificate. */
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

/**
 * How AWS's clients connect on a person's machine. The SDK reads no variable of a proxy, and makes agents and, for profiles,
 * clients of its own: https://github.com/aws/aws-sdk-js-v3/issues/6687
 *
 * @throws AwsAccessError as {@link readNetwork}.
 */
export function awsConnection(env: Environment): AwsConnection {
  const limits = { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true };
  const { proxy: proxyEnv } = readNetwork(env);
  if (proxyEnv === undefined) return { requestHandler: limits };
  const requestHandler = { ...limits, httpsAgent: { keepAlive: true, proxyEnv: { ...proxyEnv } } };
  return {
    requestHandler,
    expectContinueHeader: false,
    async credentials(properties) {
      const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
      return defaultProvider({ clientConfig: { requestHandler } })(properties);
    },
  };
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
  if (proxy !== undefined) http.setGlobalProxyFromEnv({ ...proxy });
  if (certificates === undefined) return;

  env['NODE_EXTRA_CA_CERTS'] ??= env['AWS_CA_BUNDLE'];
  tls.setDefaultCACertificates([...tls.getCACertificates(), certificates]);
}
