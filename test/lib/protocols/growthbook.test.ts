import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { Redaction } from '../../../lib/wire/Redaction.ts';
import { revalidator } from '../../../observe/quarantine/revalidate.ts';
import { NOW, request, type Setting, startCollector } from '../collect/startCollector.ts';

const config = {
  protocols: ['growthbook' as const, 'statsig' as const],
  unitIds: { companyID: 'company_id' },
};
const started = (more: Setting = {}) => startCollector({ ...more, config: { ...config, ...more.config } });

/** A request as the SDKs send it. */
const track = (body: unknown, more: object = {}) =>
  request({
    path: '/track',
    query: 'client_key=sdk-abc123',
    headers: { 'content-type': 'text/plain' },
    body,
    ...more,
  });

const ids = { user_id: 'user-1', device_id: 'device-1', page_id: null, session_id: 's1' };
const sdk = { sdk_language: 'js', sdk_version: '1.8.0', url: 'https://shop.example/cart' };
const event = (event_name: string, properties_json: unknown, more: object = {}) => ({
  ...{ event_name, properties_json, ...sdk, context_json: { plan: 'pro' }, ...ids, ...more },
});
const viewed = (more: object = {}, outside: object = {}) =>
  event(
    'Experiment Viewed',
    { experimentId: 'checkout', variationId: '1', hashAttribute: 'user_id', hashValue: 'user-1', ...more },
    outside,
  );

describe('what GrowthBook tracks', () => {
  it.each([
    ['python', '4.0.0', 'growthbook-python'],
    ['go', 'v0.7.0', 'growthbook-go'],
  ])('is read as the SDK for %s sends it', async (name, version, type) => {
    const file = new URL(`../../fixtures/growthbook/${name}.json`, import.meta.url);
    const { path, query, headers, body } = JSON.parse(readFileSync(file, 'utf8'));
    const { send, rows } = started();
    expect(await send(request({ path, query, headers, body }))).toEqual({
      status: 200,
      answer: { success: true },
    });
    const common = {
      ...{ user_id: 'user-1', stable_id: 'device-1', company_id: 'acme', session_id: 's1' },
      ...{ sdk_type: type, sdk_version: version, protocol: 'growthbook', environment: 'production' },
      timestamp: '2026-11-20T07:32:00.123Z',
    };
    expect(rows.exposures).toHaveLength(3);
    expect(rows.exposures.find((row) => row['exposure_type'] === 'experiment')).toMatchObject({
      ...common,
      ...{ experiment_id: 'checkout-test', group_id: '0', is_assignment: true },
    });
    const features = rows.exposures.filter((row) => row['exposure_type'] === 'feature');
    expect(features).toMatchObject([
      { ...common, experiment_id: 'checkout', is_assignment: false, gate_value: false, reason: 'experiment' },
      { ...common, experiment_id: 'banner', is_assignment: false, reason: 'defaultValue' },
    ]);
    expect(rows.events).toMatchObject([{ ...common, event_name: 'purchase', event_value: '49.9' }]);
    expect(JSON.parse(String(rows.events[0]?.['company_metadata']))).toEqual({ sku: 'a', value: 49.9 });
    expect(JSON.parse(String(rows.events[0]?.['user_object']))).toEqual({
      ...{ userID: 'user-1', customIDs: { stableID: 'device-1', companyID: 'acme' } },
      custom: { company_id: 'acme', plan: 'pro' },
    });
    expect(JSON.parse(String(rows.events[0]?.['statsig_metadata']))).toMatchObject({
      currentPage: 'https://shop.example/cart',
    });
  });

  it('has the unit that was hashed as an ID, whatever the attribute is called, and not in the metadata', async () => {
    const { send, rows } = started();
    const hashed = (hashAttribute: string, hashValue: string, outside: object) =>
      viewed({ hashAttribute, hashValue }, outside);
    await send(
      track([
        hashed('id', '17', { device_id: null }),
        hashed('user_id', '18', { user_id: null }),
        hashed('companyID', '19', {}),
        hashed('id', '20', { device_id: 'other' }),
      ]),
    );
    expect(rows.exposures).toMatchObject([
      { user_id: 'user-1', stable_id: '17' },
      { user_id: '18', stable_id: 'device-1' },
      { user_id: 'user-1', stable_id: 'device-1', company_id: '19' },
      { stable_id: 'other', custom_ids: '{"id":"20","stableID":"other"}' },
    ]);
    for (const { metadata } of rows.exposures) expect(metadata).not.toContain('hashValue');
  });

  it('keeps the session and the SDK of each event, as a server tracks for many users', async () => {
    const { send, rows } = started();
    const sessions = ['s1', 's2', null].map((session_id) => event('view', {}, { session_id }));
    await send(track(sessions));
    expect(rows.events.map((row) => row['session_id'] ?? null)).toEqual(['s1', 's2', null]);
    expect(new Set(rows.events.map((row) => row['sdk_type']))).toEqual(new Set(['growthbook-js']));
  });

  it('has one identity for an exposure that is sent again on the same day, and another for each event', async () => {
    const { send, rows, clock } = started({ parts: () => ({}) });
    const body = [viewed(), event('purchase', { value: 1 })];
    await send(track(body));
    clock.advance(60_000);
    await send(track(body));
    const distinct = (list: readonly Record<string, unknown>[]) =>
      new Set(list.map((row) => row['event_id'])).size;
    expect([distinct(rows.exposures), distinct(rows.events)]).toEqual([1, 2]);
  });

  it('has another identity for equal events of two requests in one millisecond, and of one body', async () => {
    const { send, rows } = started();
    const purchase = event('purchase', { value: 1 });
    for (const requestId of ['JKJaXmPLvHcESHA=', 'JKJaXmPLvHcESHB='])
      await send(track([viewed(), purchase, purchase], { requestId }));
    const distinct = (list: readonly Record<string, unknown>[]) =>
      new Set(list.map((row) => row['event_id'])).size;
    expect([distinct(rows.exposures), distinct(rows.events)]).toEqual([1, 4]);
  });

  it('does not take a unit that the plugin says is not in the experiment as assigned', async () => {
    const { send, rows } = started();
    await send(track([viewed({ in_experiment: false })]));
    expect(rows.exposures).toMatchObject([{ is_assignment: false }]);
  });

  it('is chosen by names of experiments, features and events', async () => {
    const lists = { exposures: { deny: ['banner'] }, events: { allow: ['purchase'], deny: [] } };
    const { send, rows, metrics } = started({ config: lists });
    const feature = { feature: 'banner', value: 1, source: 'force', ruleId: 'r', variationId: '' };
    await send(
      track([viewed(), event('Feature Evaluated', feature), event('purchase', {}), event('view', {})]),
    );
    expect([rows.exposures.length, rows.events.length]).toEqual([1, 1]);
    expect(metrics[0]).toMatchObject({ ignored_as: { exposure_filtered: 1, event_filtered: 1 } });
  });

  it.each([
    ['user.custom.email', 'hash'],
    ['user.custom.email', 'drop'],
    ['user.custom.*', 'hash'],
    ['user.customIDs.*', 'hash'],
    ['user.custom.company_id', 'hash'],
  ] as const)('redacts the attribute that was hashed as an ID, too: %s, %s', async (path, action) => {
    const privacy = { salt: 'pepper and salt, 16 or more', redact: { [path]: action } };
    const isEmail = !path.endsWith('company_id');
    const { send, rows } = started({ config: { privacy } });
    const value = isEmail ? 'eve@example.com' : 'acme';
    const context_json = { [isEmail ? 'email' : 'company_id']: value };
    const hashed = { hashAttribute: isEmail ? 'email' : 'company_id', hashValue: value };
    await send(track([viewed(hashed, { context_json })]));
    const [row] = rows.exposures;
    expect(String(row?.['custom_ids'])).not.toContain(value);
    const ids = JSON.parse(String(row?.['custom_ids']));
    const hash = new Redaction({}, privacy.salt).hash(value);
    expect(ids[isEmail ? 'email' : 'companyID']).toBe(action === 'drop' ? undefined : hash);
    if (!isEmail) expect(row).toMatchObject({ company_id: hash });
  });

  it('is redacted: IDs, attributes, and refused events as a whole', async () => {
    const privacy = {
      salt: 'pepper and salt, 16 or more',
      redact: { 'user.userID': 'hash', 'user.custom.email': 'drop' },
    } as const;
    const { send, rows } = started({ config: { privacy } });
    const context_json = { email: 'eve@example.com' };
    await send(track([viewed({}, { context_json }), event('', {}, { context_json })]));
    expect(JSON.stringify(rows)).not.toMatch(/eve@example|user-1/);
    expect(rows.exposures).toMatchObject([{ experiment_id: 'checkout', group_id: '1' }]);
    expect(rows.quarantine[0]?.['raw']).toMatch(/^\["withheld: \d+ characters, [0-9a-f]{64}"\]$/);
  });
});

describe('bad input at the door of GrowthBook', () => {
  it.each([
    ['an event that is no object', 'x', 'SLUICE_EVENT_NOT_AN_OBJECT'],
    ['one without a name', { properties_json: {} }, 'SLUICE_EVENT_NO_NAME'],
    ['an array of properties', event('e', [1]), 'SLUICE_EVENT_BAD_MEMBER'],
    ['a text of attributes', event('e', {}, { context_json: 'x' }), 'SLUICE_EVENT_BAD_MEMBER'],
    ['an experiment without a name', viewed({ experimentId: undefined }), 'SLUICE_EVENT_BAD_EXPOSURE'],
    ['an experiment without a variation', viewed({ variationId: null }), 'SLUICE_EVENT_BAD_EXPOSURE'],
  ])('%s goes to quarantine alone', async (_, bad, reason) => {
    const { send, rows } = started();
    expect((await send(track([bad, viewed()]))).status).toBe(200);
    expect(rows.exposures).toHaveLength(1);
    expect(rows.quarantine).toMatchObject([
      { reason, path: '/track', protocol: 'growthbook', raw: JSON.stringify([bad]) },
    ]);
  });

  it.each([
    ["a body of Statsig's", '{"events":[]}', 'SLUICE_BODY_WRONG_SHAPE', 400],
    ['no JSON', '[', 'SLUICE_BODY_NOT_JSON', 400],
  ])('%s is refused as a whole', async (_, body, code, status) => {
    const { send, rows } = started();
    const sent = await send(track(body));
    expect([sent.status, sent.answer['code']]).toEqual([status, code]);
    expect(rows.quarantine).toMatchObject([{ reason: code, raw: body }]);
  });

  it('a key of another kind is refused, and nothing is kept', async () => {
    const { send, rows } = started();
    for (const query of ['k=client-1', 'client_key=client-1', ''])
      expect((await send(track([viewed()], { query }))).status).toBe(401);
    const asStatsig = await send(
      request({ headers: { 'statsig-api-key': 'sdk-abc123' }, body: { events: [] } }),
    );
    expect([asStatsig.status, rows.quarantine]).toEqual([401, []]);
  });

  it('is refused in the words of GrowthBook', async () => {
    const answers = [
      await started().send(track([viewed()], { query: '' })),
      await started().send(track('')),
      await started().send(track('[')),
      await started().send(track({ events: [] })),
    ].map(({ answer }) => JSON.stringify(answer));
    for (const answer of answers) expect(answer).not.toMatch(/statsig|client-|\{\\"events/i);
    expect(answers[0]).toMatch(/sdk-….*client_key/);
    for (const answer of answers.slice(1)) expect(answer).toMatch(/JSON array of events/);
  });

  it('nothing is taken while the protocol is not configured', async () => {
    const statsigOnly = startCollector({ config: {} });
    expect((await statsigOnly.send(track([viewed()], { headers: { 'statsig-api-key': '' } }))).status).toBe(
      401,
    );
    const alone = startCollector({ config: { protocols: ['growthbook'] } });
    const sent = await alone.send(request({ path: '/v1/rgstr', body: { events: [{ eventName: 'e' }] } }));
    expect([sent.status, sent.answer['code']]).toEqual([404, 'SLUICE_PATH_NOT_TAKEN']);
    expect([statsigOnly.rows, alone.rows]).toEqual(
      Array(2).fill({ exposures: [], events: [], quarantine: [] }),
    );
  });

  it.each([
    ['by its column', '/v1/rgstr', 'growthbook'],
    ['by its path in rows of release 0.2', '/track', null],
  ])('is read by the same protocol when quarantine is examined again: %s', (_, path, protocol) => {
    const judge = revalidator(defineConfig({ bucket: 'bucket', ...config }));
    const item = { quarantineId: 'a'.repeat(32), receivedAt: NOW, sdkType: null, sdkVersion: null };
    const again = judge({
      ...{ ...item, reason: 'SLUICE_EVENT_NO_NAME', path, protocol },
      raw: Buffer.from(JSON.stringify([viewed()])),
    });
    expect([again.documents.exposures.length, again.refused]).toEqual([1, []]);
  });
});
