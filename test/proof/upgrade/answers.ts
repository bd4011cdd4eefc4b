import { type ReleaseAccount, SDK_KEY } from './ReleaseAccount.ts';
import { TRAFFIC } from './Traffic.ts';

/** A key that `sluice keys add` put into the secret before the upgrade. */
export const ADDED_KEY = 'secret-acme-server-0a1b2c3d';

interface Probe {
  readonly method?: string;
  readonly path: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const batch = JSON.stringify({ events: [{ eventName: `${TRAFFIC}_probe` }] });

/** Requests whose answers clients rely on, by what they are. */
const PROBES: Readonly<Record<string, Probe>> = {
  'a batch': { path: '/v1/rgstr', body: batch },
  'a batch to the old path': { path: '/v1/log_event', body: batch },
  'a batch to a path of ours': { path: '/v1/my-data', body: batch },
  'a batch with a key of the secret': { path: '/v1/rgstr', key: ADDED_KEY, body: batch },
  'a batch with a key in the query': { path: `/v1/rgstr?k=${SDK_KEY}`, key: '', body: batch },
  'a batch without a key': { path: '/v1/rgstr', key: '', body: batch },
  'a batch with an unknown key': { path: '/v1/rgstr', key: 'client-unknown', body: batch },
  'an empty batch': { path: '/v1/rgstr', body: '{"events":[]}' },
  'a body that is no JSON': { path: '/v1/rgstr', body: `${TRAFFIC}: no JSON` },
  'a body that is no batch': { path: '/v1/rgstr', body: `{"events":{"${TRAFFIC}":1}}` },
  'an unknown encoding': {
    path: '/v1/rgstr',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/octet-stream' },
    body: TRAFFIC,
  },
  "an SDK's error report": { path: '/v1/sdk_exception', body: '{"tag":"x"}' },
  'a reserved path': { path: '/v1/initialize', body: '{}' },
  'another method': { path: '/v1/rgstr', method: 'GET' },
  'a preflight': {
    path: '/v1/rgstr',
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
  },
};

/**
 * Status, headers that SDKs and browsers read, and body of each answer. For an error the body is its code: messages and
 * cures may be worded otherwise.
 */
export async function answersOf(account: ReleaseAccount): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  for (const [name, { method = 'POST', path, key = SDK_KEY, headers, body }] of Object.entries(PROBES)) {
    const response = await fetch(`${account.collector}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === '' ? {} : { 'statsig-api-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const read = ['content-type', 'retry-after', 'access-control-allow-origin'].map(
      (header) => response.headers.get(header) ?? '',
    );
    answers.set(name, [response.status, ...read, contractOf(await response.text())].join(' '));
  }
  return answers;
}

function contractOf(text: string): string {
  if (!text.startsWith('{')) return text;
  const { message: _, cure: __, ...members }: Readonly<Record<string, unknown>> = JSON.parse(text);
  return JSON.stringify(members);
}
