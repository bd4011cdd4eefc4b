import { createServer } from 'node:http';
import { afterAll, expect, it } from '@jest/globals';
import * as z from 'zod';
import { askLocal, readLocalState } from '../../../../observe/facts/flow/localCloud.ts';
import { readWaitingRows } from '../../../../observe/facts/flow/waitingRows.ts';
import { listen } from '../../../harness/listen.ts';
import { startLanding } from '../../startLanding.ts';

const document = (table: string, event_id: string) => ({
  arrivedAt: '2026-11-20T08:00:00.000Z',
  document: JSON.stringify({ table, row: { event_id } }),
});
/** What the control API of a local cloud answers. */
const ANSWERS: Readonly<Record<string, object>> = {
  '/_sluice/status': {
    collector: 'http://collector',
    startedAt: '2026-11-20T07:00:00.000Z',
    pending: [
      { documents: 2, oldestArrival: '2026-11-20T09:00:00.000Z' },
      { documents: 3, oldestArrival: '2026-11-20T08:00:00.000Z' },
    ],
  },
  '/_sluice/faults': { faults: [{ left: 0 }, { left: 2 }, { left: 'all' }] },
  '/_sluice/buffers': {
    documents: [document('events', 'a'), document('exposures', 'b'), document('pages', 'c')],
    more: true,
  },
  '/_sluice/strange': { other: 1 },
};
const bodies: string[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  bodies.push(Buffer.concat(chunks).toString());
  if (request.url === '/_sluice/silent') return;
  const answer = ANSWERS[request.url ?? ''];
  response.statusCode = answer === undefined ? 400 : 200;
  response.end(JSON.stringify(answer ?? {}));
});
const localControl = await listen(server);
const landing = await startLanding();
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await landing.close();
});

it('the local cloud tells how much it has buffered since when, and of faults those that are left', async () => {
  expect(await readLocalState({ localControl })).toEqual({
    collector: 'http://collector',
    startedAt: '2026-11-20T07:00:00.000Z',
    buffered: { count: 5, oldest: '2026-11-20T08:00:00.000Z' },
    faults: 2,
  });
  expect(await readLocalState({ localControl: undefined })).toBeUndefined();
});

it('the buffers of the local cloud are searched for a text, and of what has it the rows that are wanted are told', async () => {
  bodies.length = 0;
  const found = await readWaitingRows(
    { ...landing, localControl },
    ({ event_id }) => event_id !== 'b',
    'text',
  );
  expect(found).toEqual({
    rows: [{ key: null, at: Date.UTC(2026, 10, 20, 8), kind: 'events', row: { event_id: 'a' } }],
    notes: [expect.stringContaining('buffers')],
  });
  expect(JSON.parse(bodies[0] ?? '')).toEqual({ contains: 'text', most: 1_000 });
});

it('a question to which the local cloud does not answer fails in time', async () => {
  const asked = askLocal(localControl, 'silent', z.object({}), { waitMs: 20, limitMs: 30 });
  await expect(asked).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_LOCAL_UNREADABLE' });
});

it.each([
  { question: 'refused', code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' },
  { question: 'strange', code: 'SLUICE_OBSERVE_LOCAL_UNREADABLE' },
])('the question $question to the local cloud fails with $code', async ({ question, code }) => {
  await expect(askLocal(localControl, question, z.object({ cursor: z.string() }))).rejects.toMatchObject({
    code,
  });
});
