import { describe, expect, it } from '@jest/globals';
import { EventIdentity, IdentifiedRows } from '../../../lib/collect/rows/eventIds.ts';

const DAY = '2026-11-20';

/** No rows yet, of a client's batch. @param most UTF-16 units of all rows. */
const noRows = (most: number) => new IdentifiedRows(new EventIdentity('a'.repeat(64), '', null), most);

describe('IdentifiedRows', () => {
  it('begins each row with the ID of its event, also of an equal one', () => {
    const rows = noRows(1_000);
    rows.add('exposures', 'one', ',"n":1', DAY);
    rows.add('events', 'two', ',"n":2', DAY);
    rows.add('events', 'two', ',"n":3', DAY);
    expect(rows.rows).toEqual({
      exposures: [{ day: DAY, json: '{"event_id":"41fdb321beb02ef75937034b63856939","n":1}' }],
      events: [
        { day: DAY, json: '{"event_id":"626229d79707e06fad930f3ec3a38ceb","n":2}' },
        { day: DAY, json: '{"event_id":"76779e0415fd81b5839b99e6fcb9c072","n":3}' },
      ],
    });
  });

  it('accepts rows up to a total length, and not one unit more', () => {
    // A row without columns has 47 units.
    const within = noRows(100);
    within.add('events', 'first', '', DAY);
    expect(() => within.add('events', 'last', 'x'.repeat(6), DAY)).not.toThrow();
    const over = noRows(100);
    over.add('events', 'first', '', DAY);
    expect(() => over.add('events', 'last', 'x'.repeat(7), DAY)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_BODY_TOO_MANY_EVENTS',
        detail: 'Their rows have more than 100 units.',
      }),
    );
  });
});
