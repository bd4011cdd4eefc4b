import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fetchBinding, readTar } from '../../infra/build/fetchBinding.ts';
import { installedBinding, LAMBDA_BINDINGS, pinnedBinding } from '../../infra/build/LambdaBinding.ts';
import { checkArtifact, UNZIPPED_BYTES } from '../../infra/build/placeBinding.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

/** Begins as a library for a machine: its ELF header. */
function library(machine: number, bytes = 64): Buffer {
  const content = Buffer.alloc(bytes);
  content.write('\x7fELF', 'latin1');
  content.writeUInt16LE(machine, 18);
  return content;
}
const LAMBDA_BINDING = LAMBDA_BINDINGS.arm64;
const ARM64 = 183;
const X64 = 62;

/** An archive as npm packs one. */
function tarOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const header = Buffer.alloc(512);
    header.write(path);
    header.write(content.byteLength.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    const padded = Buffer.alloc(Math.ceil(content.byteLength / 512) * 512);
    padded.set(content);
    return [header, padded];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const packed = gzipSync(
  tarOf({
    'package/package.json': Buffer.from('{}'),
    'package/duckdb.node': library(ARM64),
    'package/libduckdb.so': library(ARM64, 5_000),
    'package/README.md': Buffer.from('not wanted'),
  }),
);
const integrityOf = (bytes: Uint8Array) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

describe("DuckDB's binding for Lambda", () => {
  let root: string;
  let remove: () => void;
  let packs: string[];
  beforeEach(() => {
    ({ path: root, remove } = temporaryDirectory());
    packs = [];
  });
  afterEach(() => remove());

  const lock = (integrity: string | undefined, version = '1.5.5-r.5') =>
    writeFileSync(
      join(root, 'package-lock.json'),
      JSON.stringify({ packages: { '': {}, [`node_modules/${LAMBDA_BINDING}`]: { version, integrity } } }),
    );
  const pack = async (specifier: string, folder: string) => {
    packs.push(specifier);
    writeFileSync(join(folder, 'binding.tgz'), packed);
  };

  it('is pinned by the lockfile to the release of the engine', async () => {
    const { dependencies } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    for (const architecture of ['arm64', 'x86_64'] as const) {
      expect(await pinnedBinding(repositoryRoot, architecture)).toEqual({
        name: LAMBDA_BINDINGS[architecture],
        version: dependencies['@duckdb/node-api'],
        integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
      });
    }
    lock(undefined);
    await expect(pinnedBinding(root, 'arm64')).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_UNPINNED',
    });
  });

  it('is fetched once, and is then available without a network', async () => {
    lock(integrityOf(packed));
    const folder = await fetchBinding({ root }, 'arm64', pack);
    expect(packs).toEqual([`${LAMBDA_BINDING}@1.5.5-r.5`]);
    expect(readFileSync(join(folder, 'libduckdb.so'))).toEqual(library(ARM64, 5_000));
    const offline = () => Promise.reject(new Error('no network'));
    expect(await fetchBinding({ root }, 'arm64', offline)).toBe(folder);
    // Another release is another folder.
    lock(integrityOf(packed), '1.5.6-r.1');
    await expect(fetchBinding({ root }, 'arm64', offline)).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_MISSING',
      message: expect.stringContaining('no network'),
    });
  });

  it('is the same for all concurrent fetches', async () => {
    lock(integrityOf(packed));
    const folders = await Promise.all(Array.from({ length: 4 }, () => fetchBinding({ root }, 'arm64', pack)));
    expect(new Set(folders).size).toBe(1);
    expect(readFileSync(join(folders[0] ?? '', 'duckdb.node'))).toEqual(library(ARM64));
  });

  it('replaces an incomplete folder, whoever else does', async () => {
    lock(integrityOf(packed));
    const folder = await fetchBinding({ root }, 'arm64', pack);
    for (let round = 0; round < 10; round += 1) {
      rmSync(join(folder, 'duckdb.node'));
      const folders = await Promise.all(
        Array.from({ length: 6 }, () => fetchBinding({ root }, 'arm64', pack)),
      );
      expect(new Set(folders)).toEqual(new Set([folder]));
      expect(readFileSync(join(folder, 'duckdb.node'))).toEqual(library(ARM64));
    }
  });

  it('is rejected and not stored when it does not match the lockfile', async () => {
    lock(integrityOf(Buffer.from('another')));
    await expect(fetchBinding({ root }, 'arm64', pack)).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_WRONG',
    });
    lock(integrityOf(packed));
    expect(packs).toHaveLength(1);
    await fetchBinding({ root }, 'arm64', pack);
    expect(packs).toHaveLength(2);
  });

  it('is rejected without its library', async () => {
    const poor = gzipSync(tarOf({ 'package/duckdb.node': library(ARM64) }));
    lock(integrityOf(poor));
    const packPoor = async (_: string, folder: string) => writeFileSync(join(folder, 'x.tgz'), poor);
    await expect(fetchBinding({ root }, 'arm64', packPoor)).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_WRONG',
    });
  });

  it("must be in the artifact, match the configured processor, and keep the artifact below Lambda's limit", async () => {
    const folder = join(root, 'ingest-load');
    const binding = join(folder, 'node_modules', LAMBDA_BINDING);
    mkdirSync(binding, { recursive: true });
    const put = (name: string, content: Uint8Array) => writeFileSync(join(binding, name), content);
    await expect(checkArtifact(folder, 'arm64')).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_WRONG',
    });
    put('duckdb.node', library(ARM64));
    put('libduckdb.so', library(X64));
    await expect(checkArtifact(folder, 'arm64')).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_WRONG',
      message: expect.stringContaining('libduckdb.so is 62'),
    });
    put('libduckdb.so', library(ARM64));
    await checkArtifact(folder, 'arm64');
    await expect(checkArtifact(folder, 'x86_64')).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_WRONG',
    });
    put('libduckdb.so', library(ARM64, UNZIPPED_BYTES));
    await expect(checkArtifact(folder, 'arm64')).rejects.toMatchObject({ code: 'SLUICE_BUILD_TOO_LARGE' });
  });

  it("is found for this machine in npm's installation", () => {
    expect(installedBinding(repositoryRoot)).toContain(join('node_modules', '@duckdb'));
    expect(installedBinding(root, '@duckdb/node-bindings-plan9-vax')).toBeNull();
  });

  it('is extracted from an archive completely, or not at all', () => {
    const archive = tarOf({ 'package/a': Buffer.from('one'), 'package/b': Buffer.alloc(600, 7) });
    expect([...readTar(archive)].map(({ path, content }) => [path, content.byteLength])).toEqual([
      ['package/a', 3],
      ['package/b', 600],
    ]);
    expect(() => [...readTar(archive.subarray(0, 1_700))]).toThrow(RangeError);
  });
});
