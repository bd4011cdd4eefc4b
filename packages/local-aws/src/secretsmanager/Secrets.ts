import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, DAY_MS } from '../base/clock.ts';
import { readJsonFile, writeJsonFile } from '../disk/files.ts';
import {
  invalidParameter,
  invalidRequest,
  SECRETS_MANAGER_LIMITS as LIMITS,
  limitExceeded,
  secretExists,
  secretNotFound,
  valueNotFound,
  versionExists,
} from './errors.ts';
import {
  CURRENT,
  PREVIOUS,
  type Secret,
  type SecretVersion,
  secretArn,
  secretProperties,
  secretSchema,
  versionAt,
} from './Secret.ts';

/** Options of {@link Secrets}. */
interface SecretsOptions {
  /** Folder of the secrets, created when missing. */
  readonly directory: string;
  /** The clock of times of secrets and versions. */
  readonly clock: Clock;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** The region of the secrets. */
  readonly region: string;
  /** The account of the secrets: twelve digits. */
  readonly account: string;
}

/** The secrets of one account and region. A change is on disk before it is answered. */
export class Secrets {
  readonly #options: SecretsOptions;
  readonly #secrets: Map<string, Secret>;

  private constructor(options: SecretsOptions) {
    this.#options = options;
    this.#secrets = readSecrets(options.directory);
  }

  /** Opens the secrets stored in `directory`, or starts without any. One process at a time may have it open. */
  static open(options: SecretsOptions): Secrets {
    return new Secrets(options);
  }

  /** The secrets in the order of their names. Those whose deletion is due are deleted first. */
  all(): Secret[] {
    for (const { name, deletedAt = Number.POSITIVE_INFINITY } of this.#secrets.values())
      if (deletedAt <= this.#options.clock.now()) this.remove(name);
    return [...this.#secrets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * A secret, its deletion scheduled or not.
   *
   * @param id The name, the ARN, or the ARN without its last six characters.
   * @throws AwsError `ResourceNotFoundException`.
   */
  find(id: string): Secret {
    const secret = this.#at(id);
    if (secret === undefined) throw secretNotFound();
    return secret;
  }

  /** A secret, its deletion scheduled or not; undefined if there is none. @param id As of {@link find}. */
  #at(id: string): Secret | undefined {
    return this.all().find(({ name, arn }) => name === id || arn === id || arn.slice(0, -7) === id);
  }

  /**
   * A secret whose deletion is not scheduled.
   *
   * @throws AwsError `ResourceNotFoundException`, `InvalidRequestException`.
   */
  usable(id: string): Secret {
    const secret = this.find(id);
    if (secret.deletedAt === undefined) return secret;
    throw invalidRequest(
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  /** Deletes a secret after some days; until then it can only be described and restored. @throws As {@link usable}. */
  scheduleDeletion(id: string, days: number): Secret & { readonly deletedAt: number } {
    const deletedAt = this.#options.clock.now() + days * DAY_MS;
    const deleted = { ...this.usable(id), deletedAt };
    this.#keep(deleted);
    return deleted;
  }

  /**
   * Deletes a secret at once, its deletion scheduled or not. One that does not exist is no error, so that a call can be
   * repeated: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html. Its answer is as in
   * https://github.com/getmoto/moto/blob/master/moto/secretsmanager/models.py.
   *
   * @param id As of {@link find}.
   * @returns Its name and ARN, and when it was deleted: epoch milliseconds.
   */
  deleteNow(id: string): Pick<Secret, 'name' | 'arn'> & { readonly deletedAt: number } {
    const deletedAt = this.#options.clock.now();
    const secret = this.#at(id);
    if (secret === undefined) return { name: id, arn: secretArn({ ...this.#options, name: id }), deletedAt };
    const { name, arn } = secret;
    this.remove(name);
    return { name, arn, deletedAt };
  }

  /** Takes a deletion back. @throws As {@link find}. */
  restore(id: string): Secret {
    const { deletedAt: _, ...secret } = this.find(id);
    this.#keep(secret);
    return secret;
  }

  /**
   * Makes a secret. Without a value it has no version yet. The same token with the same value makes no second one.
   *
   * @throws AwsError `ResourceExistsException`; `InvalidRequestException` for one whose deletion is scheduled.
   */
  create(input: {
    /** Name of the secret. */
    readonly name: string;
    /** Its `Description`; undefined without one. */
    readonly description?: string | undefined;
    /** The value of its first version; undefined for a secret without a version. */
    readonly value?: string | undefined;
    /** `ClientRequestToken`, the ID of the version. Default: a random one. */
    readonly token?: string | undefined;
    /** The `SecretString` of the template that declares the secret; undefined for one that no template declares. */
    readonly declared?: string | undefined;
  }): { readonly secret: Secret; readonly version: SecretVersion | undefined } {
    const { name, description, value, declared, token = randomUUID() } = input;
    const existing = this.all().find((known) => known.name === name);
    if (existing !== undefined) {
      if (existing.deletedAt !== undefined)
        throw invalidRequest(
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
        );
      const version = existing.versions.find(({ id }) => id === token);
      if (version !== undefined && version.value === value) return { secret: existing, version };
      throw secretExists(name);
    }
    const now = this.#options.clock.now();
    const version = value === undefined ? undefined : { id: token, createdAt: now, value, stages: [CURRENT] };
    const secret: Secret = {
      name,
      arn: secretArn({ ...this.#options, name }),
      ...(description === undefined ? {} : { description }),
      createdAt: now,
      changedAt: now,
      versions: version === undefined ? [] : [version],
      ...(declared === undefined ? {} : { declared }),
    };
    this.#keep(secret);
    return { secret, version };
  }

  /**
   * A version of a secret.
   *
   * @param which By default the one labelled `AWSCURRENT`.
   * @throws AwsError `ResourceNotFoundException`, `InvalidRequestException`.
   */
  version(
    secret: Secret,
    which: { readonly id?: string | undefined; readonly stage?: string | undefined } = {},
  ): SecretVersion {
    const { id, stage } = which;
    if (id === undefined) {
      const staged = versionAt(secret, stage ?? CURRENT);
      if (staged === undefined) throw valueNotFound(`staging label: ${stage ?? CURRENT}`);
      return staged;
    }
    const version = secret.versions.find((candidate) => candidate.id === id);
    if (version === undefined) throw valueNotFound(`VersionId: ${id}`);
    if (stage !== undefined && !version.stages.includes(stage)) {
      throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
    }
    return version;
  }

  /**
   * Adds a version. The same token with the same value changes nothing; the first version is always current.
   *
   * @throws AwsError `ResourceExistsException` for the same token with another value; as {@link usable}.
   */
  put(
    id: string,
    input: {
      /** The value of the version. */
      readonly value: string;
      /** `ClientRequestToken`, the ID of the version. Default: a random one. */
      readonly token?: string | undefined;
      /** Labels of the version. Default: `AWSCURRENT`. */
      readonly stages?: readonly string[] | undefined;
    },
  ): { readonly secret: Secret; readonly version: SecretVersion } {
    const secret = this.usable(id);
    const { value, token = randomUUID(), stages = [CURRENT] } = input;
    const existing = secret.versions.find((version) => version.id === token);
    if (existing !== undefined) {
      if (existing.value !== value) throw versionExists(token, secret.arn);
      return { secret, version: existing };
    }
    const added = { id: token, createdAt: this.#options.clock.now(), value, stages: [] };
    const labels = secret.versions.length === 0 ? [...stages, CURRENT] : stages;
    const changed = this.#restage(secret, moveStages([...secret.versions, added], labels, token));
    return { secret: changed, version: this.version(changed, { id: token }) };
  }

  /**
   * Moves a staging label, only from the version that the caller names as its holder, so that no concurrent change is
   * undone.
   *
   * @param move.to Undefined takes the label away.
   * @throws AwsError `ResourceNotFoundException`, `InvalidParameterException`; as {@link usable}.
   */
  moveStage(
    id: string,
    stage: string,
    move: { readonly to?: string | undefined; readonly from?: string | undefined },
  ): Secret {
    const secret = this.usable(id);
    const { to, from } = move;
    const holder = versionAt(secret, stage)?.id;
    if (to !== undefined && !secret.versions.some((version) => version.id === to)) {
      throw valueNotFound(`VersionId: ${to}`);
    }
    if (from !== undefined && from !== holder) {
      throw invalidParameter(`The staging label ${stage} is not attached to version ${from}.`);
    }
    if (holder !== undefined && from === undefined && to !== holder) {
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    if (stage === CURRENT && to === undefined) {
      throw invalidParameter('AWSCURRENT can be moved to another version, not taken away.');
    }
    return this.#restage(secret, moveStages(secret.versions, [stage], to));
  }

  /**
   * Creates the secret of a template, or sets its properties as an update of a stack would. The value is put again only if the
   * template's value has changed: a value that was put since then stays.
   */
  ensure(name: string, properties: unknown): void {
    const { Description: description, SecretString: declared } = secretProperties(properties);
    const existing = this.all().find((secret) => secret.name === name);
    if (existing === undefined) {
      this.create({ name, description, value: declared, declared });
    } else if (existing.description !== description || existing.declared !== declared) {
      const { description: _, declared: __, ...unchanged } = existing;
      this.#keep({
        ...unchanged,
        ...(description === undefined ? {} : { description }),
        ...(declared === undefined ? {} : { declared }),
      });
      if (declared !== undefined && existing.declared !== declared) this.put(name, { value: declared });
    }
  }

  /** Whether there is a secret of this name, its deletion scheduled or not. */
  has(name: string): boolean {
    return this.#secrets.has(name);
  }

  /** Deletes a secret at once. */
  remove(name: string): void {
    rmSync(secretFile(this.#options.directory, name), { force: true });
    this.#secrets.delete(name);
  }

  /** Replaces the versions of a secret. @throws AwsError `LimitExceededException` for too many staging labels. */
  #restage(secret: Secret, versions: readonly SecretVersion[]): Secret {
    if (versions.flatMap(({ stages }) => stages).length > LIMITS.stagesPerSecret) {
      throw limitExceeded(`A secret can have at most ${LIMITS.stagesPerSecret} staging labels.`);
    }
    const changed: Secret = {
      ...secret,
      changedAt: this.#options.clock.now(),
      versions: dropDeprecated(versions, LIMITS.versions),
    };
    this.#keep(changed);
    return changed;
  }

  /** Writes the file before anything changes in memory: if the disk is full, nothing has changed. */
  #keep(secret: Secret): void {
    writeSecret(this.#options.directory, secret);
    this.#secrets.set(secret.name, secret);
  }
}

/**
 * Moves staging labels to a version, from the versions that have them. When `AWSCURRENT` moves, the version that had it gets
 * `AWSPREVIOUS`.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * @param to Undefined takes the labels away.
 */
function moveStages(
  versions: readonly SecretVersion[],
  moved: readonly string[],
  to: string | undefined,
): SecretVersion[] {
  const left = moved.includes(CURRENT)
    ? versions.find(({ stages, id }) => stages.includes(CURRENT) && id !== to)
    : undefined;
  const removed = new Set(left === undefined ? moved : [...moved, PREVIOUS]);
  return versions.map((version) => {
    const kept = version.stages.filter((stage) => !removed.has(stage));
    const added = version.id === to ? moved : [];
    const followed = version.id === left?.id ? [PREVIOUS] : [];
    return { ...version, stages: [...new Set([...kept, ...added, ...followed])] };
  });
}

/** Removes the oldest versions without a label, until `most` versions are left. */
function dropDeprecated(versions: readonly SecretVersion[], most: number): SecretVersion[] {
  let surplus = versions.length - most;
  return versions.filter(({ stages }) => {
    if (surplus <= 0 || stages.length > 0) return true;
    surplus -= 1;
    return false;
  });
}

/** The name of a secret's file: a hash of the secret's name. */
const FILE = /^[0-9a-f]{64}\.json$/;

/**
 * Writes a secret to a file of its own, named by a hash because names may have slashes and differ only in case. Values are not
 * encrypted: the file is private to the user who runs the cloud.
 */
function writeSecret(directory: string, secret: Secret): void {
  mkdirSync(directory, { recursive: true });
  writeJsonFile(secretFile(directory, secret.name), secret);
}

/** The file of a secret: the name of a secret may have characters that a file's may not. */
function secretFile(directory: string, name: string): string {
  return join(directory, `${createHash('sha256').update(name).digest('hex')}.json`);
}

/** The secrets in a directory, by name. A directory that isn't there has none. @throws DiskError DISK_DAMAGED */
function readSecrets(directory: string): Map<string, Secret> {
  mkdirSync(directory, { recursive: true });
  const secrets = readdirSync(directory)
    .filter((name) => FILE.test(name))
    .map((name) => readJsonFile(join(directory, name), secretSchema))
    .filter((secret) => secret !== undefined);
  return new Map(secrets.map((secret) => [secret.name, secret]));
}
