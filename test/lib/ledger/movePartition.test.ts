import { describe, expect, it } from '@jest/globals';
import type { CatalogPartition, ItemFailure } from '../../../lib/landing/catalog/PartitionCatalog.ts';
import { isReadVersion, movePartition, readPartition } from '../../../lib/ledger/movePartition.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';

const day = '2026-11-19';
const LOCATION = 's3://own/statsig/ingested/t/2026-11-19/v2/';

/** A catalog whose batches answer the given codes, one a call; then they succeed. */
function start(
  codes: { readonly update?: (string | null)[]; readonly create?: (string | null)[] } = {},
  locationBefore?: string,
) {
  let location = locationBefore;
  const clock = new ManualClock(0);
  const codesLeft = structuredClone(codes);
  const calls: string[] = [];
  const answer =
    (name: 'update' | 'create') =>
    async (_: string, __: string, [partition]: readonly CatalogPartition[]): Promise<ItemFailure[]> => {
      calls.push(name);
      const code = codesLeft[name]?.shift() ?? null;
      if (code === null) location = partition?.storage.Location;
      return code === null ? [] : [{ values: [day], code, message: '' }];
    };
  const catalog = {
    getTable: async () => ({ name: 't', storage: { InputFormat: 'f' }, partitionKeys: ['ds'] }),
    listPage: async (_: string, __: string, ___: unknown, values: readonly string[] = []) => {
      const other = { values: ['2026-11-18'], storage: { Location: 's3://own/other/' } };
      const known =
        location === undefined || values[0] !== day
          ? []
          : [{ values: [day], storage: { Location: location } }];
      return { items: [other, ...known], next: undefined };
    },
    batchUpdate: answer('update'),
    batchCreate: answer('create'),
  };
  const attempts = { clock, wait: async () => undefined, random: () => 0, deadline: 1_000 };
  const partition = { catalog, database: 'sluice', table: 't', day };
  const config = { statsigFolder: 'statsig', database: 'sluice' };
  const ports = { catalog, bucket: 'own', config, ...attempts };
  return {
    calls,
    clock,
    location: () => location,
    move: () => movePartition(partition, LOCATION, attempts),
    read: () => readPartition(ports, { table: 't', day }, 1_000),
    isRead: (version: string | undefined) => isReadVersion(ports, { table: 't', day, version }, 1_000),
  };
}

describe('the move of a partition', () => {
  it.each([
    { what: 'moves it with one call', codes: {}, calls: ['update'] },
    {
      what: 'makes it where there is none',
      codes: { update: ['EntityNotFoundException'] },
      calls: ['update', 'create'],
    },
    {
      what: 'tries again what passes',
      codes: { update: ['InternalFailure', 'ThrottlingException'] },
      calls: ['update', 'update', 'update'],
    },
  ])('$what', async ({ codes, calls }) => {
    const { move, location, calls: made } = start(codes);
    await move();
    expect(made).toEqual(calls);
    expect(location()).toEqual(LOCATION);
  });

  it('is done if an attempt before has made it', async () => {
    const { move, calls } = start({
      update: ['EntityNotFoundException'],
      create: ['AlreadyExistsException'],
    });
    await move();
    expect(calls).toEqual(['update', 'create']);
  });

  it.each([
    { what: 'it is not moved', codes: { update: ['InvalidInputException'] }, calls: ['update'] },
    {
      what: 'it is not made',
      codes: { update: ['EntityNotFoundException'], create: ['InvalidInputException'] },
      calls: ['update', 'create'],
    },
  ])('fails by the name for which $what', async ({ codes, calls }) => {
    const code = 'InvalidInputException';
    const { move, location, calls: made } = start(codes);
    await expect(move()).rejects.toMatchObject({ name: 'CatalogCallError', code });
    expect(made).toEqual(calls);
    expect(location()).toBeUndefined();
  });

  it('fails when what should pass does not', async () => {
    const { move } = start({ update: Array(20).fill('ThrottlingException') });
    await expect(move()).rejects.toMatchObject({ code: 'ThrottlingException' });
  });

  it('is what decides which version is read', async () => {
    const { move, isRead } = start();
    expect(await isRead(undefined)).toBe(true);
    expect(await isRead('v2')).toBe(false);
    await move();
    expect(await isRead('v2')).toBe(true);
    expect(await isRead('v1')).toBe(false);
    expect(await isRead(undefined)).toBe(false);
  });
});

describe('the version of a partition', () => {
  it.each([
    { what: 'that Sluice has moved', location: LOCATION, version: 'v2' },
    { what: 'whose location lacks its last slash', location: LOCATION.slice(0, -1), version: 'v2' },
    // A name of as many letters as that of the deployment's bucket.
    { what: 'in another bucket', location: LOCATION.replace('own', 'old'), version: undefined },
    { what: 'at the folder of its table', location: 's3://own/statsig/ingested/t/', version: undefined },
  ])('is $version for one $what', async ({ location, version }) => {
    const { read, isRead } = start({}, location);
    expect(await read()).toMatchObject({ isMissing: false, version });
    expect(await isRead('v2')).toBe(version === 'v2');
  });
});
