import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { plainJsonSchema, plainSchemas } from '../../../lib/protocols/plain/schema.ts';
import { request, startCollector } from '../collect/startCollector.ts';

const started = () =>
  startCollector({ config: { protocols: ['plain'], unitIds: { companyID: 'company_id' } } });
const post = (path: string, body: unknown, more: object = {}) =>
  request({ path, headers: { authorization: 'Bearer secret-1' }, body, ...more });
const exposure = { experiment: 'checkout', group: 'treatment', user_id: 'u1' };

/** An item with an example of every member of its schema. */
const whole = (list: 'exposures' | 'events') =>
  Object.fromEntries(
    Object.entries(plainSchemas[list].properties).map(([name, { examples }]) => [name, examples[0]]),
  );

describe('the plain door', () => {
  it('takes every member of the schema', async () => {
    const { send, rows } = started();
    expect(await send(post('/v1/exposures', { exposures: [whole('exposures')] }))).toEqual({
      ...{ status: 202, answer: { success: true } },
    });
    expect((await send(post('/own/v1/events', { events: [whole('events')] }))).status).toBe(202);
    const shared = {
      ...{ user_id: 'user-17', stable_id: 'b0f4c6a1', company_id: 'company-4', session_id: '5d41402a' },
      ...{ timestamp: '2026-11-20T07:32:00.123Z', environment: 'staging', protocol: 'plain' },
    };
    expect(rows.exposures).toMatchObject([
      {
        ...{
          ...shared,
          experiment_id: 'checkout_button',
          exposure_type: 'experiment',
          group_id: 'treatment',
        },
        ...{ group_name: 'Green button', is_assignment: true },
      },
    ]);
    expect(JSON.parse(String(rows.exposures[0]?.['metadata']))).toMatchObject({ page: '/checkout' });
    expect(JSON.parse(String(rows.exposures[0]?.['user_dimensions']))).toMatchObject({
      custom: { plan: 'pro', country: 'DE' },
    });
    expect(rows.events).toMatchObject([
      { ...shared, event_name: 'purchase', event_value: '49.9', company_metadata: '{"page":"/checkout"}' },
    ]);
    expect(rows.quarantine).toEqual([]);
  });

  it('has one identity for what is sent again with its ID, and for an exposure on the same day', async () => {
    const { send, rows, clock } = started();
    for (const value of [1, 2]) {
      await send(
        post('/v1/events', {
          events: [
            { event: 'e', id: 'a', value },
            { event: 'e', id: 'a', value },
            { event: 'e', value: 1 },
          ],
        }),
      );
      await send(post('/v1/exposures', { exposures: [exposure] }, { headers: {}, query: 'key=client-1' }));
      clock.advance(60_000);
    }
    const distinct = (list: readonly Record<string, unknown>[]) =>
      new Set(list.map((row) => row['event_id'])).size;
    expect([distinct(rows.events), distinct(rows.exposures)]).toEqual([3, 1]);
  });

  it.each([{}, { group_name: 'Green button' }])(
    'keeps a group_name of the metadata there, whatever the name of the group: %j',
    async (named) => {
      const privacy = {
        salt: 'pepper and salt, 16 or more',
        redact: { 'metadata.group_name': 'drop' },
      } as const;
      const metadata = { group_name: 'eve@example.com', experiment: 'mine' };
      for (const config of [{}, { privacy }]) {
        const { send, rows } = startCollector({ config: { protocols: ['plain'], ...config } });
        await send(post('/v1/exposures', { exposures: [{ ...exposure, ...named, metadata }] }));
        const [row] = rows.exposures;
        expect([row?.['experiment_id'], row?.['group_name'] ?? null]).toEqual([
          'checkout',
          named.group_name ?? null,
        ]);
        const { group_name, ...kept } = metadata;
        expect(JSON.parse(String(row?.['metadata']))).toEqual('privacy' in config ? kept : metadata);
      }
    },
  );

  it('has another identity for equal events of two requests in one millisecond', async () => {
    const { send, rows } = started();
    for (const requestId of ['one', 'two'])
      await send(post('/v1/events', { events: [{ event: 'e', value: 1 }] }, { requestId }));
    expect(new Set(rows.events.map((row) => row['event_id'])).size).toBe(2);
  });

  it.each([
    ['exposures', { ...exposure, group: undefined }, 'group is missing.'],
    ['exposures', { experiment: 'e', group: 'g' }, 'It needs user_id, or stable_id, or unit_ids.'],
    ['exposures', { experiment: 'e', group: 'g', unit_ids: {} }, 'unit_ids is empty.'],
    [
      'exposures',
      { experiment: 'e', group: 'g', unit_ids: { companyID: {} } },
      'unit_ids: expected members of string or number.',
    ],
    ['exposures', { ...exposure, group: 1 }, 'group: expected string.'],
    ['exposures', { ...exposure, group: '' }, 'group is empty.'],
    ['exposures', { ...exposure, metadata: [] }, 'metadata: expected object.'],
    ['events', { event: 'e', value: null }, 'value: expected string or number or boolean.'],
    ['events', { event: 'e', other: 1 }, 'It has a member that the schema does not have.'],
  ] as const)('keeps one of %s that does not fit in quarantine: %j', async (list, bad, detail) => {
    const { send, rows } = started();
    expect((await send(post(`/v1/${list}`, { [list]: [bad] }))).status).toBe(202);
    const raw = JSON.stringify({ [list]: [bad] });
    expect(rows.quarantine).toMatchObject([{ reason: 'SLUICE_EVENT_BAD_MEMBER', detail, raw }]);
  });

  it('refuses a body of another shape, a key of another kind, and what is not JSON', async () => {
    const collector = started();
    const { send, rows } = collector;
    const { clock } = collector;
    for (const [path, body] of [
      ['/v1/events', [exposure]],
      ['/v1/events', { events: [], user: {} }],
      ['/v1/exposures', { exposures: {} }],
    ] as const) {
      clock.advance(10_000);
      const { status, answer } = await send(post(path, body));
      expect([status, answer['code']]).toEqual([400, 'SLUICE_BODY_WRONG_SHAPE']);
    }
    const wrong = await send(
      post('/v1/events', { events: [] }, { headers: { authorization: 'Bearer sdk-1' } }),
    );
    expect([wrong.status, rows.quarantine.length]).toEqual([401, 3]);
  });

  it('refuses in its own words', async () => {
    const { send } = started();
    const answers = [
      await send(post('/v1/events', {}, { headers: {} })),
      await send(post('/v1/events', '')),
      await send(post('/v1/events', [])),
    ].map(({ answer }) => JSON.stringify(answer));
    for (const answer of answers) expect(answer).not.toMatch(/statsig|SDK key/i);
    expect(answers[0]).toMatch(/Authorization: Bearer/);
    for (const answer of answers.slice(1)) expect(answer).toMatch(/plain\.schema\.json/);
  });

  it('has its JSON Schema in docs', () => {
    const file = new URL('../../../docs/plain.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(plainJsonSchema);
  });
});
