import { eachAttempt } from '../../lib/base/retry.ts';
import type { Clock } from '../../lib/base/time.ts';
import { GroupsError } from '../../lib/groups/GroupsError.ts';
import { SPECS_BYTES } from '../../lib/groups/readSpecs.ts';
import { isLoopback, readNetwork } from '../aws/network.ts';

/** The URL from which Statsig's server SDKs download specs: statsig-rust, statsig_http_specs_adapter.rs, `DEFAULT_SPECS_URL`. */
export const SPECS_URL = 'https://api.statsigcdn.com/v2/download_config_specs';

/** Dependencies of {@link downloadSpecs}. */
interface DownloadOptions {
  /** Sends one request, as the `fetch` of the platform. */
  readonly fetch: typeof globalThis.fetch;
  /** Measures the deadline of all attempts. */
  readonly clock: Clock;
  /** Waits before another attempt. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** Spreads the waits: from 0 to less than 1. */
  readonly random: () => number;
}

/** Why an attempt brought no specs, where another may bring them. */
interface FailedAttempt {
  /** A clause that begins a sentence, without the URL. */
  readonly reason: string;
}

/** How often a download is tried, and how long it waits before the next try. */
const RETRIES = { tries: 4, baseMs: 500, capMs: 5_000, leastMs: 250 };
/** Milliseconds for all attempts together. */
const DEADLINE_MS = 60_000;

/**
 * Downloads specs as a server SDK does: `GET <url>/<key>.json`. The key is part of the path, so no error contains the URL,
 * and redirects are not followed.
 *
 * @param url The URL without the key. Default of the command: {@link SPECS_URL}.
 * @throws GroupsError `SLUICE_GROUPS_ENDPOINT_INVALID`, `SLUICE_GROUPS_KEY_REFUSED`, `SLUICE_GROUPS_UNAVAILABLE`,
 *   `SLUICE_GROUPS_SPECS_TOO_LARGE`; AwsAccessError as {@link readNetwork}
 */
export async function downloadSpecs(url: string, key: string, options: DownloadOptions): Promise<Uint8Array> {
  const { clock, wait, random } = options;
  const target = specsUrl(url, key);
  if (!isLoopback(target.hostname)) readNetwork(process.env);
  const deadline = clock.now() + DEADLINE_MS;
  let failure = '';
  for await (const attempt of eachAttempt({ ...RETRIES, wait, random, until: { clock, deadline } })) {
    const specs = await requestSpecs(target, options, Math.max(1, deadline - clock.now()));
    if (specs instanceof Uint8Array) return specs;
    failure = `${specs.reason}, ${attempt} attempts.`;
  }
  throw new GroupsError('SLUICE_GROUPS_UNAVAILABLE', failure);
}

/** The URL of the specs of a key. @throws GroupsError `SLUICE_GROUPS_ENDPOINT_INVALID` for a URL over which the key could leak. */
function specsUrl(url: string, key: string): URL {
  const base = URL.parse(url);
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopback(base.hostname));
  // `fetch` refuses a URL with a name or a password, in an error that quotes it.
  if (!isSafe || base.search + base.hash + base.username + base.password !== '') {
    throw new GroupsError('SLUICE_GROUPS_ENDPOINT_INVALID');
  }
  return new URL(`${base.href.replace(/\/$/, '')}/${encodeURIComponent(key)}.json`);
}

/** Sends one request. @throws GroupsError for an answer that another attempt would get again. */
async function requestSpecs(
  target: URL,
  { fetch }: DownloadOptions,
  timeoutMs: number,
): Promise<Uint8Array | FailedAttempt> {
  let answer: Response | undefined;
  try {
    answer = await fetch(target, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (answer.status === 200) return await readBounded(answer);
    await answer.body?.cancel();
  } catch (error) {
    if (error instanceof GroupsError) throw error;
    // The message of what `fetch` throws may quote the URL, and with it the key.
    if (error instanceof Error && error.name === 'TimeoutError') return { reason: 'No response in time' };
    return { reason: answer === undefined ? 'No response' : 'The response broke off' };
  }
  const status = `The server answered ${answer.status}`;
  if ([401, 403, 404].includes(answer.status))
    throw new GroupsError('SLUICE_GROUPS_KEY_REFUSED', `${status}.`);
  if (answer.status === 429 || answer.status >= 500) return { reason: status };
  throw new GroupsError('SLUICE_GROUPS_UNAVAILABLE', `${status}.`);
}

/** The bytes of an answer. @throws GroupsError `SLUICE_GROUPS_SPECS_TOO_LARGE`. */
async function readBounded({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > SPECS_BYTES) {
      throw new GroupsError('SLUICE_GROUPS_SPECS_TOO_LARGE', `More than ${SPECS_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
