import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import {
  lostDays,
  nextRawDays,
  noteRawDays,
  parseRawDays,
  withoutLostDay,
} from '../../../../lib/landing/catalog/rawDays.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-22T10:05:00Z');
const config = defineConfig({ bucket: 'acme' });
const D20 = '2026-11-20';
const D21 = '2026-11-21';

/** The note after looks an hour apart, each with the days that have files. */
const noteAfter = (of: typeof config, ...looks: readonly (readonly string[])[]) =>
  looks.reduce<ReturnType<typeof nextRawDays> | null>(
    (note, there, hour) =>
      nextRawDays(note === null ? null : parseRawDays(JSON.stringify(note)), there, of, NOW + hour * HOUR),
    null,
  ) ?? { at: NOW, days: {} };
const lost = (...looks: readonly (readonly string[])[]) => lostDays(noteAfter(config, ...looks));

describe('days of a raw table that lost their files', () => {
  it('are those that looks have seen before, until the files are back', () => {
    expect(lost([D20, D21], [D20, D21], [D20, D21])).toEqual([]);
    expect(lost([D20, D21], [D20, D21], [D21])).toEqual([{ day: D20, seenAt: NOW + HOUR }]);
    expect(lost([D20, D21], [D20, D21], [D21], [], [D21])).toEqual([{ day: D20, seenAt: NOW + HOUR }]);
    expect(lost([D20], [D20], [], [D20])).toEqual([]);
    expect(lost([D20], [D20], [], [D20], [])).toEqual([{ day: D20, seenAt: NOW + 3 * HOUR }]);
  });

  it('are none that one look saw: a probe deletes its files, the writer takes some back', () => {
    expect(lost([D21], [D20, D21], [D21])).toEqual([]);
    expect(noteAfter(config, [D21], [D20, D21], [D21]).days).not.toHaveProperty(D20);
    // Two looks within minutes are one: `sluice status` prints the command that asks for one.
    const twice = nextRawDays(nextRawDays(null, [D20], config, NOW), [D20], config, NOW + 60_000);
    expect(lostDays(nextRawDays(twice, [], config, NOW + HOUR))).toEqual([]);
  });

  it('are none past retention, which begins with the files that came before the day', () => {
    const kept = (forwardedDays: number) =>
      defineConfig({ bucket: 'acme', retention: { forwardedDays }, timeWindow: { futureDays: 1 } });
    expect(lostDays(noteAfter(kept(3), [D20], [D20], []))).toEqual([]);
    expect(lostDays(noteAfter(kept(4), [D20], [D20], []))).toEqual([{ day: D20, seenAt: NOW + HOUR }]);
  });

  it('do not come back without files once somebody has accepted one of them', () => {
    const note = noteAfter(config, [D20, D21], [D20, D21], []);
    expect(withoutLostDay(note, '2026-11-19')).toBeNull();
    expect(withoutLostDay(noteAfter(config, [D20], [D20]), D20)).toBeNull();
    const accepted = withoutLostDay(note, D20);
    const at = (hour: number) => NOW + hour * HOUR;
    const empty = nextRawDays(accepted, [], config, at(3));
    expect(lostDays(empty)).toEqual([{ day: D21, seenAt: at(1) }]);
    const back = nextRawDays(nextRawDays(empty, [D20], config, at(4)), [D20], config, at(5));
    expect(lostDays(nextRawDays(back, [], config, at(6)))).toContainEqual({ day: D20, seenAt: at(5) });
  });

  it('begin anew where the note was deleted or cannot be read', () => {
    expect([parseRawDays(undefined), parseRawDays('{'), parseRawDays('{"at":1}')]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('are noted by one of two looks at a time: the other leaves what has changed since it read', async () => {
    const store = new MemoryObjects();
    const look = (there: readonly string[], at: number, of = store) =>
      noteRawDays(of, 'events', there, config, at);
    await look([D20], NOW);
    const [note] = store.objects.keys();
    const slow = Object.assign(Object.create(store), {
      read: async (key: string) => {
        const before = await store.read(key);
        await look([D20, D21], NOW + HOUR);
        return before;
      },
    });
    await look([], NOW + 60_000, slow);
    store.faults = ['away'];
    await expect(look([], NOW + 2 * HOUR)).rejects.toThrow('away');
    expect(parseRawDays((await store.read(note ?? ''))?.text)?.days).toEqual({
      [D20]: [NOW, NOW + HOUR],
      [D21]: [NOW + HOUR, NOW + HOUR],
    });
  });
});
