import { expect, it } from '@jest/globals';
import { encodeRecord } from '../../lib/landing/frames/encodeRecord.ts';
import { readRecord } from '../../local/readRecord.ts';
import { documentOf } from '../../observe/facts/flow/documentOf.ts';

it('the rows of a record of the landing are told with their tables', () => {
  const row = (id: string) => ({
    day: '2026-11-20',
    json: JSON.stringify({ event_id: id, ds: '2026-11-20' }),
  });
  const rows = { exposures: [row('x')], events: [row('a'), row('b')] };
  const { bytes } = encodeRecord({ id: 'a'.repeat(32), request: null, receivedAt: 0, rows });
  expect(readRecord(bytes).map(documentOf)).toEqual(
    [
      ['exposures', 'x'],
      ['events', 'a'],
      ['events', 'b'],
    ].map(([kind, id]) => ({ kind, text: row(id ?? '').json })),
  );
  expect(documentOf('{"event_id":"a"}')).toBeNull();
});
