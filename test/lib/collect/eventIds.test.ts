import { describe, expect, it } from '@jest/globals';
import { EventIdentity, IdentifiedRows } from '../../../lib/collect/rows/eventIds.ts';

const KEY_HASH = 'a'.repeat(64);
const MOST_LENGTH = 8_000_000;
const DAY = '2026-11-20';

describe('IdentifiedRows', () => {
  const noRows = () => new IdentifiedRows(new EventIdentity(KEY_HASH, 'device', null), MOST_LENGTH);

  it('begins each row with the ID of its event, and knows their length', () => {
    const rows = noRows();
    const kinds = Array.from({ length: 150 }, (_, i) => (i % 3 === 0 ? 'exposures' : 'events'));
    for (const [i, kind] of kinds.entries()) rows.add(kind, `${i}`, `,"n":${i}`, DAY);
    const { exposures, events } = rows.rows;
    const written = (kind: string) =>
      kinds.flatMap((eventKind, i) =>
        eventKind === kind
          ? [
              {
                day: DAY,
                json: `{"event_id":"${new EventIdentity(KEY_HASH, 'device', null).next(String(i))}","n":${i}}`,
              },
            ]
          : [],
      );
    expect(exposures).toEqual(written('exposures'));
    expect(events).toEqual(written('events'));
    expect(rows.length).toBe([...exposures, ...events].map(({ json }) => json).join('').length);
  });

  it('accepts rows up to a total length, to the unit', () => {
    const rows = noRows();
    const overhead = `{"event_id":""}`.length + 32;
    const rest = 'x'.repeat(300_000);
    const count = Math.floor(MOST_LENGTH / (overhead + rest.length));
    for (let i = 0; i < count; i += 1) rows.add('events', `${i}`, rest, DAY);
    const room = MOST_LENGTH - rows.length - overhead;
    rows.add('events', 'last', 'x'.repeat(room), DAY);
    expect(rows.length).toBe(MOST_LENGTH);
    expect(() => rows.add('events', 'over', '', DAY)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_BODY_TOO_MANY_EVENTS',
        detail: 'Their rows have more than 8000000 units.',
      }),
    );
  });
});
