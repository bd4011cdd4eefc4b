import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineErrorFamily, SluiceError } from '../lib/base/errors.ts';

/** Errors of access to AWS that any command can have. */
export const AwsAccessError = defineErrorFamily('user', {
  SLUICE_AWS_NO_REGION: {
    cause: 'A client of AWS has no region that it can use.',
    cure: 'Name one of AWS: --region, or `region` in the configuration.',
  },
  SLUICE_AWS_NO_CREDENTIALS: {
    cause: 'There are no AWS credentials.',
    cure: 'Sign in (`aws sso login`), or set AWS_PROFILE to a profile that exists. For the local cloud: --local in place of --stage.',
  },
  SLUICE_AWS_UNREACHABLE: {
    cause: 'AWS cannot be reached.',
    cure: 'For the local cloud, start it (`npx sluice start`), or name its --endpoint-url http://127.0.0.1:PORT. For a deployment, name its --stage, and check the network, the region, and AWS_ENDPOINT_URL if it is set. Behind a proxy: docs/deploy.md, "Behind a proxy".',
  },
  SLUICE_AWS_NO_STACK: {
    cause: 'The deployment does not exist.',
    cure: 'Deploy it (`npx serverless deploy --stage …`), or choose another with --stage and --region. For the local cloud, run `npm start` and use --local.',
  },
  SLUICE_AWS_FAILED: {
    cause: 'A call of AWS failed.',
    cure: 'Read the detail. If it denies access: is the stage deployed with this feature, and may your credentials use what the command is about? If AWS was only busy, run the command again.',
  },
});

/** Node's codes for names that do not resolve, failed and broken connections, untrusted certificates, and proxies that refuse. */
const NETWORK =
  /^(E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|(HOST|NET)(UNREACH|DOWN)|ADDRNOTAVAIL)|ERR_(TLS|SSL|PROXY)_.*|CERT_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*|EPROTO)$/;

/**
 * The meaning of an error of an AWS client. `answered`: AWS returned an error, which the command explains best. `unasked`: AWS
 * was not reached. Undefined: the error is a defect, or about this machine, for example a full disk.
 */
type AwsProblem =
  | { readonly kind: 'answered'; readonly name: string; readonly detail: string }
  | { readonly kind: 'unasked'; readonly error: SluiceError };

/** Classifies what an AWS client threw, or the stream of a response body, also as the cause of another error. */
export function explainAwsError(error: unknown): AwsProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  const unasked = (ownCode: keyof typeof AwsAccessError.entries, more = ''): AwsProblem => ({
    kind: 'unasked',
    error: new AwsAccessError(ownCode, `${detail}${more}`, { cause: error }),
  });
  const unreached = () => unasked('SLUICE_AWS_UNREACHABLE', `. Variables for a proxy: ${proxyVariables()}.`);
  // The client throws a plain Error here.
  if (/^Region (is missing|not accepted)/.test(error.message))
    return unasked('SLUICE_AWS_NO_REGION', missingProfile());
  if (/^(CredentialsProvider|TokenProvider|ProcessCredentials)Error$/.test(error.name))
    return isOfNetwork(error.message) ? unreached() : unasked('SLUICE_AWS_NO_CREDENTIALS', missingProfile());
  if (isAnswered(error)) return { kind: 'answered', name: error.name, detail };
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK.test(code) || error.name === 'TimeoutError') return unreached();
  return explainAwsError(error.cause);
}

/** Whether a provider of credentials failed for the network: of such an error it keeps the text alone. */
function isOfNetwork(message: string): boolean {
  return (
    /certificate|tunnel|Timeout/.test(message) || message.split(/\W+/).some((word) => NETWORK.test(word))
  );
}

/**
 * A sentence about AWS_PROFILE, or the `source_profile` of a profile, if neither of AWS's files has that profile, which the error of a
 * client does not name. https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
function missingProfile(): string {
  const { AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  const inHome = (name: string) => join(homedir(), '.aws', name);
  const config = AWS_CONFIG_FILE || inHome('config');
  const credentials = AWS_SHARED_CREDENTIALS_FILE || inHome('credentials');
  const configured = sectionsOf(config);
  const ofProfile = (ofName: string) =>
    configured.get(`profile ${ofName}`) ?? (ofName === 'default' ? configured.get(ofName) : undefined);
  const credentialed = sectionsOf(credentials);
  const seen = new Set<string>();
  let profile = AWS_PROFILE || 'default';
  let named = `AWS_PROFILE is ${JSON.stringify(profile)}`;
  for (;;) {
    seen.add(profile);
    const section = ofProfile(profile) ?? credentialed.get(profile);
    if (section === undefined) break;
    const source = /^\s*source_profile\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    if (source === undefined || seen.has(source)) return '';
    named = `The source_profile of ${JSON.stringify(profile)} is ${JSON.stringify(source)}`;
    profile = source;
  }
  if (!AWS_PROFILE && seen.size === 1) return '';
  const missing = `. ${named}, but neither ${config} nor ${credentials} has a profile of that name`;
  return configured.has(profile)
    ? `${missing}. In the former, [${profile}] is no profile: write [profile ${profile}].`
    : `${missing}.`;
}

/** The lines below each header of a file of AWS's tools. Headers are without quotes and with one space. None if there is no file. */
function sectionsOf(file: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  if (!existsSync(file)) return sections;
  let name: string | undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) name = header.replace(/^profile\s+/, 'profile ').replace(/(["'])(.*)\1$/, '$2');
    if (name !== undefined) sections.set(name, `${sections.get(name) ?? ''}${line}\n`);
  }
  return sections;
}

/** The names of those that are set, whose values may have passwords. */
function proxyVariables(): string {
  const names = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'AWS_CA_BUNDLE'];
  return names.filter((name) => process.env[name]).join(', ') || 'none';
}

/** Errors of the connection have `$metadata`, too, but only those of a response have a status. */
function isAnswered(error: Error): boolean {
  return statusOf(error) !== undefined;
}

/** The status of a response; undefined without one. */
export function statusOf(error: Error): unknown {
  if (!('$metadata' in error)) return undefined;
  const { $metadata } = error;
  const hasStatus = typeof $metadata === 'object' && $metadata !== null && 'httpStatusCode' in $metadata;
  return hasStatus ? $metadata.httpStatusCode : undefined;
}

/**
 * Why a part of a deployment could not be read, in words: a denial, another answer of AWS, or damage of what functions stored.
 *
 * @throws The error if AWS was not reached, or if it is a defect.
 */
export function whyUnread(error: unknown): string {
  if (error instanceof AwsAccessError) throw error;
  const problem = explainAwsError(error);
  if (problem?.kind === 'unasked') throw problem.error;
  if (problem !== undefined) return problem.detail;
  if (error instanceof SluiceError) return error.message;
  throw error;
}
