import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { readJsonFile, writeJsonFile } from '../../disk/files.ts';
import { readProperties } from '../../protocol/readProperties.ts';
import { invalidRequest, workGroupNotFound } from './errors.ts';
import { ATHENA_LIMITS as LIMITS } from './limits.ts';
import {
  assertNoClientEncryption,
  type WorkGroupConfiguration,
  workGroupConfigurationSchema,
} from './workGroupConfiguration.ts';

/** A name: https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html */
export const workGroupNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.workGroupCharacters)
  .regex(/^[a-zA-Z0-9._-]+$/, 'a name of letters, digits, dots, underscores and hyphens');

/** A workgroup's description. */
export const descriptionSchema = z.string().max(LIMITS.descriptionCharacters);

/** A tag. It is stored and has no effect. */
const tagSchema = z.strictObject({
  Key: z.string().min(1).max(LIMITS.tagKeyCharacters),
  Value: z.string().max(LIMITS.tagValueCharacters),
});

/** The properties of `AWS::Athena::WorkGroup`. */
const propertiesSchema = z.strictObject({
  Name: workGroupNameSchema,
  Description: descriptionSchema.optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  /** This is relevant only when the stack is deleted. */
  RecursiveDeleteOption: z.boolean().optional(),
  Tags: z.array(tagSchema).default([]),
  WorkGroupConfiguration: workGroupConfigurationSchema.default({}),
});

/** Reads the properties of a template's `AWS::Athena::WorkGroup`. Other properties are rejected by name. */
function readWorkGroupProperties(properties: unknown): z.output<typeof propertiesSchema> {
  return readProperties(propertiesSchema, properties, 'AWS::Athena::WorkGroup');
}

/** The workgroup that every account has. Queries that name none run in it. */
export const PRIMARY = 'primary';

/** A workgroup as its file has it. */
const workGroupSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['ENABLED', 'DISABLED']),
  description: z.string().optional(),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  configuration: workGroupConfigurationSchema,
  tags: z.array(tagSchema),
});

/** A workgroup as it is stored. */
export type WorkGroup = Readonly<z.output<typeof workGroupSchema>>;

/** The defaults of a new workgroup. In `primary`, clients may set the output location. */
const DEFAULTS = {
  EnforceWorkGroupConfiguration: true,
  PublishCloudWatchMetricsEnabled: false,
  RequesterPaysEnabled: false,
} as const satisfies WorkGroupConfiguration;

/**
 * The workgroups of one account and region. A change is on disk before the response is sent. `primary` always exists.
 */
export class WorkGroups {
  readonly #file: string;
  readonly #clock: Clock;
  #groups: ReadonlyMap<string, WorkGroup>;

  private constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    const groups = readJsonFile(file, z.array(workGroupSchema)) ?? [];
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    if (!this.#groups.has(PRIMARY)) {
      this.#save({
        name: PRIMARY,
        state: 'ENABLED',
        createdAt: clock.now(),
        configuration: { ...DEFAULTS, EnforceWorkGroupConfiguration: false },
        tags: [],
      });
    }
  }

  /** Opens the file in `directory`, or creates it. @throws DiskError DISK_DAMAGED */
  static open(options: { readonly directory: string; readonly clock: Clock }): WorkGroups {
    mkdirSync(options.directory, { recursive: true });
    return new WorkGroups(join(options.directory, 'workgroups.json'), options.clock);
  }

  /** All workgroups, sorted by name. */
  all(): WorkGroup[] {
    return sorted(this.#groups);
  }

  /** The workgroup of a name. @throws AwsError InvalidRequestException if there is none. */
  find(name: string): WorkGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw workGroupNotFound();
    return group;
  }

  /** Stores a workgroup in place of one with its name. @throws AwsError NotImplemented for client-side encryption. */
  update(group: WorkGroup): void {
    assertNoClientEncryption(group.configuration.ResultConfiguration);
    this.#save(group);
  }

  /** Deletes a workgroup. @throws AwsError as {@link requireRemovable}. */
  remove(name: string): void {
    this.requireRemovable(name);
    const groups = new Map(this.#groups);
    groups.delete(name);
    this.#write(groups);
  }

  /** Requires a workgroup that can be deleted. @throws AwsError InvalidRequestException for `primary`, or when it does not exist. */
  requireRemovable(name: string): void {
    this.find(name);
    if (name === PRIMARY) throw invalidRequest('The primary workgroup cannot be deleted');
  }

  /** Creates or updates the workgroup of a template, as a stack update does. */
  ensure(name: string, properties: unknown): void {
    const {
      Description,
      State,
      Tags,
      WorkGroupConfiguration: configuration,
    } = readWorkGroupProperties(properties);
    this.update({
      name,
      state: State,
      ...(Description === undefined ? {} : { description: Description }),
      createdAt: this.#groups.get(name)?.createdAt ?? this.#clock.now(),
      configuration: { ...DEFAULTS, ...configuration },
      tags: Tags,
    });
  }

  /** Stores a workgroup, on disk first. */
  #save(group: WorkGroup): void {
    this.#write(new Map([...this.#groups, [group.name, group]]));
  }

  /** The disk first: if it is full, nothing has changed. */
  #write(groups: ReadonlyMap<string, WorkGroup>): void {
    writeJsonFile(this.#file, sorted(groups));
    this.#groups = groups;
  }
}

/** The workgroups by name. */
function sorted(groups: ReadonlyMap<string, WorkGroup>): WorkGroup[] {
  return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
