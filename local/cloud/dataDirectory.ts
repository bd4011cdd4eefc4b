import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const repositoryRoot = resolve(fileURLToPath(import.meta.url), '..', '..', '..');

/** Where the local cloud keeps its data unless told otherwise: `.sluice/data` in the repository. */
export function defaultDataDirectory(): string {
  return join(repositoryRoot, '.sluice', 'data');
}

/** The folders of a data directory; each belongs to one service. */
export function dataFolders(directory: string) {
  const root = resolve(directory);
  return {
    root,
    s3: join(root, 's3'),
    glue: join(root, 'glue'),
    firehose: join(root, 'firehose'),
    sqs: join(root, 'sqs'),
    secrets: join(root, 'secretsmanager'),
    athena: join(root, 'athena'),
    iam: join(root, 'iam'),
    kms: join(root, 'kms'),
    logs: join(root, 'logs'),
  };
}
