import { beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { withoutValues } from '../../../lib/ledger/DayContent.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { type Claim, type Ledger, readKnown } from '../../../lib/ledger/Ledger.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { LedgerError } from '../../../lib/ledger/LedgerError.ts';
import { ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { failingOf } from '../../../observe/facts/days/ledgerDays.ts';
import { dayContent, loadRun, settlement } from '../../harness/ledgerEntry.ts';
import { place, settled, startLedger } from './startLedger.ts';

let clock: ReturnType<typeof startLedger>['clock'];
let store: ReturnType<typeof startLedger>['store'];
let ledger: Ledger;
let waits: readonly number[];
beforeEach(() => {
  ({ clock, store, ledger, waits } = startLedger());
});

/** When a lease of a minute ends that begins now. */
const inAMinute = () => clock.now() + MINUTE_MS;
/** Claims the day, which nobody has. */
async function claimed(owner = 'one', until = inAMinute(), fingerprint = 'f1'): Promise<Claim> {
  const outcome = await ledger.claim(place, owner, until, fingerprint);
  if (!('claim' in outcome)) throw new Error(`busy until ${outcome.busyUntil}`);
  return outcome.claim;
}

/** Loads the day into a version. */
const publish = async (version: string, owner?: string) =>
  ledger.settle(await claimed(owner), settled(version));
const note = (fingerprint = 'f1', reason = 'new', seen?: LedgerEntry | null) =>
  ledger.noteQueued(place, { fingerprint, reason }, seen);
/** A failure that may pass. */
const away = { code: 'SLUICE_SOURCE_UNAVAILABLE', message: 'SlowDown.' };
const { version: _version, ...failed } = settled('');

describe('a day in the ledger', () => {
  it('is busy for another load until the lease ends', async () => {
    const until = clock.now() + 16 * MINUTE_MS;
    await claimed('one', until);
    clock.advance(16 * MINUTE_MS - 1);
    expect(await ledger.claim(place, 'two', until, 'f1')).toEqual({ busyUntil: until });
  });

  it('is taken over once the lease has ended: its load was killed', async () => {
    await claimed();
    clock.advance(MINUTE_MS);
    const { entry } = await claimed('two');
    expect(entry).toMatchObject({ state: 'loading', attempts: 2, kills: 1, lease: { owner: 'two' } });
  });

  it('is claimed with one read', async () => {
    await claimed();
    expect(store.asked.reads).toBe(1);
  });

  it('has no kills any more once a load settles it', async () => {
    await claimed();
    clock.advance(MINUTE_MS);
    const entry = await publish('v1', 'two');
    expect(entry).not.toHaveProperty('kills');
  });

  describe('whose lease was taken over', () => {
    /** The claim of the first, whose lease has ended: the second has the day. */
    async function startTakenOver() {
      const first = await claimed();
      clock.advance(2 * MINUTE_MS);
      await claimed('two');
      return first;
    }

    it('is not settled by the load that had it before', async () => {
      const first = await startTakenOver();
      expect(await ledger.settle(first, settled('v1'))).toBeNull();
      expect(await ledger.read(place)).toMatchObject({ state: 'loading', lease: { owner: 'two' } });
    });

    it('is not renewed by the load that had it before', async () => {
      const first = await startTakenOver();
      expect(await ledger.renew(first, clock.now() + MINUTE_MS)).toBeNull();
    });
  });

  it('has the note of an erasure that came meanwhile, until a load that was claimed after its end settles', async () => {
    const noteErased = (endedAt?: number) =>
      ledger.change(place, (known) => {
        const ended = endedAt === undefined ? {} : { endedAt };
        return { entry: noteErasure(known, { id: 'e1', at: clock.now(), ...ended }) };
      });
    const first = await claimed();
    await noteErased();
    expect(await ledger.settle(first, settled('v1'))).toMatchObject({
      version: 'v1',
      erasures: [{ id: 'e1' }],
    });
    const second = await claimed('two');
    clock.advance(1);
    await noteErased(clock.now());
    expect(await ledger.settle(second, settled('v2'))).toMatchObject({
      erasures: [{ endedAt: clock.now() }],
    });
    clock.advance(1);
    const third = await publish('v3', 'three');
    expect(third?.erasures).toBeUndefined();
  });

  describe('that keeps what its rows hold', () => {
    const counts = { types: ['DOUBLE'], none: 0, numbers: 10 };
    const content = dayContent({
      fields: { eventValue: { ...counts, size: 1.13 } },
      unusual: [
        { kind: 'values', field: 'eventValue', words: 'w', values: ['EUR 1'] },
        { kind: 'names', field: 'event_name', words: '1 row with event_name "u1"' },
      ],
      names: { event_name: { u1: { rows: 1, zeros: 0 } } },
      digests: [1, 2],
    });

    beforeEach(async () => {
      await ledger.settle(await claimed(), settlement({ content }));
    });

    it('has no value back that an erasure took out of it during a load', async () => {
      const claim = await claimed('two');
      if (claim.entry.content === undefined) throw new Error('The load knows no content.');
      await ledger.change(place, (known) => ({ entry: withoutValues(known) }));
      const entry = await ledger.settle(claim, settlement({ content: claim.entry.content }));
      const { names: _, digests: __, ...unnamed } = content;
      expect(entry?.content).toEqual({
        ...unnamed,
        fields: { eventValue: counts },
        unusual: [
          { kind: 'values', field: 'eventValue', words: 'w' },
          { kind: 'names', field: 'event_name', words: expect.not.stringContaining('u1') },
        ],
      });
    });

    it.each([
      { load: 'one that looked at its rows', next: settlement({ content: dayContent({ copies: 3 }) }) },
      { load: 'one that has no content', next: settlement() },
    ])('has after a load what that one has: $load', async ({ next }) => {
      const claim = await claimed('two');
      expect((await ledger.settle(claim, next))?.content).toEqual(next.content);
    });

    it('has nothing to lose if no content is there', () => {
      expect(withoutValues({})).toEqual({});
    });
  });

  describe('whose loads fail after a version was published', () => {
    const failure = { code: 'SLUICE_FILE_TRUNCATED', message: 'It ends too early.' };

    /** A day of version `v1` that has failed so often, a minute after the other. */
    async function startFailing(times: number) {
      await publish('v1');
      const failingSince = clock.now();
      for (let time = 0; time < times; time += 1) {
        const claim = await claimed(`failing ${time}`);
        await ledger.settle(claim, { ...failed, state: 'failed', fingerprint: 'f2', failure });
        clock.advance(MINUTE_MS);
      }
      return failingSince;
    }

    it.each([1, 2])('keeps that version, and since when it fails: %i times', async (times) => {
      const failingSince = await startFailing(times);
      const expected = { state: 'failed', version: 'v1', failure, failingSince };
      expect(await ledger.read(place)).toMatchObject(expected);
    });

    it('fails since its entry was written, if an earlier release wrote it', async () => {
      await startFailing(1);
      const before = await ledger.read(place);
      if (before === null) throw new RangeError('No entry.');
      const { failingSince: _, ...entry } = before;
      await store.write(ledgerKey(place.source, place.dataset, place.day), JSON.stringify(entry));
      const claim = await claimed('later');
      const settledAgain = await ledger.settle(claim, { ...failed, state: 'failed', failure });
      expect(settledAgain?.failingSince).toBe(entry.updatedAt);
    });

    it('keeps the note of an erasure that has ended, because its files are still those of that version', async () => {
      await startFailing(1);
      const note = { id: 'e1', at: clock.now(), endedAt: clock.now() };
      await ledger.change(place, (known) => ({ entry: noteErasure(known, note) }));
      clock.advance(1);
      const claim = await claimed('later');
      const entry = await ledger.settle(claim, { ...failed, state: 'failed', failure });
      expect(entry?.erasures).toMatchObject([{ id: 'e1' }]);
    });

    it('fails on while other files of it are queued, and while they are loaded', async () => {
      const failingSince = await startFailing(1);
      await ledger.noteQueued(place, { fingerprint: 'f3', reason: 'changed', writtenAt: 7 });
      const queued = { since: failingSince, waits: true, replaced: 7 };
      expect(failingOf(await ledger.read(place))).toMatchObject(queued);
      await claimed('other files');
      expect(failingOf(await ledger.read(place))).toMatchObject({ since: failingSince, waits: false });
    });

    it('fails no more once a load succeeds', async () => {
      await startFailing(1);
      await publish('v3', 'mended');
      const entry = await ledger.read(place);
      expect(entry?.version).toBe('v3');
      expect(entry).not.toHaveProperty('failure');
      expect(entry).not.toHaveProperty('failingSince');
    });
  });

  it('is not recorded as queued during a load, but once its lease has ended', async () => {
    await claimed();
    clock.advance(MINUTE_MS - 1);
    expect(await note('f2')).toBe(false);
    clock.advance(1);
    expect(await note('f2')).toBe(true);
  });

  it('is no longer queued once a load settles it', async () => {
    await note();
    const entry = await publish('v1');
    expect(entry).not.toHaveProperty('queued');
  });

  it('keeps its version while it is queued again', async () => {
    await publish('v1');
    await note('f2', 'changed');
    expect(await ledger.read(place)).toMatchObject({ state: 'waiting', version: 'v1', fingerprint: 'f1' });
  });

  it('is not recorded as queued if each write meets a conflict', async () => {
    store.faults = ['conflict', 'conflict', 'conflict'];
    expect(await note()).toBe(false);
  });

  it('is claimed despite a concurrent record of its queueing, without a wait', async () => {
    // Each reads before the other writes: the note comes first.
    const [noted, { entry }] = await Promise.all([note(), claimed()]);
    expect(noted).toBe(true);
    expect(entry).toMatchObject({ state: 'loading', queued: { reason: 'new' } });
    expect(waits).toEqual([]);
  });

  it('is recorded as queued only if its entry is still the one that the plan saw', async () => {
    await publish('v1');
    const seen = await ledger.read(place);
    const latest = await publish('v2', 'two');
    expect([
      await note('f1', 'new', null),
      await note('f1', 'new', seen),
      await note('f1', 'new', latest),
    ]).toEqual([false, false, true]);
  });

  it('counts attempts for the queued files, and starts again for other files', async () => {
    const tried: { readonly attempts: number; readonly kills: number | undefined }[] = [];
    const load = async (fingerprint: string) => {
      const { entry } = await claimed('one', clock.now() + MINUTE_MS, fingerprint);
      tried.push({ attempts: entry.attempts, kills: entry.kills });
      clock.advance(2 * MINUTE_MS);
    };
    for (const fingerprint of ['f1', 'f2', 'f2']) {
      await note(fingerprint);
      await load(fingerprint);
      // The message of the killed load comes again.
      if (fingerprint === 'f1') await load(fingerprint);
    }
    // A task of other files than those that are queued.
    await load('f3');
    expect(tried).toEqual([
      { attempts: 1, kills: undefined },
      { attempts: 2, kills: 1 },
      { attempts: 1, kills: undefined },
      { attempts: 2, kills: undefined },
      { attempts: 1, kills: undefined },
    ]);
  });

  it('keeps the failure of a released attempt, and counts the next one as no kill', async () => {
    const first = await claimed();
    const entry = await ledger.release(first, away);
    expect(entry).toMatchObject({ state: 'waiting', failure: away, attempts: 1 });
    expect(entry).not.toHaveProperty('lease');
    const second = await claimed('two');
    expect(second.entry).toMatchObject({ state: 'loading', attempts: 2, failure: away });
    expect(second.entry).not.toHaveProperty('kills');
  });

  it('is released once', async () => {
    const claim = await claimed();
    await ledger.release(claim, away);
    expect(await ledger.release(claim, away)).toBeNull();
  });

  it('counts attempts anew after it is settled', async () => {
    await ledger.release(await claimed(), away);
    await publish('v1', 'two');
    expect((await claimed('three')).entry.attempts).toBe(1);
  });

  it('that waits for its files counts no attempt, and says since when it waits for these, for this reason', async () => {
    const queued = { fingerprint: 'f2', reason: 'settling' };
    const at = clock.now();
    for (const owner of ['one', 'two']) {
      const claim = await claimed(owner);
      const waiting = { state: 'waiting', attempts: 0, queued: { ...queued, at } };
      expect(await ledger.defer(claim, queued)).toMatchObject(waiting);
      clock.advance(1);
    }
    for (const other of [
      { fingerprint: 'f2', reason: 'changed' },
      { fingerprint: 'f3', reason: 'changed' },
    ]) {
      const claim = await claimed('three');
      expect(await ledger.defer(claim, other)).toMatchObject({ queued: { ...other, at: clock.now() } });
      clock.advance(1);
    }
  });

  describe('that is loaded in pieces', () => {
    const run = (done: number) => loadRun({ done });
    const queued = { fingerprint: 'f1', reason: 'new', files: 3, writtenAt: 1 };

    /** A day whose load was killed in its first piece, and is claimed again. */
    async function startKilled() {
      const queuedAt = clock.now();
      await ledger.noteQueued(place, queued);
      await ledger.recordRun(await claimed(), run(0));
      clock.advance(2 * MINUTE_MS);
      const claim = await claimed('two');
      return { claim, queuedAt };
    }

    /** Records how far the load is. */
    async function recorded(claim: Claim, done: number): Promise<Claim> {
      const next = await ledger.recordRun(claim, run(done));
      if (next === null) throw new Error('Another owner has the day.');
      return next;
    }

    it('is loaded at once when its pieces are dropped, and its queue names the piece of the task', async () => {
      const { claim } = await startKilled();
      const piece = { version: 'v1', done: 1 };
      const dropped = await ledger.dropRun(claim, piece);
      expect(dropped?.entry).not.toHaveProperty('run');
      expect(dropped?.entry).toMatchObject({ state: 'loading', queued: { fingerprint: 'f1', piece } });
    });

    it('counts the tries and kills of a piece', async () => {
      const { claim } = await startKilled();
      expect(claim.entry).toMatchObject({ attempts: 2, kills: 1, run: run(0) });
    });

    it('counts them on while the piece is not done', async () => {
      const { claim } = await startKilled();
      const { entry } = await recorded(claim, 0);
      expect(entry).toMatchObject({ attempts: 2, kills: 1, run: run(0) });
    });

    it('counts them anew for the next piece', async () => {
      const { claim } = await startKilled();
      const { entry } = await recorded(claim, 1);
      expect(entry).toMatchObject({ attempts: 1, run: run(1) });
      expect(entry).not.toHaveProperty('kills');
    });

    it('is handed over to the next piece, whose first try is its first attempt', async () => {
      const { claim, queuedAt } = await startKilled();
      const handedOver = await ledger.handOver(await recorded(claim, 1), run(1));
      const waiting = { state: 'waiting', attempts: 0, queued: { ...queued, at: queuedAt }, run: run(1) };
      expect(handedOver).toMatchObject(waiting);
      const { entry } = await claimed('three');
      expect(entry).toMatchObject({ attempts: 1, run: run(1) });
      expect(entry).not.toHaveProperty('kills');
    });

    it('is not handed over by a load that has it no more', async () => {
      const { claim } = await startKilled();
      clock.advance(2 * MINUTE_MS);
      await claimed('three');
      expect(await ledger.handOver(claim, run(1))).toBeNull();
    });
  });

  it('keeps what others note during a load', async () => {
    const claim = await claimed();
    await ledger.change(place, (known) => ({ entry: { ...known, usualRows: 7 } }));
    expect(await ledger.release(claim, away)).toMatchObject({ usualRows: 7, failure: away });
  });

  describe('that is claimed by a decision on its entry', () => {
    /** Claims the day for a minute, and sets its bytes. */
    const claimBytes = (owner: string, bytes: number) =>
      ledger.claim(place, owner, inAMinute(), (entry) => ({ entry: { ...entry, bytes }, isNext: true }));

    it('has what the claimer changes', async () => {
      const outcome = await claimBytes('one', 3);
      expect(outcome).toMatchObject({ wasKilled: false, claim: { entry: { attempts: 1, bytes: 3 } } });
    });

    it('says whether its load before was killed', async () => {
      await claimBytes('one', 3);
      clock.advance(2 * MINUTE_MS);
      const outcome = await claimBytes('two', 4);
      expect(outcome).toMatchObject({ wasKilled: true, claim: { entry: { attempts: 2, kills: 1 } } });
    });

    it('answers why the claimer refuses it, and is not written', async () => {
      const refused = await ledger.claim(place, 'one', clock.now(), () => ({ why: 'ended' }));
      expect(refused).toEqual({ why: 'ended' });
      expect(store.stored).toBeNull();
    });
  });

  describe('whose dataset is moved to another table', () => {
    const other = { ...place, table: 'other' };
    const queued = { fingerprint: 'f1', reason: 'new' };

    it('is busy during a load into the table before', async () => {
      const until = clock.now() + MINUTE_MS;
      await claimed('one', until);
      expect(await ledger.claim(other, 'two', until, 'f1')).toEqual({ busyUntil: until });
      expect(await ledger.noteQueued(other, queued)).toBe(false);
    });

    it('has nothing there of the table before', async () => {
      await publish('v1');
      expect(await ledger.noteQueued(other, queued)).toBe(true);
      const entry = await ledger.read(place);
      expect(entry).toMatchObject({ table: 'other', fingerprint: null, files: [], attempts: 0 });
      expect(entry).not.toHaveProperty('version');
    });
  });

  it.each([
    { what: 'the answer is lost', faults: ['lost_answer'] as const },
    { what: 'S3 takes it twice', faults: ['written_twice'] as const },
    { what: 'two conflicts come before it', faults: ['conflict', 'conflict'] as const },
  ])('is renewed by a write of which $what', async ({ faults }) => {
    const claim = await claimed();
    const until = clock.now() + 2 * MINUTE_MS;
    store.faults = [...faults];
    expect(await ledger.renew(claim, until)).toMatchObject({
      until,
      entry: { lease: { owner: 'one', until } },
    });
  });

  it('is claimed by a write whose answer is lost', async () => {
    store.faults = ['lost_answer'];
    const { eTag } = await claimed();
    expect(store.stored).toMatchObject({ eTag, entry: { lease: { owner: 'one' } } });
  });

  it('reports a store that accepts no write', async () => {
    store.faults = Array.from({ length: 9 }, () => 'away' as const);
    await expect(ledger.claim(place, 'one', inAMinute(), 'f1')).rejects.toThrow('away');
    // Three tries, and longer and longer between them, with jitter.
    expect(waits).toEqual([50, 100]);
    expect(store.faults).toHaveLength(6);
    store.faults = [];
    expect(await ledger.read(place)).toBeNull();
  });

  it('is busy for a claimer to which others came first five times', async () => {
    store.faults = Array.from({ length: 90 }, () => 'conflict' as const);
    const outcome = await ledger.claim(place, 'one', inAMinute(), 'f1');
    expect(outcome).toEqual({ busyUntil: 0 });
    // Each of five tries writes three times.
    expect(store.faults).toHaveLength(75);
  });

  it.each<{ readonly what: string; readonly change: (claim: Claim) => Promise<unknown> }>([
    { what: 'of its owner', change: (claim) => ledger.renew(claim, claim.until) },
    { what: 'of others', change: () => ledger.change(place, (known) => ({ entry: known })) },
  ])('gives up a change $what to which others came first twenty times', async ({ change }) => {
    const claim = await claimed();
    store.faults = Array.from({ length: 90 }, () => 'conflict' as const);
    await expect(change(claim)).rejects.toMatchObject({ code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' });
    // Twenty tries, of three writes each, with a pause between each two.
    expect(store.faults).toHaveLength(30);
    expect(waits).toHaveLength(19 + 20 * 2);
  });

  it('is no longer of its owner once its entry is deleted', async () => {
    const claim = await claimed();
    store.objects.clear();
    expect(await ledger.renew(claim, claim.until)).toBeNull();
  });

  it('is unknown if its entry cannot be read as one', async () => {
    const unreadable = new LedgerError('SLUICE_INGEST_LEDGER_INVALID');
    expect(await readKnown({ read: () => Promise.reject(unreadable) }, place)).toBeNull();
  });

  it.each([
    { what: 'the store fails', error: new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE') },
    {
      what: 'another error has that code',
      error: Object.assign(new Error('made'), { code: 'SLUICE_INGEST_LEDGER_INVALID' }),
    },
  ])('is not unknown if $what', async ({ error }) => {
    await expect(readKnown({ read: () => Promise.reject(error) }, place)).rejects.toBe(error);
  });
});
