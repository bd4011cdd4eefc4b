import { z } from 'zod';
import { parseJson } from '../../../../lib/json/parseJson.ts';
import type { Credentials } from '../iam/Principals.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';

/** How our templates hand access keys over: infra/readers/readers.ts. */
const secretSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** The access keys that a template makes and puts in a secret, and the ARN of whose they are. */
export function accessKeys({
  resources,
}: Pick<ResolvedTemplate, 'resources'>): (Credentials & { readonly arn: string })[] {
  const users = new Map(
    resources
      .filter(({ type }) => type === 'AWS::IAM::User')
      .map(({ physicalId, arn = '' }) => [physicalId, arn]),
  );
  const owners = new Map(
    resources
      .filter(({ type }) => type === 'AWS::IAM::AccessKey')
      .map(({ physicalId, properties }) => [physicalId, users.get(String(properties['UserName']))]),
  );
  return resources
    .filter(({ type }) => type === 'AWS::SecretsManager::Secret')
    .flatMap(({ properties }) => {
      const read = secretSchema.safeParse(parseJson(String(properties['SecretString'])));
      const arn = read.success ? owners.get(read.data.accessKeyId) : undefined;
      return read.success && arn !== undefined ? [{ arn, ...read.data }] : [];
    });
}
