import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { judgeRole } from './judgeRole.ts';
import { type Policies, readPolicies } from './Policies.ts';
import { heldPage } from './permissionsPage.ts';

/** Makes a configuration the one that is packaged, until `SLUICE_CONFIG` is deleted. */
export function useConfig(folder: string, input: object): void {
  const file = join(folder, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const text = `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(input)});\n`;
  writeFileSync(file, text);
  process.env['SLUICE_CONFIG'] = file;
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

/** Every call that was made in a local cloud. */
export async function recordedCalls(edge: string): Promise<readonly RecordedCall[]> {
  const { calls, dropped }: { calls: RecordedCall[]; dropped: number } = await control(edge, 'calls', 'GET');
  if (dropped > 0) throw new Error(`${dropped} calls were dropped: the record is not whole`);
  return calls;
}

/** Folders of uploads in parts that were given up. */
export async function abortedUploads(edge: string): Promise<readonly string[]> {
  const keys = (await recordedCalls(edge)).flatMap(({ operation, permissions }) =>
    operation === 'AbortMultipartUpload' ? permissions.map(({ resource }) => resource) : [],
  );
  return [...new Set(keys.map((key) => key.replace(/[^/]+$/, '')))];
}

/** Tests that roles have exactly the permissions that their calls need, and that the page says so. */
export function itGives(
  roles: readonly string[],
  of: () => {
    readonly policies: Policies;
    readonly calls: readonly RecordedCall[];
    readonly bucket: string;
  },
): void {
  it.each(roles)('gives %s exactly the permissions that its calls need', async (id) => {
    const { policies, calls } = of();
    expect(await judgeRole(policies, id, calls)).toEqual({ denied: [], idle: [] });
  });

  it('is described in docs/reference/permissions.md (SLUICE_WRITE_DOCS=1 updates it)', () => {
    const { policies, calls, bucket } = of();
    const own = policies.roles.filter(({ logicalId }) => roles.includes(logicalId));
    expect(own).toHaveLength(roles.length);
    const { page, held } = heldPage(own, calls, bucket);
    expect(page).toBe(held);
  });
}
