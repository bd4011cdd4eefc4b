import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { encodeRecord } from '../../lib/landing/frames/encodeRecord.ts';
import { readRecord } from '../../local/readRecord.ts';
import { documentOf } from '../../observe/facts/flow/documentOf.ts';
import { readLocalLive } from '../../observe/live/localLive.ts';

it('the rows of a record of the landing are told with their tables', () => {
  const row = (id: string) => ({
    day: '2026-11-20',
    json: JSON.stringify({ event_id: id, ds: '2026-11-20' }),
  });
  const rows = { exposures: [row('x')], events: [row('a'), row('b')] };
  const { bytes } = encodeRecord({ id: 'a'.repeat(32), request: null, receivedAt: 0, rows });
  const documents = readRecord(bytes);
  expect(documents.map((one) => documentOf(place, 'sluice-local-landing', one))).toEqual(
    [
      ['exposures', 'x'],
      ['events', 'a'],
      ['events', 'b'],
    ].map(([kind, id]) => ({ kind, text: row(id ?? '').json })),
  );
  // Those of 0.2 are lines.
  expect(readRecord(Buffer.from('{"event_id":"a"}\n{"event_id":"b"}'))).toEqual([
    '{"event_id":"a"}',
    '{"event_id":"b"}',
  ]);
});

const place = { stack: { service: 'sluice', stage: 'local' } } as const;

it('rows of every stream of release 0.2 are told, and none of another stack', async () => {
  const at = '2026-11-20T08:00:00.000Z';
  const streams = ['events', 'exposures', 'quarantine'].map((one) => `sluice-local-${one}`);
  const entries = [...streams, 'other-local-events', 'sluice-local-events-x'].map((stream, sequence) => {
    const row = { event_id: `e${sequence}`, event_name: 'made', received_at: at };
    return { sequence, at, stream, document: JSON.stringify(row) };
  });
  const fed = { entries, next: 'n', dropped: 0, restarted: false, ended: false };
  const server = createServer((_, response) => response.end(JSON.stringify(fed)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const answer = await readLocalLive(
      {
        localControl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        stack: { service: 'sluice', stage: 'local' },
        config: { unitIds: {} },
      },
      {},
    );
    const kinds = answer.entries.map((one) => (one.type === 'event' ? one.kind : one.type));
    expect(kinds).toEqual(['events', 'exposures', 'quarantine']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
