import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { diskProblem } from '../../src/base/diskProblem.ts';
import { dataFolders, makeDataPrivate, requireOwnFolders } from '../../src/disk/dataDirectory.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'app-private-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const modeOf = (...path: readonly string[]) => (lstatSync(join(...path)).mode & 0o777).toString(8);

/** A data directory as earlier versions left it, and beside it a file that a link in it leads to. */
function openToAll(): string {
  const root = join(parent, 'data');
  const file = (path: string) => {
    writeFileSync(path, 'rows');
    chmodSync(path, 0o644);
  };
  for (const folder of ['', 's3', 's3/bucket', 's3/bucket/day', 'secretsmanager']) {
    mkdirSync(join(root, folder));
    chmodSync(join(root, folder), 0o755);
  }
  file(join(root, 's3/bucket/day/part.parquet'));
  file(join(root, 'secretsmanager/key.json'));
  file(join(parent, 'outside'));
  symlinkSync(join(parent, 'outside'), join(root, 's3/bucket/link'));
  return root;
}

function makePrivate(root: string, uid?: number): string[] {
  const said: string[] = [];
  makeDataPrivate(dataFolders(root), { uid, onWarning: (sentence) => said.push(sentence) });
  return said;
}

describe('makeDataPrivate', () => {
  it('creates a directory that only its owner can open, without a message', () => {
    const root = join(parent, 'a', 'data');
    expect(makePrivate(root)).toEqual([]);
    expect(modeOf(parent, 'a')).toBe('700');
    expect(modeOf(root)).toBe('700');
  });

  it('restricts a directory that an earlier version left open, and reports it once', () => {
    const root = openToAll();
    expect(makePrivate(root)).toEqual([
      `Other users of this machine could read ${root}. Now only its owner can.`,
    ]);
    for (const folder of ['', 's3', 's3/bucket', 's3/bucket/day', 'secretsmanager'])
      expect({ folder, mode: modeOf(root, folder) }).toEqual({ folder, mode: '700' });
    for (const file of ['s3/bucket/day/part.parquet', 'secretsmanager/key.json'])
      expect({ file, mode: modeOf(root, file) }).toEqual({ file, mode: '600' });
    expect(modeOf(parent, 'outside')).toBe('644');
    expect(makePrivate(root)).toEqual([]);
  });

  it('leaves a directory that is not a data directory unchanged, for example a home directory named by mistake', () => {
    const root = openToAll();
    mkdirSync(join(root, 'photos'));
    chmodSync(join(root, 'photos'), 0o755);
    expect(makePrivate(root)).toHaveLength(1);
    expect(modeOf(root)).toBe('755');
    expect(modeOf(root, 'photos')).toBe('755');
    expect(modeOf(root, 's3')).toBe('700');
    expect(modeOf(root, 'secretsmanager/key.json')).toBe('600');
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
    expect(modeOf(root)).toBe('755');
    expect(modeOf(root, 's3')).toBe('755');
  });
});

describe('requireOwnFolders', () => {
  function require(path: string): void {
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
      expect(() => require(path)).toThrow(foreign);
    },
  );

  it('knows its own', () => {
    expect(() => require('s3/.store')).not.toThrow();
  });
});

it.each(['EROFS', 'EACCES', 'EPERM', 'EIO'])(
  '%s of a file says that the directory can not be written',
  (code) => {
    const failed = (syscall: string) => diskProblem(Object.assign(new Error(code), { code, syscall }));
    expect(failed('open')).toMatchObject({ code: 'LOCAL_AWS_DISK_NOT_WRITABLE' });
    expect(failed('bind')).toBeUndefined();
  },
);
