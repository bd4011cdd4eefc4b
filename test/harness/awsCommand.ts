import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';

/** Queries of `list-object-versions` that Sluice prints. */
const MARKERS = /^DeleteMarkers\[\?IsLatest && \((.+)\)\]\.\{Key:Key,VersionId:VersionId\}$/;
const VERSIONS = 'Versions[].[ETag,VersionId,Key]';

/** What `aws s3api` does of the commands that Sluice prints to bring files back. Anything else is refused. */
async function aws([service, operation, ...words]: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const names = [
    'bucket',
    'prefix',
    'output',
    'query',
    'delete',
    'key',
    'copy-source',
    'region',
    'endpoint-url',
  ];
  const options = Object.fromEntries(names.map((name) => [name, text]));
  const { values } = parseArgs({ args: [...words], options });
  const value = (name: string) => {
    const given = values[name];
    if (typeof given !== 'string') throw new Error(`--${name}`);
    return given;
  };
  const s3 = new S3Client({
    region: value('region'),
    endpoint: value('endpoint-url'),
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const Bucket = value('bucket');
  if (service !== 's3api') throw new Error(service);
  if (operation === 'list-object-versions') {
    const asked = { Bucket, Prefix: value('prefix') };
    const [, condition = ''] = MARKERS.exec(value('query')) ?? [];
    const folders = [...condition.matchAll(/starts_with\(Key, '([^']+)'\)/g)].map(
      ([, folder = '']) => folder,
    );
    if (condition === '' && value('query') !== VERSIONS) throw new Error(value('query'));
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand(asked));
    const isWanted = ({ Key = '', IsLatest = false }) =>
      IsLatest && folders.some((one) => Key.startsWith(one));
    const found =
      condition === ''
        ? Versions.map(({ ETag, VersionId, Key }) => [ETag, VersionId, Key])
        : DeleteMarkers.filter(isWanted).map(({ Key, VersionId }) => ({ Key, VersionId }));
    process.stdout.write(JSON.stringify(found.length === 0 ? null : found));
  } else if (operation === 'delete-objects') {
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: JSON.parse(value('delete')) }),
    );
    if (Errors.length > 0) throw new Error(JSON.stringify(Errors));
  } else if (operation === 'copy-object') {
    const copy = { Bucket, Key: value('key'), CopySource: value('copy-source') };
    await s3.send(new CopyObjectCommand(copy));
  } else throw new Error(operation);
}

/**
 * Runs a command that Sluice prints, in a shell that has `aws` and `node`.
 *
 * @param folder Where the commands are put.
 * @throws if it fails, with what it writes to standard error.
 */
export async function runPrinted(
  command: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, words] of [
    ['aws', `'${process.execPath}' '${import.meta.filename}'`],
    ['node', `'${process.execPath}'`],
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${words} "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const { stderr } = await promisify(execFile)('sh', ['-c', command], {
    env: { ...env, PATH: `${folder}:${process.env['PATH']}` },
  });
  if (stderr !== '') throw new Error(stderr);
}

if (import.meta.main) await aws(process.argv.slice(2));
