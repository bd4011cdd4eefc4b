import { z } from 'zod';
import type { Clock } from '../../../lib/time/Clock.ts';
import { readProperties } from '../../edge/readProperties.ts';
import { aliasNotFound, keyNotFound } from '../errors.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html, as far as we use it. */
const keyPropertiesSchema = z.strictObject({
  Description: z.string().default(''),
  KeyPolicy: z.record(z.string(), z.unknown()),
  KeySpec: z.literal('SYMMETRIC_DEFAULT').default('SYMMETRIC_DEFAULT'),
  KeyUsage: z.literal('ENCRYPT_DECRYPT').default('ENCRYPT_DECRYPT'),
  MultiRegion: z.boolean().default(false),
  EnableKeyRotation: z.boolean().default(false),
  Enabled: z.boolean().default(true),
  /** Of a deletion, which is not emulated. */
  PendingWindowInDays: z.int().min(7).max(30).optional(),
  Tags: z.unknown().optional(),
});

const aliasPropertiesSchema = z.strictObject({
  AliasName: z.string().startsWith('alias/'),
  TargetKeyId: z.string(),
});

/** One key; what can be changed later is not readonly. */
export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly multiRegion: boolean;
  readonly createdMs: number;
  enabled: boolean;
  rotated: boolean;
  /** JSON. */
  policy: string;
}

/** Another name of a key. */
export interface KeyAlias {
  /** With `alias/` before it. */
  readonly name: string;
  readonly arn: string;
  readonly keyId: string;
}

/**
 * The keys that a template makes, to be told of: nothing is encrypted here. Kept in memory, as the template is
 * applied at each start.
 */
export class Keys {
  readonly #clock: Clock;
  /** `arn:aws:kms:us-east-1:000000000000`. */
  readonly #arnPrefix: string;
  readonly #keys = new Map<string, Key>();
  readonly #aliases = new Map<string, KeyAlias>();

  constructor(options: {
    readonly clock: Clock;
    readonly partition: string;
    readonly region: string;
    readonly account: string;
  }) {
    this.#clock = options.clock;
    this.#arnPrefix = `arn:${options.partition}:kms:${options.region}:${options.account}`;
  }

  /** Makes the key of a template's `AWS::KMS::Key`. */
  ensure(id: string, properties: unknown): void {
    const read = readProperties(keyPropertiesSchema, properties, 'AWS::KMS::Key');
    this.#keys.set(id, {
      id,
      arn: `${this.#arnPrefix}:key/${id}`,
      description: read.Description,
      multiRegion: read.MultiRegion,
      createdMs: this.#clock.now(),
      enabled: read.Enabled,
      rotated: read.EnableKeyRotation,
      policy: JSON.stringify(read.KeyPolicy),
    });
  }

  /** Makes the alias of a template's `AWS::KMS::Alias`. */
  ensureAlias(properties: unknown): void {
    const { AliasName: name, TargetKeyId } = readProperties(
      aliasPropertiesSchema,
      properties,
      'AWS::KMS::Alias',
    );
    const { id: keyId } = this.key(TargetKeyId);
    this.#aliases.set(name, { name, arn: `${this.#arnPrefix}:${name}`, keyId });
  }

  /** By ID or ARN. @throws AwsError `NotFoundException`. */
  key(idOrArn: string): Key {
    const id = idOrArn.startsWith(`${this.#arnPrefix}:key/`) ? idOrArn.split('/')[1] : idOrArn;
    const key = this.#keys.get(id ?? '');
    if (key === undefined)
      throw keyNotFound(idOrArn.startsWith('arn:') ? idOrArn : `${this.#arnPrefix}:key/${idOrArn}`);
    return key;
  }

  /** By ID, ARN, alias or the alias's ARN. @throws AwsError `NotFoundException`. */
  keyOrAlias(name: string): Key {
    const alias = name.startsWith(`${this.#arnPrefix}:alias/`)
      ? name.slice(this.#arnPrefix.length + 1)
      : name;
    if (!alias.startsWith('alias/')) return this.key(name);
    const found = this.#aliases.get(alias);
    if (found === undefined) throw aliasNotFound(`${this.#arnPrefix}:${alias}`);
    return this.key(found.keyId);
  }

  /** In the order of their names. */
  aliases(): KeyAlias[] {
    return [...this.#aliases.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
