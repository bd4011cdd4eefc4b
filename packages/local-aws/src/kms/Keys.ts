import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { readJsonFile, writeJsonFile } from '../disk/files.ts';
import { Faults } from '../faults/Faults.ts';
import { type Caller, isUnbound } from '../iam/Caller.ts';
import type { AccessRequest } from '../iam/decide.ts';
import { type Policy, readPolicy } from '../iam/policy.ts';
import { inert, readProperties } from '../protocol/readProperties.ts';
import { aliasNotFound, keyDisabled, keyNotFound } from './errors.ts';

/** The properties of a key that are supported: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html */
const keyPropertiesSchema = z.strictObject({
  Description: z.string().default(''),
  KeyPolicy: z.record(z.string(), z.unknown()),
  KeySpec: z.literal('SYMMETRIC_DEFAULT').default('SYMMETRIC_DEFAULT'),
  KeyUsage: z.literal('ENCRYPT_DECRYPT').default('ENCRYPT_DECRYPT'),
  MultiRegion: z.literal(false).default(false),
  /** The root of the account may always change the key's policy, so KMS's lockout check would never refuse. */
  BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  /** No key rotates here. */
  EnableKeyRotation: inert,
  Enabled: z.boolean().default(true),
  /** A key that leaves the stack is gone at once. */
  PendingWindowInDays: inert,
  Tags: inert,
});

/** The properties of `AWS::KMS::Alias`. */
const aliasPropertiesSchema = z.strictObject({
  AliasName: z.string().startsWith('alias/'),
  TargetKeyId: z.string(),
});

/** A key as stored in the file of keys. */
const storedKeySchema = z.object({
  id: z.string(),
  account: z.string(),
  /** Default: the deployment's region. */
  region: z.string().optional(),
  description: z.string(),
  createdMs: z.int(),
  enabled: z.boolean(),
  policy: z.string(),
  /** Whether {@link Keys.create} made it. */
  made: z.boolean(),
});

/** One key. */
export interface Key {
  /** The last part of its ARN. */
  readonly id: string;
  /** ARN of the key. */
  readonly arn: string;
  /** Account that owns it. */
  readonly account: string;
  /** The region that the key is in. */
  readonly region: string;
  /** Whether {@link Keys.create} made it, not the template. */
  readonly made: boolean;
  /** The `Description`; '' without one. */
  readonly description: string;
  /** Epoch milliseconds. */
  readonly createdMs: number;
  /** Whether the key can be used. */
  readonly enabled: boolean;
  /** The policy as JSON. */
  readonly policy: string;
}

/** The policies of keys, each read once. A changed key is another object. */
const policies = new WeakMap<Key, Policy>();

/** The policy of a key. */
export function keyPolicy(key: Key): Policy {
  const known = policies.get(key);
  if (known !== undefined) return known;
  const policy = readPolicy(JSON.parse(key.policy));
  policies.set(key, policy);
  return policy;
}

/** How the policy of a key takes part in the decision on a call of a caller. */
export function keyPolicyFor(
  key: Key,
  caller: Caller,
): Pick<AccessRequest, 'resourcePolicy' | 'resourceDecides'> {
  return {
    resourcePolicy: keyPolicy(key),
    // The root, and the roles and users of the template whose policies are not enforced, may use a key of the template unless
    // its policy denies it.
    resourceDecides: key.made || caller.account !== key.account || !isUnbound(caller),
  };
}

/** Another name of a key. */
interface KeyAlias {
  /** The account of the key, which is the alias's own. */
  readonly account: string;
  /** Includes the prefix `alias/`. */
  readonly name: string;
  /** ARN of the alias. */
  readonly arn: string;
  /** ID of the key that the alias stands for. */
  readonly keyId: string;
}

/** The keys of all accounts, on disk. Nothing is encrypted here. Aliases are the template's, and set at each start. */
export class Keys {
  readonly #clock: Clock;
  /** `arn:aws:kms:us-east-1:000000000000`. */
  readonly #arnPrefix: string;
  readonly #account: string;
  readonly #partition: string;
  readonly #region: string;
  readonly #file: string | undefined;
  readonly #faults: Faults;
  #keys: ReadonlyMap<string, Key> = new Map();
  readonly #aliases = new Map<string, KeyAlias>();

  constructor(options: {
    /** The clock of times of creation. */
    readonly clock: Clock;
    /** The first part of ARNs after `arn:`. */
    readonly partition: string;
    /** The region of the deployment. */
    readonly region: string;
    /** The account of the deployment: twelve digits. */
    readonly account: string;
    /** Folder for the keys; undefined: they are kept in memory only. */
    readonly directory?: string;
    /** Keys that are off on demand. Default: none. */
    readonly faults?: Faults;
  }) {
    this.#clock = options.clock;
    this.#faults = options.faults ?? new Faults();
    this.#account = options.account;
    this.#partition = options.partition;
    this.#region = options.region;
    this.#arnPrefix = this.#prefix(options.account);
    if (options.directory === undefined) return;
    mkdirSync(options.directory, { recursive: true });
    this.#file = join(options.directory, 'keys.json');
    const stored = readJsonFile(this.#file, z.array(storedKeySchema)) ?? [];
    this.#keys = new Map(stored.map((key) => [key.id, this.#withArn(key)]));
  }

  /**
   * Creates a key for an account.
   *
   * @param policy JSON.
   * @param region Default: the deployment's.
   */
  create(account: string, description: string, policy: string, region = this.#region): Key {
    const id = randomUUID();
    const createdMs = this.#clock.now();
    const key = { id, account, region, description, createdMs, policy, enabled: true, made: true };
    return this.#put(key);
  }

  /** Turns a key on or off. */
  turn(key: Key, enabled: boolean): void {
    this.#put({ ...key, enabled });
  }

  /** Deletes a key; does nothing if it does not exist. What it has encrypted stays readable here. */
  remove(id: string): void {
    this.#save([...this.#keys.values()].filter((key) => key.id !== id));
  }

  /** Stores a key in place of one with its ID. */
  #put(stored: z.output<typeof storedKeySchema>): Key {
    const key = this.#withArn(stored);
    this.#save([...[...this.#keys.values()].filter(({ id }) => id !== key.id), key]);
    return key;
  }

  /** The disk first: if it is full, nothing has changed. */
  #save(keys: readonly Key[]): void {
    if (this.#file !== undefined)
      writeJsonFile(
        this.#file,
        keys.map(({ arn: _, ...key }) => key),
      );
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** The beginning of ARNs up to the kind of resource. */
  #prefix(account: string, region = this.#region): string {
    return `arn:${this.#partition}:kms:${region}:${account}`;
  }

  /** A stored key with what can be derived. */
  #withArn(key: z.output<typeof storedKeySchema>): Key {
    const region = key.region ?? this.#region;
    return { ...key, region, arn: `${this.#prefix(key.account, region)}:key/${key.id}` };
  }

  /** Whether an account has keys here, from the template or made. */
  areIn(account: string): boolean {
    return [...this.#keys.values()].some((key) => key.account === account);
  }

  /** Finds a key by ID, ARN, or the name or ARN of an alias; undefined if it doesn't exist. */
  find(name: string): Key | undefined {
    const alias = this.#aliases.get(this.#withoutPrefix(name));
    return this.#find(alias?.keyId ?? name);
  }

  /**
   * Requires that a key, if it is here, can be used by anybody. Each call counts as a use of the key by a fault.
   *
   * @throws AwsError `KMS.DisabledException`, as S3 reports it.
   */
  requireUsable(key: Key | undefined): void {
    if (key === undefined) return;
    const names = this.aliases().flatMap(({ keyId, name, arn }) => (keyId === key.id ? [name, arn] : []));
    const { disableKey } = this.#faults.take('kms', ['disableKey'], [key.id, key.arn, ...names]);
    if (!key.enabled || disableKey !== undefined) throw keyDisabled(key.arn);
  }

  /** The names of all keys: IDs, ARNs and aliases. */
  names(): string[] {
    const keys = [...this.#keys.values()].flatMap(({ id, arn }) => [id, arn]);
    return [...keys, ...this.aliases().flatMap(({ name, arn }) => [name, arn])];
  }

  /** The name in an ARN of the deployment's account and region; any other text stays as it is. */
  #withoutPrefix(name: string): string {
    return name.startsWith(`${this.#arnPrefix}:`) ? name.slice(this.#arnPrefix.length + 1) : name;
  }

  /** The key of an ID or an ARN; undefined if it does not exist. */
  #find(idOrArn: string): Key | undefined {
    const key = this.#keys.get(idOrArn.slice(idOrArn.lastIndexOf('/') + 1));
    return key !== undefined && idOrArn.startsWith('arn:') && key.arn !== idOrArn ? undefined : key;
  }

  /** Whether there is a key of this ID. */
  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /**
   * Creates the key of a template's `AWS::KMS::Key`, or sets what the template says of it.
   *
   * @throws AwsError for properties that are not emulated.
   */
  ensure(id: string, properties: unknown): void {
    const read = readProperties(keyPropertiesSchema, properties, 'AWS::KMS::Key');
    this.#put({
      id,
      account: this.#account,
      made: false,
      createdMs: this.#keys.get(id)?.createdMs ?? this.#clock.now(),
      description: read.Description,
      enabled: read.Enabled,
      policy: JSON.stringify(read.KeyPolicy),
    });
  }

  /** Creates the alias of a template's `AWS::KMS::Alias`, or moves it. */
  ensureAlias(properties: unknown): void {
    const { AliasName: name, TargetKeyId } = readProperties(
      aliasPropertiesSchema,
      properties,
      'AWS::KMS::Alias',
    );
    const { id: keyId, account } = this.key(TargetKeyId);
    this.#aliases.set(name, { account, name, arn: `${this.#arnPrefix}:${name}`, keyId });
  }

  /** Finds a key by its ID or ARN. @throws AwsError `NotFoundException`. */
  key(idOrArn: string): Key {
    const key = this.#find(idOrArn);
    if (key === undefined)
      throw keyNotFound(idOrArn.startsWith('arn:') ? idOrArn : `${this.#arnPrefix}:key/${idOrArn}`);
    return key;
  }

  /** Finds a key by its ID, ARN, alias or the alias's ARN. @throws AwsError `NotFoundException`. */
  keyOrAlias(name: string): Key {
    const alias = this.#withoutPrefix(name);
    if (!alias.startsWith('alias/')) return this.key(name);
    const known = this.#aliases.get(alias);
    if (known === undefined) throw aliasNotFound(`${this.#arnPrefix}:${alias}`);
    return this.key(known.keyId);
  }

  /** All aliases, ordered by name. */
  aliases(): KeyAlias[] {
    return [...this.#aliases.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
