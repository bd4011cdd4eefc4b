import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { readLocalLive } from '../../observe/live/localLive.ts';

it('rows of every stream of a table are told, and none of another stack', async () => {
  const at = '2026-11-20T08:00:00.000Z';
  const streams = ['events', 'events-2', 'exposures-3', 'quarantine'].map((one) => `sluice-local-${one}`);
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
    expect(kinds).toEqual(['events', 'events', 'exposures', 'quarantine']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
