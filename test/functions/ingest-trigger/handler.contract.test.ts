import { hash } from 'node:crypto';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { utcDay } from '../../../lib/base/time.ts';
import { realClock } from '../../../packages/local-aws/src/base/index.ts';
import { Secrets, secretsManagerService } from '../../../packages/local-aws/src/secretsmanager/index.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { configuredFunction } from '../../harness/lambdaInvoker.ts';
import { startAws } from '../../harness/startAws.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const sha256 = (key: string) => hash('sha256', key);
const directory = temporaryDirectory();
const where = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
const secrets = Secrets.open({ directory: directory.path, clock: realClock, ...where });
const added = [
  { label: 'acme', sha256: sha256('secret-acme'), kinds: [], sources: ['acme'] },
  { label: 'app', sha256: sha256('secret-app') },
];
secrets.create({ name: 'keys', value: JSON.stringify({ keys: added }) });
const aws = await startAws({ more: [secretsManagerService({ secrets })] });
afterAll(async () => {
  await aws.close();
  directory.remove();
});
const SLUICE_PLAN_QUEUE = aws.addQueue('plan');
/** Requests of the plan's queue, which is empty afterwards. */
function asked(): readonly unknown[] {
  const queue = aws.queues.byName('plan');
  const messages = queue.receive(10);
  for (const { receipt } of messages) queue.delete(receipt);
  return messages.map(({ body }): unknown => JSON.parse(body));
}

/** What differs between deployed functions. */
interface TriggerSettings {
  /** The bucket in which it keeps when each source was started last: its turn. */
  readonly bucket: string;
  /** `allowAnyKey` of the configuration. Default false. */
  readonly allowAnyKey?: boolean;
  /** More variables of the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A deployed function with two sources and a key of its configuration. */
async function deployTrigger({ bucket, allowAnyKey = false, environment = {} }: TriggerSettings) {
  aws.store.createBucket(bucket);
  jest.resetModules();
  return configuredFunction(
    {
      // SLUICE_BUCKET counts.
      bucket: 'not-this-one',
      allowAnyKey,
      sources: [acmeSource(), acmeSource({ name: 'other', bucket: 'other-drops' })],
      keys: [{ label: 'operator', sha256: sha256('secret-operator'), sources: ['acme', 'other'] }],
    },
    {
      AWS_ENDPOINT_URL: aws.options.endpoint,
      SLUICE_BUCKET: bucket,
      SLUICE_KEYS_SECRET: 'keys',
      SLUICE_PLAN_QUEUE,
      ...environment,
    },
    () => import('../../../functions/ingest-trigger/handler.ts'),
  );
}
const deployed = await deployTrigger({ bucket: 'sluice-turns' });
const forAnyKey = await deployTrigger({ bucket: 'sluice-turns-any', allowAnyKey: true });
const local = await deployTrigger({
  bucket: 'sluice-turns-local',
  environment: { SLUICE_ALLOW_ANY_KEY: 'true' },
});

const day = utcDay(Date.now());
async function post({ invoke }: Pick<typeof deployed, 'invoke'>, key: string) {
  const body = JSON.stringify({ datestamps: [day], type: 'events' });
  const headers = { 'statsig-api-key': key };
  const answer = await invoke({ rawQueryString: '', headers, body, isBase64Encoded: false });
  const { code, started }: Readonly<Record<string, unknown>> = JSON.parse(answer.body ?? '');
  return { status: answer.statusCode, code, started };
}
/** The answer to a key that starts sources. */
const starts = (...sources: string[]) => ({ status: 200, code: undefined, started: sources });
/** The answer to a request that starts nothing. */
const refuses = (status: number, code: string) => ({ status, code, started: undefined });
const plan = (...sources: string[]) => [
  { sluice: 'plan', sources, kind: 'events', days: [day], asked: 'triggered' },
];

describe('the trigger', () => {
  it('starts the sources that a key of the secret or of the configuration names, and none again at once', async () => {
    expect(await post(deployed, 'secret-acme')).toEqual(starts('acme'));
    expect(asked()).toEqual(plan('acme'));
    expect(await post(deployed, 'secret-acme')).toEqual(refuses(429, 'SLUICE_TRIGGER_TOO_SOON'));
    expect(await post(deployed, 'secret-operator')).toEqual(starts('other'));
    expect(asked()).toEqual(plan('other'));
    // SLUICE_BUCKET has a turn of each.
    const { entries } = aws.store.list('sluice-turns', { prefix: '', limit: 10 });
    expect(entries).toHaveLength(2);
  });

  it('starts nothing for a stranger, or for a key that names no sources', async () => {
    expect(await post(deployed, 'secret-stranger')).toEqual(refuses(401, 'SLUICE_KEY_UNKNOWN'));
    expect(await post(deployed, 'secret-app')).toEqual(refuses(403, 'SLUICE_TRIGGER_KEY_NO_SOURCES'));
    expect(asked()).toEqual([]);
  });

  it.each(['secret-app', 'secret-stranger'])(
    'starts nothing for %s where any key may post events',
    async (key) => {
      expect(await post(forAnyKey, key)).toEqual(refuses(403, 'SLUICE_TRIGGER_KEY_NO_SOURCES'));
      expect(asked()).toEqual([]);
    },
  );

  it('starts all for any key of the local cloud', async () => {
    expect(await post(local, 'secret-stranger')).toEqual(starts('acme', 'other'));
    expect(asked()).toEqual(plan('acme', 'other'));
  });
});
