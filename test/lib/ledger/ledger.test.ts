import { describe, expect, it } from '@jest/globals';
import { withoutValues } from '../../../lib/ledger/DayContent.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { type Claim, type Ledger, readKnown } from '../../../lib/ledger/Ledger.ts';
import { type LedgerEntry, ledgerEntrySchema } from '../../../lib/ledger/LedgerEntry.ts';
import { LedgerError } from '../../../lib/ledger/LedgerError.ts';
import { failingOf } from '../../../observe/facts/days/ledgerDays.ts';
import { dayContent, loadRun, settlement } from '../../harness/ledgerEntry.ts';
import { MINUTE_MS, place, settled, startLedger } from './startLedger.ts';

async function claimed(ledger: Ledger, owner: string, until: number, fingerprint = 'f1'): Promise<Claim> {
  const outcome = await ledger.claim(place, owner, until, fingerprint);
  if (!('claim' in outcome)) throw new Error(`busy until ${outcome.busyUntil}`);
  return outcome.claim;
}

describe('a day in the ledger', () => {
  it('is claimed by one load, busy for the next until the lease ends, and then taken over', async () => {
    const { clock, store, ledger } = startLedger();
    const until = clock.now() + 16 * MINUTE_MS;
    await claimed(ledger, 'one', until);
    expect(store.asked.reads).toBe(1);
    expect(await ledger.claim(place, 'two', until, 'f1')).toEqual({ busyUntil: until });
    // The same message may be delivered twice: its owner is another each time.
    expect(await ledger.claim(place, 'one', until, 'f1')).toEqual({ busyUntil: until });
    clock.advance(16 * MINUTE_MS);
    const taken = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    expect(taken.entry).toMatchObject({ state: 'loading', attempts: 2, kills: 1, lease: { owner: 'two' } });
    expect((await ledger.settle(taken, settled('v1')))?.kills).toBeUndefined();
  });

  it('is settled by its holder, and not by a load whose lease was taken over', async () => {
    const { clock, ledger } = startLedger();
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    clock.advance(2 * MINUTE_MS);
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    expect(await ledger.settle(first, settled('v1'))).toBeNull();
    expect(await ledger.renew(first, clock.now() + MINUTE_MS)).toBeNull();
    expect(await ledger.settle(second, settled('v2'))).toMatchObject({ state: 'succeeded', version: 'v2' });
    const entry = await ledger.read(place);
    expect(entry).toMatchObject({ version: 'v2', fingerprint: 'f1' });
    expect(entry?.lease).toBeUndefined();
    expect(ledgerEntrySchema.parse(JSON.parse(JSON.stringify(entry)))).toEqual(entry);
  });

  it('has the note of an erasure that came meanwhile, until a load that was claimed after its end settles', async () => {
    const { clock, ledger } = startLedger();
    const note = (endedAt?: number) =>
      ledger.change(place, (known) => {
        const ended = endedAt === undefined ? {} : { endedAt };
        return { entry: noteErasure(known, { id: 'e1', at: clock.now(), ...ended }) };
      });
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    await note();
    expect(await ledger.settle(first, settled('v1'))).toMatchObject({
      version: 'v1',
      erasures: [{ id: 'e1' }],
    });
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    clock.advance(1);
    await note(clock.now());
    expect(await ledger.settle(second, settled('v2'))).toMatchObject({
      erasures: [{ endedAt: clock.now() }],
    });
    clock.advance(1);
    const third = await ledger.settle(await claimed(ledger, 'three', clock.now() + MINUTE_MS), settled('v3'));
    expect(third?.erasures).toBeUndefined();
  });

  it('has no value back that an erasure took out of it meanwhile', async () => {
    const { clock, ledger } = startLedger();
    const counts = { types: ['DOUBLE'], none: 0, numbers: 10 };
    const content = dayContent({
      fields: { eventValue: { ...counts, size: 1.13 } },
      unusual: [{ kind: 'values', field: 'eventValue', words: 'w', values: ['EUR 1'] }],
      names: { event_name: ['u1'] },
    });
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    await ledger.settle(first, settlement({ content }));
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    await ledger.change(place, (known) => ({ entry: withoutValues(known) }));
    const kept = second.entry.content === undefined ? {} : { content: second.entry.content };
    const settled = await ledger.settle(second, settlement(kept));
    expect(settled?.content?.unusual).toEqual([{ kind: 'values', field: 'eventValue', words: 'w' }]);
    expect(settled?.content?.fields).toEqual({ eventValue: counts });
    expect(settled?.content?.names).toBeUndefined();
    // A load that looked at its rows replaces what is kept, and one that has none has nothing of an earlier load.
    const other = dayContent({ copies: 3 });
    for (const next of [settlement({ content: other }), settlement()]) {
      const claim = await claimed(ledger, 'three', clock.now() + MINUTE_MS);
      expect((await ledger.settle(claim, next))?.content).toEqual(next.content);
    }
    expect(withoutValues({})).toEqual({});
  });

  describe('whose loads fail after a version was published', () => {
    const failure = { code: 'SLUICE_FILE_TRUNCATED', message: 'It ends too early.' };

    /** A day of version `v1` that has failed so often, a minute after the other. */
    async function startFailing(times: number) {
      const started = startLedger();
      const { clock, ledger } = started;
      await ledger.settle(await claimed(ledger, 'one', clock.now() + MINUTE_MS), settled('v1'));
      const { version: _, ...failed } = settled('');
      const failingSince = clock.now();
      for (let time = 0; time < times; time += 1) {
        const claim = await claimed(ledger, `failing ${time}`, clock.now() + MINUTE_MS);
        await ledger.settle(claim, { ...failed, state: 'failed', fingerprint: 'f2', failure });
        clock.advance(MINUTE_MS);
      }
      return { ...started, failingSince };
    }

    it.each([1, 2])('keeps that version, and since when it fails: %i times', async (times) => {
      const { ledger, failingSince } = await startFailing(times);
      const expected = { state: 'failed', version: 'v1', failure, failingSince };
      expect(await ledger.read(place)).toMatchObject(expected);
    });

    it('fails on while other files of it are queued, and while they are loaded', async () => {
      const { clock, ledger, failingSince } = await startFailing(1);
      await ledger.noteQueued(place, { fingerprint: 'f3', reason: 'changed', writtenAt: 7 });
      const queued = { since: failingSince, waits: true, replaced: 7 };
      expect(failingOf(await ledger.read(place))).toMatchObject(queued);
      await claimed(ledger, 'other files', clock.now() + MINUTE_MS);
      expect(failingOf(await ledger.read(place))).toMatchObject({ since: failingSince, waits: false });
    });

    it('fails no more once a load succeeds', async () => {
      const { clock, ledger } = await startFailing(1);
      await ledger.settle(await claimed(ledger, 'mended', clock.now() + MINUTE_MS), settled('v3'));
      const entry = await ledger.read(place);
      expect(entry?.version).toBe('v3');
      expect(entry).not.toHaveProperty('failure');
      expect(entry).not.toHaveProperty('failingSince');
    });
  });

  it('is recorded as queued, but not during a load', async () => {
    const { clock, store, ledger } = startLedger();
    expect(await ledger.noteQueued(place, { fingerprint: 'f1', reason: 'new' })).toBe(true);
    expect(await ledger.read(place)).toMatchObject({
      state: 'waiting',
      attempts: 0,
      fingerprint: null,
      queued: { fingerprint: 'f1', reason: 'new', at: clock.now() },
    });
    const claim = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    expect(await ledger.noteQueued(place, { fingerprint: 'f2', reason: 'changed' })).toBe(false);
    await ledger.settle(claim, settled('v1'));
    expect((await ledger.read(place))?.queued).toBeUndefined();
    await ledger.noteQueued(place, { fingerprint: 'f2', reason: 'changed' });
    expect(await ledger.read(place)).toMatchObject({ state: 'waiting', version: 'v1', fingerprint: 'f1' });
    await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    clock.advance(MINUTE_MS);
    expect(await ledger.noteQueued(place, { fingerprint: 'f3', reason: 'changed' })).toBe(true);
    store.faults = ['conflict', 'conflict', 'conflict'];
    expect(await ledger.noteQueued(place, { fingerprint: 'f4', reason: 'changed' })).toBe(false);
  });

  it('is claimed despite a concurrent record of its queueing, and not recorded as queued once it is settled', async () => {
    const { clock, ledger, waits } = startLedger();
    const note = (seen?: LedgerEntry | null) =>
      ledger.noteQueued(place, { fingerprint: 'f1', reason: 'new' }, seen);
    // Each reads before the other writes: the note comes first.
    const [noted, first] = await Promise.all([note(), claimed(ledger, 'one', clock.now() + MINUTE_MS)]);
    expect(noted).toBe(true);
    expect(first.entry.queued?.reason).toBe('new');
    await ledger.settle(first, settled('v1'));

    const seen = await ledger.read(place);
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    expect(second.entry.attempts).toBe(1);
    await ledger.settle(second, settled('v2'));
    // Whoever loses to another write does not wait.
    expect(waits).toEqual([]);
    expect(await note(seen)).toBe(false);
    expect(await note(null)).toBe(false);
    expect(await ledger.read(place)).toMatchObject({ state: 'succeeded', version: 'v2' });
    expect(await note(await ledger.read(place))).toBe(true);
  });

  it('counts attempts for the queued files, and starts again for other files', async () => {
    const { clock, ledger } = startLedger();
    const tried: { readonly attempts: number; readonly kills: number | undefined }[] = [];
    const load = async (fingerprint: string) => {
      const { entry } = await claimed(ledger, 'one', clock.now() + MINUTE_MS, fingerprint);
      tried.push({ attempts: entry.attempts, kills: entry.kills });
      clock.advance(2 * MINUTE_MS);
    };
    for (const fingerprint of ['f1', 'f2', 'f2']) {
      await ledger.noteQueued(place, { fingerprint, reason: 'new' });
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

  it('counts attempts again after it is settled, and keeps the failure of a released attempt', async () => {
    const { clock, ledger } = startLedger();
    const failure = { code: 'SLUICE_SOURCE_UNAVAILABLE', message: 'SlowDown.' };
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    expect(await ledger.release(first, failure)).toMatchObject({ state: 'waiting', failure, attempts: 1 });
    expect(await ledger.release(first, failure)).toBeNull();
    expect((await ledger.read(place))?.lease).toBeUndefined();
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    expect(second.entry).toMatchObject({ state: 'loading', attempts: 2, failure });
    expect(second.entry.kills).toBeUndefined();
    await ledger.settle(second, settled('v1'));
    expect((await claimed(ledger, 'three', clock.now() + MINUTE_MS)).entry.attempts).toBe(1);
  });

  it('that waits for its files counts no attempt, and says since when it does', async () => {
    const { clock, ledger } = startLedger();
    const queued = { fingerprint: 'f2', reason: 'settling' };
    const at = clock.now();
    for (const owner of ['one', 'two']) {
      const claim = await claimed(ledger, owner, clock.now() + MINUTE_MS);
      const waiting = { state: 'waiting', attempts: 0, queued: { ...queued, at } };
      expect(await ledger.defer(claim, queued)).toMatchObject(waiting);
      clock.advance(1);
    }
    const claim = await claimed(ledger, 'three', clock.now() + MINUTE_MS);
    const other = { fingerprint: 'f2', reason: 'changed' };
    expect(await ledger.defer(claim, other)).toMatchObject({ queued: { ...other, at: at + 2 } });
  });

  it('that is loaded in pieces counts the tries of each piece', async () => {
    const { clock, ledger } = startLedger();
    const state = (done: number) => loadRun({ done });
    const queued = { fingerprint: 'f1', reason: 'new', files: 3, writtenAt: 1 };
    const at = clock.now();
    await ledger.noteQueued(place, queued);
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    const planned = await ledger.recordRun(first, state(0));
    expect(planned?.entry).toMatchObject({ attempts: 1, run: state(0) });
    clock.advance(2 * MINUTE_MS);
    // Killed in the first piece, and then in the second.
    const second = await claimed(ledger, 'two', clock.now() + MINUTE_MS);
    expect(second.entry.attempts).toBe(2);
    expect(second.entry.kills).toBe(1);
    const recorded = await ledger.recordRun(second, state(1));
    expect(recorded?.entry.attempts).toBe(1);
    expect(recorded?.entry.kills).toBeUndefined();
    clock.advance(2 * MINUTE_MS);
    const third = await claimed(ledger, 'three', clock.now() + MINUTE_MS);
    expect(third.entry.attempts).toBe(2);
    expect(third.entry.kills).toBe(1);
    const same = await ledger.recordRun(third, state(1));
    expect(same?.entry.attempts).toBe(2);
    expect(same?.entry.kills).toBe(1);
    const last = (await ledger.recordRun(third, state(2))) ?? third;
    const handedOver = { state: 'waiting', attempts: 0, queued: { ...queued, at }, run: state(2) };
    expect(await ledger.handOver(last, state(2))).toMatchObject(handedOver);
    const fourth = await claimed(ledger, 'four', clock.now() + MINUTE_MS);
    expect(fourth.entry.attempts).toBe(1);
    expect(fourth.entry.kills).toBeUndefined();
    expect(await ledger.handOver(last, state(2))).toBeNull();
  });

  it('keeps what others note while somebody has it, and says whether that was killed', async () => {
    const { clock, ledger } = startLedger();
    const first = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    await ledger.change(place, (known) => ({ entry: { ...known, usualRows: 7 } }));
    const failure = { code: 'SLUICE_X', message: 'm' };
    expect(await ledger.release(first, failure)).toMatchObject({ usualRows: 7, failure });
    const taken = async (owner: string) => {
      const until = clock.now() + MINUTE_MS;
      return ledger.claim(place, owner, until, (entry) => ({ entry: { ...entry, bytes: 3 }, isNext: true }));
    };
    expect(await taken('two')).toMatchObject({
      wasKilled: false,
      claim: { entry: { attempts: 2, bytes: 3 } },
    });
    clock.advance(2 * MINUTE_MS);
    expect(await taken('three')).toMatchObject({
      wasKilled: true,
      claim: { entry: { attempts: 3, kills: 1 } },
    });
    const refused = await ledger.claim(place, 'four', clock.now(), () => ({ why: 'ended' }));
    expect(refused).toEqual({ why: 'ended' });
    expect(await ledger.read(place)).toMatchObject({ lease: { owner: 'three' } });
  });

  it('has no state for another table, but is busy during a load into that table', async () => {
    const { clock, ledger } = startLedger();
    const other = { ...place, table: 'other' };
    await ledger.settle(await claimed(ledger, 'one', clock.now() + MINUTE_MS), settled('v1'));
    const until = clock.now() + MINUTE_MS;
    const claim = await claimed(ledger, 'two', until);
    expect(await ledger.claim(other, 'three', until, 'f1')).toEqual({ busyUntil: until });
    expect(await ledger.noteQueued(other, { fingerprint: 'f1', reason: 'new' })).toBe(false);
    await ledger.settle(claim, settled('v2'));
    expect(await ledger.noteQueued(other, { fingerprint: 'f1', reason: 'new' })).toBe(true);
    const entry = await ledger.read(place);
    expect(entry).toMatchObject({ table: 'other', fingerprint: null, files: [], attempts: 0 });
    expect(entry?.version).toBeUndefined();
  });

  it('belongs to its claimer even if the response to the write is lost', async () => {
    const { clock, store, ledger } = startLedger();
    store.faults = ['lost_answer'];
    const claim = await claimed(ledger, 'one', clock.now() + MINUTE_MS);
    store.faults = ['written_twice'];
    const renewed = await ledger.renew(claim, clock.now() + 2 * MINUTE_MS);
    expect(renewed).not.toBeNull();
    store.faults = ['conflict', 'conflict'];
    expect(await ledger.settle(renewed ?? claim, settled('v1'))).toMatchObject({ version: 'v1' });
  });

  it('reports a store that accepts no write', async () => {
    const { clock, store, ledger, waits } = startLedger();
    store.faults = Array.from({ length: 9 }, () => 'away' as const);
    await expect(ledger.claim(place, 'one', clock.now() + MINUTE_MS, 'f1')).rejects.toThrow('away');
    // Three tries, and longer and longer between them, with jitter.
    expect(waits).toEqual([50, 100]);
    expect(store.faults).toHaveLength(6);
    store.faults = [];
    expect(await ledger.read(place)).toBeNull();
  });

  it('is busy for a claimer to which others came first each time, and gives up a change that never fits', async () => {
    const { clock, store, ledger, waits } = startLedger();
    const conflicts = () => Array.from({ length: 90 }, () => 'conflict' as const);
    const until = clock.now() + MINUTE_MS;
    store.faults = conflicts();
    expect(await ledger.claim(place, 'one', until, 'f1')).toEqual({ busyUntil: 0 });
    // Each of five tries writes three times.
    expect(store.faults.length).toBe(75);
    store.faults = [];
    const claim = await claimed(ledger, 'one', until);
    const unavailable = { code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' };
    for (const change of [
      () => ledger.renew(claim, until),
      () => ledger.change(place, (known) => ({ entry: known })),
    ]) {
      store.faults = conflicts();
      waits.length = 0;
      await expect(change()).rejects.toMatchObject(unavailable);
      // Twenty tries, of three writes each.
      expect(store.faults).toHaveLength(30);
      expect(waits.length).toEqual(19 + 20 * 2);
    }
    store.faults = [];
    store.objects.clear();
    expect(await ledger.renew(claim, until)).toBeNull();
  });

  it('is unknown if its entry cannot be read as one, and not if the store fails', async () => {
    const known = (error: unknown) => readKnown({ read: () => Promise.reject(error) }, place);
    expect(await known(new LedgerError('SLUICE_INGEST_LEDGER_INVALID'))).toBeNull();
    const unavailable = new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE');
    await expect(known(unavailable)).rejects.toBe(unavailable);
    const other = Object.assign(new Error('made'), { code: 'SLUICE_INGEST_LEDGER_INVALID' });
    await expect(known(other)).rejects.toBe(other);
  });
});
