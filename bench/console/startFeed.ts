import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A control API whose feed has had so many requests, each with one event, and gives them as fast as it is asked. */
export interface StartedFeed {
  readonly url: string;
  /** Requests that were read so far. */
  read(): number;
  close(): void;
}

/** Starts it. The entries are as long as the entries of usual requests. */
export async function startFeed(requests: number): Promise<StartedFeed> {
  const at = '2026-11-20T08:00:00.000Z';
  let read = 0;
  const entry = (sequence: number) => {
    const request = Math.floor(sequence / 2);
    return sequence % 2 === 0
      ? { sequence, at, stream: 'sluice-local-events', document: document(request) }
      : { sequence, at, function: 'sluice-local-collect', line: line(request) };
  };
  const answers: Readonly<Record<string, (query: URLSearchParams) => object>> = {
    '/_sluice/clock': () => ({ now: new Date().toISOString(), offsetMs: 0 }),
    '/_sluice/faults': () => ({ faults: [] }),
    '/_sluice/status': () => ({ pending: [] }),
    '/_sluice/feed': (query) => {
      // Nothing was there before somebody follows.
      const after = query.get('after');
      const from = Number(after?.split('.')[1] ?? 0);
      const to = after === null ? 0 : Math.min(2 * requests, from + Number(query.get('most')));
      read = Math.max(read, Math.floor(to / 2));
      const entries = Array.from({ length: to - from }, (_, i) => entry(from + i));
      return { entries, next: `00000000.${to}`, dropped: 0, restarted: false, ended: false };
    },
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://feed');
    const answer = answers[url.pathname]?.(url.searchParams);
    const isEmpty = answer !== undefined && 'entries' in answer && String(answer.entries) === '';
    // Nothing more comes: the caller waits, as it would.
    const send = () =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer ?? {}));
    if (isEmpty && url.searchParams.get('waitMs') !== '0') setTimeout(send, 1_000).unref();
    else send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    read: () => read,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const SDK = { sdk_type: 'javascript-client', sdk_version: '3.33.5' };

function document(n: number): string {
  return JSON.stringify({
    event_id: n.toString(16).padStart(32, '0'),
    event_name: `event_${n % 40}`,
    event_value: null,
    user_id: `user-${n % 50_000}`,
    stable_id: `00000000-0000-4000-8000-${String(n % 50_000).padStart(12, '0')}`,
    custom_ids: null,
    timestamp: '2026-11-20T08:00:00.000Z',
    received_at: '2026-11-20T08:00:00.100Z',
    environment: 'production',
    user_object: '{"userID":"user","country":"AT","custom":{"plan":"pro"}}',
    company_metadata: '{"page":"/checkout","button":"buy","value":"12.50"}',
    statsig_metadata: '{"sdkType":"javascript-client","sdkVersion":"3.33.5"}',
    session_id: '00000000-0000-4000-8000-000000000000',
    ...SDK,
    ds: '2026-11-20',
  });
}

function line(n: number): string {
  return JSON.stringify({
    ...{
      level: 'info',
      event: 'collect',
      status: 202,
      request_id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
    },
    ...{ key: 'any', body_bytes: 412, decoded_bytes: 612, sdk: 'javascript-client 3.33.5', events: 1 },
    ...{
      exposures_landed: 0,
      events_landed: 1,
      quarantined: 0,
      records: 1,
      calls: 1,
      billed_bytes: 5_120,
      ms: 9,
    },
  });
}
