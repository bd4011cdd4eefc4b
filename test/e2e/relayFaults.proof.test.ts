import { afterAll, describe, expect, it } from '@jest/globals';
import { textTable } from '../../cli/terminal/output.ts';
import { type RelayAccount, type RelayFault, RelayWitness } from '../harness/RelayWitness.ts';
import {
  answersEndlessly,
  answersHugeHead,
  drips,
  dripsHead,
  halfCloses,
  hangs,
  recordingTarget,
  resets,
  status,
} from '../harness/recordingTarget.ts';
import { storyCloud } from '../harness/storyCloud.ts';

/** Requests under each fault: `SLUICE_RELAY_REQUESTS=100 npm test -- test/e2e/relayFaults`. A table is printed. */
const REQUESTS = Number(process.env['SLUICE_RELAY_REQUESTS'] ?? 8);
const LARGE_REQUESTS = Math.ceil(REQUESTS / 4);
/** Extra time of the collector's answer when the target hangs, milliseconds. Waiting would take ten seconds. */
const SLOWER_MS = 1_000;

// The first, so that none passes without a strike, and then a part of them.
const some = (fault: string, members: object, rate: number) => [
  { fault, ...members, nth: 1 },
  { fault, ...members, rate },
];
const queue = { queue: 'sluice-local-relay' };
const sends = { ...queue, operations: ['SendMessage'] };
const puts = { operations: ['PutObject'] };
const collect = (fault: string, members: object = {}) => ({
  lambda: some(fault, { function: 'sluice-local-collect', ...members }, 0.2),
});
const relay = (fault: string, members: object = {}) => ({
  lambda: some(fault, { function: 'sluice-local-relay', ...members }, 0.5),
});
const s3 = (fault: string, operation: string) => ({ s3: some(fault, { operations: [operation] }, 0.5) });

/** @param elsewhere Address of a server that must get nothing. */
const targetFaults = (elsewhere: string): readonly RelayFault[] => [
  { name: 'none' },
  { name: 'target: 429, Retry-After', target: status(429, { 'retry-after': '600' }) },
  { name: 'target: 500', target: status(500) },
  { name: 'target: hangs', target: hangs, takes: true, isSlow: true },
  { name: 'target: closes within its status line', target: halfCloses, takes: true },
  { name: 'target: resets', target: resets, takes: true },
  { name: 'target: 302 to loopback', target: status(302, { location: `${elsewhere}/v1/rgstr` }) },
  { name: 'target: 307 to loopback', target: status(307, { location: `${elsewhere}/v1/rgstr` }) },
  { name: 'target: 302 to metadata', target: status(302, { location: 'http://169.254.169.254/latest/' }) },
  { name: 'target: answer without end', target: answersEndlessly, takes: true, tells: true },
  { name: 'target: answer by drops', target: drips, takes: true, tells: true },
  { name: 'target: head by drops', target: dripsHead, takes: true, isSlow: true },
  { name: 'target: head of a megabyte', target: answersHugeHead, takes: true },
  { name: 'target: down for three days', daysDown: 3 },
  { name: 'target: down for three days, large', daysDown: 3, isLarge: true },
];

const otherFaults: readonly RelayFault[] = [
  { name: 'queue: send fails', faults: { sqs: some('failCalls', sends, 0.3) } },
  { name: 'queue: answer to send is lost', faults: { sqs: some('loseResponse', sends, 0.3) } },
  { name: 'queue: unreachable', faults: { sqs: [{ fault: 'resetConnection', ...sends, calls: 'all' }] } },
  { name: 'queue: hangs', faults: { sqs: [{ fault: 'delayCalls', ms: 600_000, ...sends, calls: 'all' }] } },
  { name: 'queue: hands out twice', faults: { sqs: some('repeatMessages', queue, 0.5) } },
  {
    name: 'queue: hands out after deletion',
    faults: { sqs: some('repeatMessages', { ...queue, afterwards: true }, 0.5) },
  },
  {
    name: 'queue: hiding fails, target: 500',
    faults: { sqs: some('failCalls', { ...queue, operations: ['ChangeMessageVisibility'] }, 0.5) },
    target: status(500),
  },
  { name: 'bucket: put fails, large', faults: s3('failCalls', 'PutObject'), isLarge: true },
  { name: 'bucket: answer to put is lost, large', faults: s3('loseResponse', 'PutObject'), isLarge: true },
  { name: 'bucket: get fails, large', faults: s3('failCalls', 'GetObject'), isLarge: true },
  { name: 'bucket: delete fails, large', faults: s3('failCalls', 'DeleteObject'), isLarge: true },
  { name: '"Object Created": lost, large', faults: { events: some('loseEvents', {}, 0.5) }, isLarge: true },
  {
    name: '"Object Created": twice, large',
    faults: { events: some('repeatEvents', {}, 0.5) },
    isLarge: true,
  },
  { name: 'collect: killed before it keeps', faults: collect('killInvocations', { afterMs: 0 }) },
  { name: 'collect: killed on the way', faults: collect('killInvocations', { afterMs: 5 }) },
  { name: 'collect: killed before it answers', faults: collect('killInvocations') },
  { name: 'collect: timed out', faults: collect('timeOutInvocations', { afterMs: 10 }) },
  { name: 'collect: answer is lost', faults: { gateway: some('loseResponse', {}, 0.3) } },
  { name: 'relay: killed before it sends', faults: relay('killInvocations', { afterMs: 0 }) },
  { name: 'relay: killed on the way', faults: relay('killInvocations', { afterMs: 5 }) },
  { name: 'relay: killed before it answers', faults: relay('killInvocations') },
  { name: 'relay: killed before it answers, large', faults: relay('killInvocations'), isLarge: true },
  { name: 'relay: timed out', faults: relay('timeOutInvocations', { afterMs: 20 }) },
  { name: 'relay: throttled', faults: relay('throttleInvocations') },
  { name: 'relay: frozen after its answer', faults: relay('freezeAfterAnswer') },
];

/** The queue fails for half of the calls, so that some requests are kept. */
const nothingKeeps: RelayFault = {
  name: 'queue and bucket: both fail',
  faults: { sqs: some('failCalls', sends, 0.5), s3: [{ fault: 'failCalls', ...puts, calls: 'all' }] },
};

const target = await recordingTarget();
const elsewhere = await recordingTarget();
afterAll(async () => {
  await target.close();
  await elsewhere.close();
});

describe('relay under faults', () => {
  /** Accounts for faults, one after the other, in a cloud of their own, and prints the table. */
  async function accounts(faults: readonly RelayFault[], required = false): Promise<RelayAccount[]> {
    const world = await storyCloud({ relay: { url: target.url, required } });
    const witness = new RelayWitness(world, target);
    const rows: RelayAccount[] = [];
    try {
      // Cold starts.
      await witness.account({ name: 'warm-up' }, REQUESTS);
      for (const fault of faults) {
        rows.push(await witness.account(fault, fault.isLarge === true ? LARGE_REQUESTS : REQUESTS));
        await witness.recover();
      }
      expect(world.refusals).toEqual([]);
    } finally {
      await world.close();
    }
    const table = textTable(rows.map((row) => ({ ...row, p50: row.p50.toFixed(0) })));
    process.stderr.write(`\nrelay${required ? ', required' : ''}\n${table}`);
    return rows;
  }

  const whole = { lost: 0, left: 0 };
  const wholeRows = (faults: readonly RelayFault[]) =>
    faults.map(({ name, isLarge }) => {
      const requests = isLarge === true ? LARGE_REQUESTS : REQUESTS;
      return { ...whole, fault: name, accepted: requests, relayed: requests, told: 0 };
    });

  it('delivers every accepted request, whatever the target does, and nothing waits for it', async () => {
    const faults = targetFaults(elsewhere.url);
    const rows = await accounts(faults);
    expect(rows).toMatchObject(wholeRows(faults));
    expect(elsewhere.recorded).toEqual([]);
    const p50 = (name: string) => rows.find(({ fault }) => fault === name)?.p50 ?? Number.NaN;
    expect(p50('target: hangs')).toBeLessThan(p50('none') + SLOWER_MS);
    // Nothing is sent again that the target has taken, and has said so.
    const said = rows.filter((_, i) => faults[i]?.takes !== true || faults[i]?.tells === true);
    expect(said.map(({ doubled }) => doubled)).toEqual(said.map(() => 0));
  }, 300_000);

  it('delivers every accepted request, or counts it, whatever else fails or is killed', async () => {
    const rows = await accounts([...otherFaults, nothingKeeps]);
    expect(rows.filter(({ struck }) => struck === 0)).toEqual([]);
    const told = rows.filter(({ told }) => told > 0);
    const others = rows.filter(({ told }) => told === 0);
    expect(others).toMatchObject(
      wholeRows(otherFaults.filter(({ name }) => others.some(({ fault }) => fault === name))),
    );
    expect(told.map(({ fault }) => fault)).toContain(nothingKeeps.name);
    expect(told).toMatchObject(told.map(() => whole));
  }, 300_000);

  it('delivers every accepted request with `required`, and has the others sent again', async () => {
    const rows = await accounts([nothingKeeps], true);
    expect(rows).toMatchObject([{ ...whole, told: 0, relayed: rows[0]?.accepted }]);
    expect(rows[0]?.posts).toBeGreaterThan(REQUESTS);
  });
});
