import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { LiveAnswer, LiveEntry } from '../../observe/facts/flow/liveEntries.ts';
import { liveLine } from '../../observe/live/entryText.ts';
import type { LiveOptions } from '../../observe/live/LiveOptions.ts';
import { readLive } from '../../observe/live/live.ts';
import { eventually } from '../harness/waiting.ts';
import { startObserved } from './startObserved.ts';

const START = Date.UTC(2026, 10, 20, 8);
let observed: Awaited<ReturnType<typeof startObserved>>;
let local: Deployment;
let deployed: Deployment;

beforeAll(async () => {
  observed = await startObserved(START);
  // Both have the names of the local cloud's stack. The second is read as one on AWS: from its log.
  const about = {
    config: defineConfig({ bucket: observed.cloud.bucket, unitIds: { companyID: 'company_id' } }),
    stack: { service: 'sluice', stage: 'local' },
    now: observed.clock.now(),
  };
  local = openDeployment({ ...about, isLocal: true }, observed.options);
  deployed = openDeployment({ ...about, isLocal: false }, observed.options);
  // On a busy machine a cold start is answered 503, which happens, too.
  await observed.send({ events: [] });
});
afterEach(() => observed.control('DELETE', 'faults'));
afterAll(async () => {
  local.close();
  deployed.close();
  await observed.close();
});

const event = (eventName: string, userID: string, more: object = {}) => ({
  eventName,
  user: { userID },
  time: observed.clock.now(),
  ...more,
});
const exposure = (userID: string, config: string) =>
  event('statsig::config_exposure', userID, { metadata: { config, ruleID: 'r1' } });

/** Reads until so many entries have come, or more. */
async function follow(deployment: Deployment, after: string, count: number, options: LiveOptions = {}) {
  const answers: LiveAnswer[] = [];
  await eventually(
    `${count} entries of what happens`,
    async () => {
      const next = answers.at(-1)?.next ?? after;
      answers.push(await readLive(deployment, { ...options, after: next, waitMs: 5_000 }));
      return answers.flatMap(({ entries }) => entries);
    },
    ({ length }) => length >= count,
  );
  const entries = answers.flatMap((answer) => answer.entries);
  return { answers, entries, next: answers.at(-1)?.next ?? after };
}

const namesOf = (entries: readonly LiveEntry[]) =>
  entries.flatMap((entry) => (entry.type === 'event' ? [entry.name] : []));
const requestsOf = (entries: readonly LiveEntry[]) =>
  entries.flatMap((entry) => (entry.type === 'request' ? [entry] : []));

async function cursor(deployment: Deployment = local): Promise<string> {
  return (await readLive(deployment, {})).next;
}

const SDK = { 'statsig-sdk-type': 'javascript-client', 'statsig-sdk-version': '3.33.5' };

describe('what happens in the local cloud', () => {
  it('has a request that it does not let in, with the name that was called', async () => {
    const after = await cursor();
    await new Promise((answered) =>
      request(observed.cloud.collector, { method: 'POST', headers: { host: 'phone.example' } }, (answer) =>
        answer.resume().on('end', answered),
      ).end('{}'),
    );
    const { entries } = await follow(local, after, 1, { filter: { errors: true } });
    expect(entries).toMatchObject([{ type: 'request', status: 403, host: 'phone.example', received: 0 }]);
    expect(entries.map((entry) => liveLine(entry))).toEqual([
      expect.stringMatching(/403 .* SLUICE_LOCAL_HOST_REFUSED {2}Host phone\.example /),
    ]);
  });

  it('has a request with its counts, and its rows', async () => {
    const after = await cursor();
    const body = {
      events: [
        event('purchase', 'ada', { value: 5, metadata: { item: 'x' } }),
        exposure('ada', 'checkout'),
        event('', 'ada'),
        event('statsig::diagnostics', 'ada'),
      ],
    };
    const { requestId } = await observed.send(body, SDK);
    const { entries } = await follow(local, after, 4);
    expect(entries.find(({ type }) => type === 'request')).toMatchObject({
      at: expect.stringMatching(/^2026-11-20T08:.*Z$/),
      request_id: requestId,
      status: 202,
      sdk_version: '3.33.5',
      key_label: 'any',
      received: 4,
      exposures: 1,
      events: 1,
      quarantined: 1,
      refused: { SLUICE_EVENT_NO_NAME: 1 },
      ignored_as: { 'statsig::diagnostics': 1 },
    });
    const events = entries.flatMap((entry) => (entry.type === 'event' ? [entry] : []));
    const id = expect.stringMatching(/^[0-9a-f]{32}$/);
    const shared = { event_id: id, sdk_type: 'javascript-client', unit: 'ada' };
    expect(events.sort((a, b) => (a.kind < b.kind ? -1 : 1))).toMatchObject([
      {
        ...shared,
        kind: 'events',
        name: 'purchase',
        row: { event_name: 'purchase', company_metadata: '{"item":"x"}' },
      },
      { ...shared, kind: 'exposures', name: 'checkout', group: 'r1', row: { rule_id: 'r1' } },
      {
        ...shared,
        kind: 'quarantine',
        code: 'SLUICE_EVENT_NO_NAME',
        row: { reason: 'SLUICE_EVENT_NO_NAME' },
      },
    ]);
  });

  it('begins with the last entries that match, and reads on after them', async () => {
    for (const name of ['one', 'two', 'three'])
      await observed.send({ events: [event(`last-${name}`, 'cyd')] });
    const next = await cursor();
    const filter = { user: 'cyd' };
    const recent = await readLive(local, { last: 2, filter });
    expect(namesOf(recent.entries)).toEqual(['last-two', 'last-three']);
    expect(recent).toMatchObject({ dropped: 0, notes: [] });
    await observed.send({ events: [event('last-four', 'cyd')] });
    expect(namesOf((await follow(local, recent.next, 1, { filter })).entries)).toEqual(['last-four']);
    expect(namesOf((await follow(local, next, 1, { filter })).entries)).toEqual(['last-four']);
  });

  describe('with a filter', () => {
    let after: string;
    beforeAll(async () => {
      after = await cursor();
      const layer = event('statsig::layer_exposure', 'dan', {
        metadata: { config: 'f-layer', ruleID: 'r', parameterName: 'p', isExplicitParameter: 'false' },
      });
      const company = { user: { userID: 'dan', customIDs: { companyID: 'acme' } } };
      const events = [event('f-events', 'dan', company), exposure('dan', 'f-flag'), layer, event('', 'dan')];
      await observed.send({ events }, { 'statsig-sdk-type': 'py-server' });
      await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
      // Four rows and two requests.
      await follow(local, after, 6);
    });

    it.each([
      { filter: { user: 'dan' }, names: ['', 'f-events', 'f-flag', 'f-layer'], statuses: [] },
      { filter: { user: 'acme' }, names: ['f-events'], statuses: [] },
      { filter: { event: 'f-flag' }, names: ['f-flag'], statuses: [] },
      { filter: { event: '' }, names: [''], statuses: [] },
      { filter: { sdk: 'py-server' }, names: ['', 'f-events', 'f-flag', 'f-layer'], statuses: [202] },
      // One event of the accepted request has no name.
      { filter: { errors: true }, names: [''], statuses: [202, 401] },
      { filter: { user: 'dan', errors: true }, names: [''], statuses: [] },
    ])('is what fits $filter', async ({ filter, names, statuses }) => {
      const { entries } = await readLive(local, { after, filter });
      expect(namesOf(entries).sort()).toEqual(names);
      expect(requestsOf(entries).map(({ status }) => status)).toEqual(statuses);
    });
  });

  describe('while the stream is away', () => {
    // The collector tries the stream again after a while.
    afterEach(() => observed.control('POST', 'clock', { advanceMs: 30_000 }));

    it('has how many rows overflowed, and why the stream did not take them', async () => {
      const after = await cursor();
      await observed.control('POST', 'faults', { firehose: [{ fault: 'failCalls', calls: 'all' }] });
      await observed.send({ events: [event('over', 'fay')] });
      const { entries } = await follow(local, after, 1, { filter: { errors: true } });
      expect(entries).toEqual([
        expect.objectContaining({
          status: 202,
          received: 1,
          events: 0,
          overflowed: 1,
          not_streamed: 'not_acknowledged: ServiceUnavailableException',
        }),
      ]);
    });
  });

  it('begins with the last entries also where an answer of the feed has no room for all', async () => {
    const after = await cursor();
    const filter = { user: 'hedy' };
    const metadata = { long: 'x'.repeat(600_000) };
    for (let i = 0; i < 9; i += 1)
      await observed.send({ events: [event(`long-${i}`, 'hedy', { metadata })] });
    expect((await follow(local, after, 9, { filter })).entries).toHaveLength(9);
    const { entries } = await readLive(local, { last: 1, filter });
    expect(entries).toEqual([expect.objectContaining({ name: 'long-8' })]);
  });

  it('refuses a cursor that is none', async () => {
    await expect(readLive(local, { after: 'x' })).rejects.toMatchObject({
      code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN',
    });
  });
});

describe('what happens in a deployment', () => {
  const deployedNow = () => ({ ...deployed, now: observed.clock.now() });
  /** Lines of the log are shown once they are ten seconds old. */
  const LATE_MS = 10_000;

  it('has each request of the log once, in pages, when its line is ten seconds old', async () => {
    const after = await cursor(deployedNow());
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await observed.send({ events: [event('e', 'gil')] })).requestId);
    expect((await readLive(deployedNow(), { after })).entries).toEqual([]);
    await observed.clock.advance(LATE_MS);
    const { answers, entries, next } = await follow(deployedNow(), after, 5, { most: 2 });
    expect(answers.map((answer) => answer.entries.length)).toEqual([2, 2, 1]);
    expect(
      requestsOf(entries)
        .map(({ request_id }) => request_id)
        .sort(),
    ).toEqual(ids.sort());
    expect((await readLive(deployedNow(), { after: next })).entries).toEqual([]);
  });

  it('has only what was refused, if it is asked for errors', async () => {
    const after = await cursor(deployedNow());
    const refused = await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await observed.send({ events: [event('e', 'gil')] });
    await observed.clock.advance(LATE_MS);
    const { entries } = await follow(deployedNow(), after, 1, { filter: { errors: true } });
    expect(entries).toEqual([
      expect.objectContaining({ request_id: refused.requestId, status: 401, code: 'SLUICE_KEY_MISSING' }),
    ]);
  });
});
