import { z } from 'zod';
import { type JsonOperation, operation } from '../../edge/JsonService.ts';
import { invalidMarker, malformedPolicy, policyNotFound } from '../errors.ts';
import type { Key, Keys } from '../model/Keys.ts';

const KeyId = z.string().min(1).max(2048);
/** A key has one policy. https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html */
const PolicyName = z.string().min(1).max(128).default('default');
/** Days between two rotations; KMS's default. */
const ROTATION_DAYS = 365;
const MOST_ALIASES = 100;

/** What a key is, and what can be set on it. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
export function keyOperations(keys: Keys, account: string): Record<string, JsonOperation> {
  const onKey = (run: (key: Key) => unknown) =>
    operation({ input: z.strictObject({ KeyId }), run: (input) => run(keys.key(input.KeyId)) });
  return {
    DescribeKey: operation({
      input: z.strictObject({ KeyId }),
      run: (input) => ({ KeyMetadata: metadata(keys.keyOrAlias(input.KeyId), account) }),
    }),
    GetKeyPolicy: operation({
      input: z.strictObject({ KeyId, PolicyName }),
      run(input) {
        const { policy } = keys.key(input.KeyId);
        if (input.PolicyName !== 'default') throw policyNotFound();
        return { Policy: policy, PolicyName: 'default' };
      },
    }),
    PutKeyPolicy: operation({
      input: z.strictObject({ KeyId, PolicyName, Policy: z.string().min(1).max(131_072) }),
      run(input) {
        const key = keys.key(input.KeyId);
        if (input.PolicyName !== 'default') throw policyNotFound();
        if (!isJson(input.Policy)) throw malformedPolicy();
        key.policy = input.Policy;
      },
    }),
    GetKeyRotationStatus: onKey(({ rotated, arn }) => ({
      KeyId: arn,
      KeyRotationEnabled: rotated,
      ...(rotated ? { RotationPeriodInDays: ROTATION_DAYS } : {}),
    })),
    EnableKeyRotation: onKey((key) => {
      key.rotated = true;
    }),
    DisableKeyRotation: onKey((key) => {
      key.rotated = false;
    }),
    EnableKey: onKey((key) => {
      key.enabled = true;
    }),
    DisableKey: onKey((key) => {
      key.enabled = false;
    }),
    ListAliases: operation({
      input: z.strictObject({
        KeyId: KeyId.optional(),
        Limit: z.int().min(1).max(MOST_ALIASES).default(50),
        Marker: z.string().optional(),
      }),
      run({ KeyId: of, Limit, Marker }) {
        const id = of === undefined ? undefined : keys.key(of).id;
        const all = keys.aliases().filter(({ keyId }) => id === undefined || keyId === id);
        const from = Marker === undefined ? 0 : all.findIndex(({ name }) => name === Marker) + 1;
        if (Marker !== undefined && from === 0) throw invalidMarker();
        const page = all.slice(from, from + Limit);
        const Truncated = from + Limit < all.length;
        return {
          Aliases: page.map(({ name, arn, keyId }) => ({
            AliasName: name,
            AliasArn: arn,
            TargetKeyId: keyId,
          })),
          Truncated,
          ...(Truncated ? { NextMarker: page.at(-1)?.name } : {}),
        };
      },
    }),
  };
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
function metadata({ id, arn, description, enabled, multiRegion, createdMs }: Key, account: string) {
  return {
    AWSAccountId: account,
    KeyId: id,
    Arn: arn,
    CreationDate: createdMs / 1000,
    Enabled: enabled,
    Description: description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: enabled ? 'Enabled' : 'Disabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: multiRegion,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
