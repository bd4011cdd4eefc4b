import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { LiveEntry } from '../../observe/facts/flow/liveEntries.ts';
import { liveLine } from '../../observe/live/entryText.ts';
import { readGate } from '../../observe/live/gate.ts';
import type { LiveOptions } from '../../observe/live/LiveOptions.ts';
import { readLive } from '../../observe/live/live.ts';
import { startObserved } from './startObserved.ts';

const START = Date.UTC(2026, 10, 20, 8);
let observed: Awaited<ReturnType<typeof startObserved>>;
let local: Deployment;
let deployed: Deployment;

beforeAll(async () => {
  observed = await startObserved(START);
  const about = {
    config: defineConfig({ bucket: observed.cloud.bucket, unitIds: { companyID: 'company_id' } }),
    stack: { service: 'sluice', stage: 'local' },
    now: observed.clock.now(),
  };
  local = openDeployment({ ...about, isLocal: true }, observed.options);
  deployed = openDeployment({ ...about, isLocal: false }, observed.options);
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

/** Reads until so many entries have come. */
async function follow(deployment: Deployment, after: string, count: number, options: LiveOptions = {}) {
  const entries: LiveEntry[] = [];
  let next = after;
  const deadline = performance.now() + 20_000;
  while (entries.length < count && performance.now() < deadline) {
    const answer = await readLive(deployment, { ...options, after: next, waitMs: 5_000 });
    entries.push(...answer.entries);
    next = answer.next;
  }
  return { entries, next };
}

async function cursor(deployment: Deployment = local): Promise<string> {
  return (await readLive(deployment, {})).next;
}

const SDK = { 'statsig-sdk-type': 'javascript-client', 'statsig-sdk-version': '3.33.5' };

it('before all else the gate names where the first event stopped', async () => {
  const gate = async () => readGate({ ...local, now: observed.clock.now() });
  expect(await gate()).toMatchObject({ gate: 'no_request' });
  const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
  await fetch(`${observed.cloud.collector}/v1/rgstr`, { method: 'OPTIONS', headers });
  expect(await gate()).toMatchObject({ gate: 'preflight_only' });
  await observed.send({ events: [] }, { 'statsig-api-key': 'console-x' });
  expect(await gate()).toMatchObject({
    gate: 'refused',
    text: expect.stringMatching(/^Refused with SLUICE_KEY_MISSING: .*client-…/),
  });
  await observed.send({ events: [event('first', 'ada')] });
  expect(await gate()).toMatchObject({
    gate: 'accepted',
    text: expect.stringContaining(' seconds, or at once'),
  });
  await observed.cloud.flush();
  expect(await gate()).toBeNull();
});

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
    expect(liveLine(entries[0] as LiveEntry)).toMatch(
      /403 .* SLUICE_LOCAL_HOST_REFUSED {2}Host phone\.example /,
    );
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
    const { next } = await follow(local, await cursor(), 0);
    const filter = { user: 'cyd' };
    const recent = await readLive(local, { last: 2, filter });
    const names = (entries: readonly LiveEntry[]) =>
      entries.map((entry) => entry.type === 'event' && entry.name);
    expect(names(recent.entries)).toEqual(['last-two', 'last-three']);
    expect(recent).toMatchObject({ dropped: 0, notes: [] });
    await observed.send({ events: [event('last-four', 'cyd')] });
    expect(names((await follow(local, recent.next, 1, { filter })).entries)).toEqual(['last-four']);
    expect(names((await follow(local, next, 1, { filter })).entries)).toEqual(['last-four']);
  });

  it('is filtered by user, event, SDK and errors', async () => {
    const after = await cursor();
    const layer = event('statsig::layer_exposure', 'dan', {
      metadata: { config: 'f-layer', ruleID: 'r', parameterName: 'p', isExplicitParameter: 'false' },
    });
    const company = { user: { userID: 'dan', customIDs: { companyID: 'acme' } } };
    const events = [event('f-events', 'dan', company), exposure('dan', 'f-flag'), layer, event('', 'dan')];
    await observed.send({ events }, { 'statsig-sdk-type': 'py-server' });
    await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await follow(local, after, 2, { filter: { errors: true } });
    for (const { filter, shown } of [
      { filter: { user: 'dan' }, shown: ['', 'f-events', 'f-flag', 'f-layer'] },
      { filter: { user: 'acme' }, shown: ['f-events'] },
      { filter: { event: '' }, shown: [''] },
      { filter: { sdk: 'py-server' }, shown: ['', 202, 'f-events', 'f-flag', 'f-layer'] },
      { filter: { errors: true }, shown: ['', 202, 401] },
      { filter: { user: 'dan', errors: true }, shown: [''] },
    ]) {
      const { entries } = await readLive(local, { after, filter });
      const found = entries.map((entry) =>
        entry.type === 'request' ? entry.status : entry.type === 'event' && entry.name,
      );
      expect({ filter, shown: found.sort() }).toEqual({ filter, shown });
    }
  });

  it('counts what overflowed and what was not stored', async () => {
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
    // The collector tries the stream again after a while.
    await observed.control('POST', 'clock', { advanceMs: 30_000 });
  });

  it('stops waiting when nobody waits for the answer', async () => {
    const gone = new AbortController();
    const waiting = readLive({ ...local, signal: gone.signal }, { after: await cursor(), waitMs: 25_000 });
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
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

  it('says when the local cloud cannot be read', async () => {
    const away = { ...local, localControl: 'http://127.0.0.1:1' };
    await expect(readLive(away, {})).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_LOCAL_UNREADABLE' });
  });
});

describe('what happens in a deployment', () => {
  const now = () => ({ ...deployed, now: observed.clock.now() });

  it('has the requests of the log once each, in several reads, and says what it leaves out', async () => {
    const after = await cursor(now());
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await observed.send({ events: [event('e', 'gil')] })).requestId);
    expect((await readLive(now(), { after })).entries).toEqual([]);
    await observed.clock.advance(10_000);
    const shown: string[] = [];
    let next = after;
    const deadline = performance.now() + 20_000;
    while (shown.length < 5 && performance.now() < deadline) {
      const answer = await readLive(now(), { after: next, most: 2, waitMs: 5_000 });
      expect(answer.entries.length).toBeLessThanOrEqual(2);
      shown.push(
        ...answer.entries.map((entry) => (entry.type === 'request' ? String(entry.request_id) : entry.type)),
      );
      next = answer.next;
      expect(answer.notes).toEqual([
        expect.stringContaining('1 % of the others'),
        expect.stringContaining('local cloud only'),
      ]);
    }
    expect(shown.sort()).toEqual(ids.sort());
    expect((await readLive(now(), { after: next })).entries).toEqual([]);
    const refused = await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await observed.send({ events: [event('e', 'gil')] });
    await observed.clock.advance(10_000);
    const { entries } = await follow(now(), next, 1, { filter: { errors: true } });
    expect(entries).toEqual([
      expect.objectContaining({ request_id: refused.requestId, status: 401, code: 'SLUICE_KEY_MISSING' }),
    ]);
  });

  it('refuses a cursor that is none', async () => {
    for (const deployment of [deployed, local])
      await expect(readLive(deployment, { after: 'x' })).rejects.toMatchObject({
        code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN',
      });
  });
});
