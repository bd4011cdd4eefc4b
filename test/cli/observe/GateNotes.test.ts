import { describe, expect, it } from '@jest/globals';
import { GateNotes } from '../../../cli/observe/GateNotes.ts';
import { type LiveRequest, readRequestLine } from '../../../observe/facts/flow/liveEntries.ts';
import type { Gate } from '../../../observe/live/gate.ts';

const nothing: Gate = { gate: 'no_request', code: null, text: 'Nothing came.' };
const accepted: Gate = { gate: 'accepted', code: null, text: 'It is on its way.' };
const refused: Gate = { gate: 'refused', code: 'SLUICE_KEY_MISSING', text: 'It has no key.' };

/** A request of the log, with the status of its answer. */
function requestOf(status: number): LiveRequest {
  const line = JSON.stringify({ event: 'collect', status, ms: 1 });
  const request = readRequestLine(line, '2026-11-20T08:00:00.000Z');
  if (request === undefined) throw new RangeError('No request.');
  return request;
}

/** An error as a client of AWS throws it for an answer. */
const answered = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('so it is'), { name, $metadata: { httpStatusCode } });

/** Notes of a gate that is read as these, one after the other; at last, that an event has come through. */
function start(...reads: readonly (Gate | Error)[]) {
  const left = [...reads];
  const shown: string[] = [];
  const looks = { count: 0 };
  const notes = new GateNotes({
    async read() {
      looks.count += 1;
      const next = left.shift();
      if (next instanceof Error) throw next;
      return next ?? null;
    },
    gateOf: ({ status }) => (status === 202 ? accepted : refused),
    show: (sentence) => shown.push(sentence),
  });
  return { notes, shown, looks };
}

describe('where the first event of a deployment stops', () => {
  it('is said once for each place', async () => {
    const { notes, shown } = start(nothing, nothing, refused);
    for (let look = 0; look < 3; look += 1) await notes.look();
    for (const status of [202, 401, 202]) notes.onRequest(requestOf(status));
    expect(shown).toEqual([nothing.text, refused.text, accepted.text]);
  });

  it('is not said of a request before it was looked at', async () => {
    const { notes, shown } = start(nothing);
    notes.onRequest(requestOf(401));
    expect(shown).toEqual([]);
    await notes.look();
    notes.onRequest(requestOf(401));
    expect(shown).toEqual([nothing.text, refused.text]);
  });

  it('is neither read nor said once an event has come through', async () => {
    const { notes, shown, looks } = start(nothing);
    for (let look = 0; look < 3; look += 1) await notes.look();
    notes.onRequest(requestOf(401));
    expect(shown).toEqual([nothing.text]);
    expect(looks.count).toBe(2);
  });

  it.each([
    { error: answered('ThrottlingException', 400), code: 'ThrottlingException' },
    { error: Object.assign(new Error('away'), { code: 'ECONNREFUSED' }), code: 'ECONNREFUSED' },
  ])('is said although it could not be read before, which is said: $code', async ({ error, code }) => {
    const { notes, shown } = start(error, error, nothing);
    for (let look = 0; look < 3; look += 1) await notes.look();
    expect(shown).toEqual([expect.stringContaining(code), nothing.text]);
  });

  it('is not read again after a denial, which is said', async () => {
    const { notes, shown, looks } = start(answered('AccessDeniedException', 400), nothing);
    for (let look = 0; look < 2; look += 1) await notes.look();
    notes.onRequest(requestOf(401));
    expect(shown).toEqual([expect.stringContaining('AccessDeniedException')]);
    expect(looks.count).toBe(1);
  });

  it('fails with a defect', async () => {
    const defect = new TypeError('x is not a function');
    await expect(start(defect).notes.look()).rejects.toBe(defect);
  });
});
