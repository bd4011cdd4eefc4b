import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataFolders, makeDataPrivate, requireOwnFolders } from '../../src/disk/dataDirectory.ts';
import { startLocalAws } from '../../src/server/index.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let parent: string;
beforeEach(() => {
  directory = temporaryDirectory();
  parent = directory.path;
});
afterEach(() => directory.remove());

const modeOf = (...path: readonly string[]) => (lstatSync(join(...path)).mode & 0o777).toString(8);

/** A data directory with a folder of the cloud's, both of which everybody can read. */
function openToAll(): string {
  const root = join(parent, 'data');
  for (const folder of ['', 's3']) {
    mkdirSync(join(root, folder));
    chmodSync(join(root, folder), 0o755);
  }
  return root;
}

/** Makes a data directory private. @param uid Who does so; absent for the user of the process. @returns The warnings. */
function makePrivate(root: string, uid?: number): string[] {
  const said: string[] = [];
  makeDataPrivate(dataFolders(root), { uid, onWarning: (sentence) => said.push(sentence) });
  return said;
}

describe('makeDataPrivate', () => {
  it('creates a directory that only its owner can open, without a message', () => {
    const root = join(parent, 'a', 'data');
    expect(makePrivate(root)).toEqual([]);
    expect([modeOf(parent, 'a'), modeOf(root)]).toEqual(['700', '700']);
  });

  it('closes a directory that is open to others, and says so once', () => {
    const root = openToAll();
    expect(makePrivate(root)).toEqual([
      `Other users of this machine could read ${root}. Now only its owner can.`,
    ]);
    expect(modeOf(root)).toBe('700');
    expect(makePrivate(root)).toEqual([]);
  });

  it("closes only the cloud's own folders in a directory with other things, such as a home named by mistake", () => {
    const root = openToAll();
    mkdirSync(join(root, 'photos'));
    chmodSync(join(root, 'photos'), 0o755);
    expect(makePrivate(root)).toHaveLength(1);
    expect([modeOf(root), modeOf(root, 'photos'), modeOf(root, 's3')]).toEqual(['755', '755', '700']);
  });

  it("rejects another user's directory and changes nothing", () => {
    const root = openToAll();
    // The administrator's own directories are fit for everybody: tests may run as the administrator.
    if (statSync(root).uid === 0) chownSync(root, 1234, 1234);
    const { uid } = statSync(root);
    expect(() => makePrivate(root, uid + 1)).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_LOCAL_DATA_NOT_YOURS',
        detail: `${root} belongs to the user ${uid}.`,
      }),
    );
    expect([modeOf(root), modeOf(root, 's3')]).toEqual(['755', '755']);
  });
});

describe('requireOwnFolders', () => {
  /** Checks a data directory with a folder of the cloud's and this file. */
  function checkWith(path: string): void {
    const root = join(parent, 'data');
    mkdirSync(join(root, path, '..'), { recursive: true });
    mkdirSync(join(root, 'kms'));
    writeFileSync(join(root, path), 'mine');
    requireOwnFolders(dataFolders(root));
  }

  it.each(['logs/app.log', 's3/notes/a.txt', 'firehose/scratch/a.txt', 'iam/a.tf'])(
    "stays away from folders of somebody else's project: %s",
    (path) => {
      const [folder = '', found = ''] = path.split('/');
      const detail = `${join(parent, 'data', folder, found)}.`;
      const foreign = expect.objectContaining({ code: 'LOCAL_AWS_DISK_FOREIGN', detail });
      expect(() => checkWith(path)).toThrow(foreign);
    },
  );

  it('knows its own', () => {
    expect(() => checkWith('s3/.store')).not.toThrow();
  });
});

it.each([
  { what: 'the data directory', path: 'data' },
  { what: 'a folder', path: 'data/s3' },
])('a start names a file that is where $what belongs, and stays away from it', async ({ path }) => {
  const file = join(parent, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, 'mine');
  const stack = { template: { Resources: {} } };
  const failure = await failureOf(startLocalAws({ stack, directory: join(parent, 'data') }));
  expect(failure).toMatchObject({
    name: 'LOCAL_AWS_DISK_FOREIGN',
    message: expect.stringContaining(file),
  });
  expect(readFileSync(file, 'utf8')).toBe('mine');
});
