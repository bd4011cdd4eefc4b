import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_AGE_MS } from '../../../lib/relay/limits.ts';
import { writeRelayCopy, writeRelayedKey } from '../../../lib/relay/RelayCopy.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import type { Deployment } from '../../../observe/deployment.ts';
import { redriveCopies } from '../../../operate/relay/redriveCopies.ts';
import { NOW, type Operated, startOperated } from '../startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());
afterEach(() => services.faults.clear());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

describe('refused copies that are sent again', () => {
  const idOf = (keptAt: number, nonce: string) => relayId(keptAt, nonce.repeat(24));
  const young = idOf(NOW - MAX_AGE_MS + 1, 'a');
  const refused = (reason: string, id: string) => relayRefusedKey({ reason, at: NOW - 1_000, id });

  beforeEach(async () => {
    await operated.store.write(refused('401', young), 'copy');
    await operated.store.write(refused('413', idOf(NOW, 'b')), 'other');
    await operated.store.write(refused('401', idOf(NOW - MAX_AGE_MS, 'c')), 'old');
    await operated.store.write('relay/refused/401/of-somebody', 'else');
  });

  it('wait again, each with its message, and the others stay', async () => {
    const before = await operated.keys();
    expect(await redriveCopies(deployment, '401', false)).toEqual({
      found: 2,
      stranded: 0,
      moved: 1,
      tooOld: 1,
    });
    expect(await operated.keys()).toEqual(
      [...before.filter((key) => key !== refused('401', young)), relayWaitingKey(young)].sort(),
    );
    expect((await operated.store.read(relayWaitingKey(young)))?.text).toBe('copy');
    expect(await operated.bodies('relay')).toEqual([writeRelayedKey(relayWaitingKey(young))]);
    expect(await redriveCopies(deployment, null, false)).toMatchObject({ found: 2, moved: 1 });
    expect(await operated.bodies('relay')).toHaveLength(2);
  });

  describe('and large ones that have no message', () => {
    const LARGE = writeRelayCopy({
      id: idOf(NOW - 3_600_000, 'd'),
      keptAt: NOW - 3_600_000,
      path: '/v1/rgstr',
      query: '',
      headers: {},
      body: Buffer.from('large'),
    });
    const hourOld = relayWaitingKey(idOf(NOW - 3_600_000, 'd'));
    beforeEach(async () => {
      await operated.store.write(hourOld, LARGE);
      await operated.store.write(relayWaitingKey(idOf(NOW - 3_600_000, 'f')), 'no copy');
      await operated.store.write(relayWaitingKey(idOf(NOW - 3_600_000, '0')), '');
      await operated.store.write(relayWaitingKey(idOf(NOW - 3_599_999, 'e')), 'younger');
    });

    it('get a message each, if no queue has one', async () => {
      expect(await redriveCopies(deployment, null, false)).toEqual({
        found: 4,
        stranded: 1,
        moved: 3,
        tooOld: 1,
      });
      expect(await operated.bodies('relay')).toContain(writeRelayedKey(hourOld));
      expect(await operated.bodies('relay')).toHaveLength(3);
      expect((await operated.store.read(hourOld))?.text).toBe(LARGE);
      // They have messages now.
      expect(await redriveCopies(deployment, null, true)).toMatchObject({ found: 1, moved: 0 });
    });

    it.each([
      { what: 'in a dry run', queues: ['export'], reason: null, dryRun: true, moved: 3 },
      { what: 'of a reason', queues: ['export'], reason: '401', dryRun: false, moved: 1 },
      { what: 'while the queue has one', queues: ['relay'], reason: null, dryRun: false, moved: 2 },
      {
        what: 'while a dead letter is there',
        queues: ['relay-dead-letters'],
        reason: null,
        dryRun: false,
        moved: 2,
      },
      {
        what: 'while both have one',
        queues: ['relay', 'relay-dead-letters'],
        reason: null,
        dryRun: false,
        moved: 2,
      },
    ])('get none $what', async ({ queues, reason, dryRun, moved }) => {
      for (const queue of queues) await operated.send(queue, 'message');
      expect(await redriveCopies(deployment, reason, dryRun)).toMatchObject({ moved });
      expect(await operated.bodies('relay')).not.toContain(writeRelayedKey(hourOld));
    });
  });

  it('that change once they are listed do not wait again', async () => {
    const changing = operated.doingBefore('CopyObjectCommand', () =>
      operated.store.write(refused('401', young), 'new'),
    );
    await expect(redriveCopies(changing, '401', false)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await operated.store.read(relayWaitingKey(young))).toBe(null);
    expect(await operated.bodies('relay')).toEqual([]);
  });

  it('leave what somebody puts in the place of one while it is moved', async () => {
    deployment.sqs.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'SendMessageCommand')
            await operated.store.write(refused('401', young), 'another');
          return next(args);
        },
      { step: 'initialize' },
    );
    expect(await redriveCopies(deployment, '401', false)).toMatchObject({ moved: 1 });
    expect((await operated.store.read(refused('401', young)))?.text).toBe('another');
    expect((await operated.store.read(relayWaitingKey(young)))?.text).toBe('copy');
  });

  it('stay as they are in a dry run', async () => {
    const before = await operated.keys();
    expect(await redriveCopies(deployment, '401', true)).toMatchObject({ found: 2, moved: 1, tooOld: 1 });
    expect(await operated.keys()).toEqual(before);
    expect(await operated.bodies('relay')).toEqual([]);
  });

  it.each([
    { what: 'the queue takes no message', service: 'sqs', operation: 'SendMessage' },
    { what: 'the bucket copies nothing', service: 's3', operation: 'CopyObject' },
  ] as const)('stay while $what', async ({ service, operation }) => {
    const code = service === 's3' ? 'AccessDenied' : 'AccessDeniedException';
    services.faults.set({ [service]: [{ fault: 'failCalls', code, operations: [operation], calls: 'all' }] });
    await expect(redriveCopies(deployment, '401', false)).rejects.toMatchObject({ name: 'AccessDenied' });
    services.faults.clear();
    expect(await operated.keys()).toContain(refused('401', young));
    expect(await operated.bodies('relay')).toEqual([]);
  });

  it('are refused by name without relay', async () => {
    const { relay: _, ...config } = deployment.config;
    await expect(redriveCopies({ ...deployment, config }, null, false)).rejects.toMatchObject({
      code: 'SLUICE_RELAY_OFF',
    });
  });
});
