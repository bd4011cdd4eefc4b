import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  fetchBinding,
  installedBinding,
  LAMBDA_BINDINGS,
  pinnedBinding,
} from '../../infra/build/duckDbBinding.ts';
import { placeBinding, requireArtifact, UNZIPPED_BYTES } from '../../infra/build/placeBinding.ts';
import { projectRoot } from '../../local/roots.ts';
import { listen } from '../harness/listen.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';

/** Begins as a library for a machine: its ELF header. */
function library(machine: number): Buffer {
  const content = Buffer.alloc(64);
  content.write('\x7fELF', 'latin1');
  content.writeUInt16LE(machine, 18);
  return content;
}
const LAMBDA_BINDING = LAMBDA_BINDINGS.arm64;
const ARM64 = 183;
const X64 = 62;

/** Serves one package as npm's registry does, and counts the downloads. */
async function startRegistry(
  tarball: Buffer,
): Promise<{ url: string; downloads: () => number; close: () => void }> {
  let downloads = 0;
  const server = createServer(({ url = '', headers }, response) => {
    if (url.endsWith('.tgz')) {
      downloads += 1;
      return void response.end(tarball);
    }
    const versions = Object.fromEntries(
      VERSIONS.map((version) => [
        version,
        { name: LAMBDA_BINDING, version, dist: { tarball: `http://${headers.host}/${version}.tgz` } },
      ]),
    );
    response.end(JSON.stringify({ name: LAMBDA_BINDING, versions }));
  });
  return {
    url: `${await listen(server)}/`,
    downloads: () => downloads,
    close: () => server.close(),
  };
}
const VERSIONS = ['1.5.5-r.5', '1.5.6-r.1'];
const integrityOf = (bytes: Uint8Array) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

describe("DuckDB's binding for Lambda", () => {
  let root: string;
  let remove: () => void;
  let packed: Buffer;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeEach(async () => {
    ({ path: root, remove } = temporaryDirectory());
    mkdirSync(join(root, 'package'));
    writeFileSync(
      join(root, 'package', 'package.json'),
      JSON.stringify({ name: LAMBDA_BINDING, version: VERSIONS[0], os: ['plan9'], cpu: ['vax'] }),
    );
    writeFileSync(join(root, 'package', 'duckdb.node'), library(ARM64));
    packed = execFileSync('tar', ['-czf', '-', '-C', root, 'package']);
    await serve();
  });
  afterEach(() => {
    registry.close();
    remove();
  });

  const lock = (integrity: string | undefined, version = VERSIONS[0]) =>
    writeFileSync(
      join(root, 'package-lock.json'),
      JSON.stringify({ packages: { '': {}, [`node_modules/${LAMBDA_BINDING}`]: { version, integrity } } }),
    );
  /** Of this process alone the path. Settings of npm are as if one workspace alone were packaged. */
  const environment = { PATH: process.env['PATH'], npm_config_workspace: 'x' };
  const fetchFolder = () => fetchBinding({ root }, 'arm64', environment);
  /** Serves what is packed now, by the settings of the service. */
  const serve = async () => {
    registry = await startRegistry(packed);
    writeFileSync(join(root, '.npmrc'), `registry=${registry.url}\ncache=${join(root, 'cache')}\n`);
  };

  it('is pinned by the lockfile to the release of the engine', async () => {
    const { dependencies } = JSON.parse(textOf('package.json'));
    for (const architecture of ['arm64', 'x86_64'] as const) {
      expect(await pinnedBinding(projectRoot, architecture)).toEqual({
        name: LAMBDA_BINDINGS[architecture],
        version: dependencies['@duckdb/node-api'],
        integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
      });
    }
  });

  it('is refused if the lockfile has no hash of it', async () => {
    lock(undefined);
    await expect(pinnedBinding(root, 'arm64')).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_UNPINNED',
    });
  });

  it('is fetched once with the npm settings of the service, and is then available without a network', async () => {
    lock(integrityOf(packed));
    const folders = await Promise.all([fetchFolder(), fetchFolder(), fetchFolder()]);
    const [folder] = folders;
    expect(folders).toEqual([folder, folder, folder]);
    expect(readdirSync(join(root, '.sluice', 'bindings'))).toEqual([basename(folder)]);
    expect(readFileSync(join(folder, 'duckdb.node'))).toEqual(library(ARM64));
    registry.close();
    expect(await fetchFolder()).toBe(folder);
  });

  it('of another release is fetched again', async () => {
    lock(integrityOf(packed));
    await fetchFolder();
    registry.close();
    lock(integrityOf(Buffer.from('another')), VERSIONS[1]);
    await expect(fetchFolder()).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_MISSING',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is rejected and not kept when it does not match the lockfile', async () => {
    lock(integrityOf(Buffer.from('another')));
    await expect(fetchFolder()).rejects.toMatchObject({
      code: 'SLUICE_BUILD_BINDING_MISSING',
      message: expect.stringContaining('EINTEGRITY'),
    });
    expect(registry.downloads()).toBeGreaterThan(0);
    expect(readdirSync(join(root, '.sluice', 'bindings'))).toEqual([]);
  });

  describe('in an artifact', () => {
    let folder: string;
    let binding: string;
    beforeEach(() => {
      folder = join(root, 'ingest-load');
      binding = join(folder, 'node_modules', LAMBDA_BINDING);
      mkdirSync(binding, { recursive: true });
      for (const name of ['duckdb.node', 'libduckdb.so']) writeFileSync(join(binding, name), library(ARM64));
    });

    it('is complete', async () => {
      await requireArtifact(folder, 'arm64');
      rmSync(join(binding, 'duckdb.node'));
      await expect(requireArtifact(folder, 'arm64')).rejects.toMatchObject({
        code: 'SLUICE_BUILD_BINDING_WRONG',
        message: expect.stringContaining('duckdb.node is not there, expected arm64.'),
      });
    });

    it('is of the configured processor in each file', async () => {
      await expect(requireArtifact(folder, 'x86_64')).rejects.toMatchObject({
        code: 'SLUICE_BUILD_BINDING_WRONG',
      });
      writeFileSync(join(binding, 'libduckdb.so'), library(X64));
      await expect(requireArtifact(folder, 'arm64')).rejects.toMatchObject({
        code: 'SLUICE_BUILD_BINDING_WRONG',
        message: expect.stringContaining('libduckdb.so is for x86_64, expected arm64.'),
      });
    });

    it('is not called missing where it cannot be opened', async () => {
      const path = join(binding, 'duckdb.node');
      rmSync(path);
      symlinkSync(path, path);
      await expect(requireArtifact(folder, 'arm64')).rejects.toMatchObject({ code: 'ELOOP' });
    });

    it("leaves it below Lambda's limit", async () => {
      // A sparse file: nothing is written.
      truncateSync(join(binding, 'libduckdb.so'), UNZIPPED_BYTES);
      await expect(requireArtifact(folder, 'arm64')).rejects.toMatchObject({
        code: 'SLUICE_BUILD_TOO_LARGE',
      });
    });
  });

  it('of this machine is linked anew where an earlier link leads nowhere', async () => {
    const installed = installedBinding(projectRoot) ?? '';
    const link = join(root, 'node_modules', '@duckdb', basename(installed));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'gone'), link);
    await Promise.all(
      ['write', 'curate'].map((name) => placeBinding({ root }, join(root, name), 'here', 'arm64')),
    );
    expect(realpathSync(link)).toBe(realpathSync(installed));
    expect(readdirSync(dirname(link))).toEqual([basename(installed)]);
  });

  it('is the only one of a function whose architecture has changed', async () => {
    writeFileSync(join(root, 'package', 'libduckdb.so'), library(ARM64));
    packed = execFileSync('tar', ['-czf', '-', '-C', root, 'package']);
    registry.close();
    await serve();
    lock(integrityOf(packed));
    const folder = join(root, 'write');
    const former = join(folder, 'node_modules', LAMBDA_BINDINGS.x86_64);
    mkdirSync(former, { recursive: true });
    await placeBinding({ root }, folder, 'lambda', 'arm64', environment);
    expect(existsSync(former)).toBe(false);
  });

  it("is found for this machine in npm's installation", () => {
    expect(installedBinding(projectRoot)).toContain(join('node_modules', '@duckdb'));
    expect(installedBinding(root, '@duckdb/node-bindings-plan9-vax')).toBeNull();
  });
});
