import { describe, expect, it } from '@jest/globals';
import { EventIdentity, IdentifiedRows } from '../../../lib/collect/rows/eventIds.ts';

const KEY_HASH = 'a'.repeat(64);
const MOST_LENGTH = 8_000_000;
const DAY = '2026-11-20';

/** IDs of a batch's events and how many of them were repeats. */
function batch(texts: readonly string[], secret: string | null = null, sender = 'device') {
  const identity = new EventIdentity(KEY_HASH, sender, secret);
  return { ids: texts.map((text) => identity.next(text)), repeats: identity.repeats };
}

const alone = (text: string) => batch([text]).ids[0];

describe('EventIdentity', () => {
  it('numbers and counts equal events, however far apart', () => {
    const others = Array.from({ length: 500 }, (_, i) => `other ${i}`);
    const { ids, repeats } = batch(['same', ...others, 'same', 'other 7', 'same']);
    expect(new Set(ids).size).toBe(504);
    expect(repeats).toBe(3);
    expect(batch(['same', 'same', 'same']).ids).toEqual([ids[0], ids[501], ids[503]]);
    expect(ids.slice(1, 501)).toEqual(others.map((text) => alone(text)));
  });

  it('includes a secret: the ID is not the hash of the text alone, and other secrets give other IDs', () => {
    const texts = ['a', 'b', 'a'];
    const all = [batch(texts), batch(texts, 'one'), batch(texts, 'two'), batch(texts, null, 'other')];
    expect(new Set(all.flatMap(({ ids }) => ids)).size).toBe(12);
    expect(batch(texts, 'one')).toEqual(all[1]);
    expect(all[1]?.repeats).toBe(1);
  });

  it('counts repeats of events that follow the first repeat', () => {
    const { ids, repeats } = batch(['a', 'a', 'b', 'c', 'b', 'd', 'a']);
    expect(repeats).toBe(3);
    expect(new Set(ids).size).toBe(7);
    expect([ids[2], ids[3], ids[5]]).toEqual(['b', 'c', 'd'].map((text) => alone(text)));
    expect(batch(['b', 'b']).ids).toEqual([ids[2], ids[4]]);
  });
});

describe('IdentifiedRows', () => {
  const noRows = () => new IdentifiedRows(new EventIdentity(KEY_HASH, 'device', null), MOST_LENGTH);

  it('begins each row with the ID of its event, and knows their length', () => {
    const rows = noRows();
    const kinds = Array.from({ length: 150 }, (_, i) => (i % 3 === 0 ? 'exposures' : 'events'));
    for (const [i, kind] of kinds.entries()) rows.add(kind, `${i}`, `,"n":${i}`, DAY);
    const { exposures, events } = rows.rows;
    const written = (kind: string) =>
      kinds.flatMap((one, i) =>
        one === kind ? [{ day: DAY, json: `{"event_id":"${alone(String(i))}","n":${i}}` }] : [],
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
