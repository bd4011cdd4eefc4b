import { join } from 'node:path';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { writeConfig } from '../harness/temporaryDirectory.ts';
import { readPolicies } from './Policies.ts';

/** Makes a configuration the one that is packaged, until `SLUICE_CONFIG` is deleted. */
export function useConfig(folder: string, input: object): void {
  process.env['SLUICE_CONFIG'] = writeConfig(folder, input);
}

/** The package of the configuration in use, and its resources and policies in the local cloud. */
export async function deployed() {
  const loaded = await loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
  });
  const { region, id: account, partition } = localAccount;
  const stack = { region, account, partition, stackName: loaded.stackName, endpoint: 'http://127.0.0.1' };
  const resolved = resolveTemplate(loaded.template, stack);
  return { loaded, resolved, policies: readPolicies(resolved) };
}

/** Calls the control API of a local cloud. @throws Error with the answer of a call that is refused. */
export async function control(edge: string, path: string, method: string, body?: object) {
  const answer = await fetch(`${edge}/_sluice/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** Uploads in parts that were begun in a bucket and neither ended nor given up. */
export async function unfinishedUploads(edge: string, Bucket: string): Promise<readonly string[]> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint: edge, region: 'us-east-1', credentials, forcePathStyle: true });
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  s3.destroy();
  return Uploads.map(({ Key = '' }) => Key);
}
