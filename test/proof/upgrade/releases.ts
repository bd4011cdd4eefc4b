import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { placeBinding } from '../../../infra/build/placeBinding.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { parseTemplate, type Template } from '../../../packages/local-aws/src/template/index.ts';
import { type Footprints, upgradeProblems } from '../infra/footprint.ts';

/** Where releases are stored: a folder for each version. */
const RELEASES = join(repositoryRoot, 'test', 'fixtures', 'releases');

/** Whom a policy is printed for that a customer applies. */
export type CustomerPolicy = 'ingest-source' | 'export-target';

/** Contents of a stored release's `release.json`. */
export interface ReleaseRecord {
  readonly version: string;
  /** The commit that was packaged. */
  readonly commit: string;
  /** When it was committed, ISO 8601. */
  readonly committedAt: string;
  /** The Node that packaged it, e.g. `v24.21.0`. */
  readonly node: string;
  /** The configuration that it was packaged with; later versions are packaged with the same. */
  readonly configuration: Partial<ConfigInput>;
  /** Bucket policies as its `sluice policy print` prints them for customers, with {@link PRINCIPALS}. */
  readonly customerPolicies: Partial<Record<CustomerPolicy, object>>;
  /** Sizes and checksum of `deployment.json.br`. */
  readonly archive: { readonly bytes: number; readonly unpackedBytes: number; readonly sha256: string };
}

/** Contents of `deployment.json.br`. */
interface Archive {
  readonly stackName: string;
  readonly template: unknown;
  /** Modules by their path below the package: `build/collect/handler.mjs`. */
  readonly files: Readonly<Record<string, string>>;
}

/** A stored release. */
export interface Release extends ReleaseRecord {
  readonly stackName: string;
  readonly template: Template;
  readonly files: Readonly<Record<string, string>>;
}

const RECORD = 'release.json';
const ARCHIVE = 'deployment.json.br';

/** The principals in stored policies. The harness replaces them by principals of its account. */
export const PRINCIPALS: Readonly<Record<CustomerPolicy, string>> = {
  'ingest-source': 'arn:aws:iam::000000000000:root',
  'export-target': 'arn:aws:iam::000000000000:role/export',
};

/** Versions of the stored releases, the earliest first. */
export function storedVersions(directory = RELEASES): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted((a, b) => (isEarlier(a, b) ? -1 : 1));
}

/** Reads a stored release. @throws Error if the archive is not the one that was recorded. */
export function readRelease(version: string, directory = RELEASES): Release {
  const record: ReleaseRecord = JSON.parse(readFileSync(join(directory, version, RECORD), 'utf8'));
  const packed = readFileSync(join(directory, version, ARCHIVE));
  if (sha256(packed) !== record.archive.sha256)
    throw new Error(`${version}/${ARCHIVE} is not the archive that ${RECORD} records`);
  const { stackName, template, files }: Archive = JSON.parse(brotliDecompressSync(packed).toString('utf8'));
  return { ...record, stackName, template: parseTemplate(template), files };
}

/** The configuration by which a stack of a release is upgraded to today's version: docs/upgrade.md. */
export function upgradingConfiguration({
  version,
  configuration,
}: ReleaseRecord): ReleaseRecord['configuration'] {
  return isEarlier(version, '0.3.0') ? { ...configuration, formerStreams: true } : configuration;
}

/** Stores a release. */
export function writeRelease(
  record: Omit<ReleaseRecord, 'archive'>,
  archive: Archive,
  directory = RELEASES,
): ReleaseRecord {
  const text = Buffer.from(JSON.stringify(archive));
  // A window over all of it: the functions share most of their code.
  const packed = brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.byteLength,
    },
  });
  const written: ReleaseRecord = {
    ...record,
    archive: { bytes: packed.byteLength, unpackedBytes: text.byteLength, sha256: sha256(packed) },
  };
  const folder = join(directory, record.version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ARCHIVE), packed);
  writeFileSync(join(folder, RECORD), `${JSON.stringify(written, undefined, 2)}\n`);
  return written;
}

/** A version, and what an upgrade must leave as it is. */
interface Footprinted {
  readonly version: string;
  readonly footprints: Footprints;
}

/**
 * Why a release cannot be stored: it breaks users of the stored release of the same version. Overwritten, no test would
 * see the change.
 */
export function releaseProblems(stored: Footprinted, next: Footprinted): string[] {
  return next.version === stored.version ? upgradeProblems(stored.footprints, next.footprints) : [];
}

/** Writes the modules of a release to a directory, and links this machine's DuckDB binding as packaging does. */
export async function unpackFunctions({ files }: Pick<Release, 'files'>, directory: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  await placeBinding({ root: directory }, join(directory, 'build', 'ingest-load'), 'here', 'arm64');
}

/** Whether a version is earlier than another: 0.9.0 is earlier than 0.10.0. */
export function isEarlier(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  const at = (a ?? []).findIndex((part, i) => part !== b?.[i]);
  return at >= 0 && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
