import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../../../lib/time/Clock.ts';
import { readJsonFile, replaceFile } from '../../disk/files.ts';
import { invalidRequest, workGroupNotFound } from './errors.ts';
import { refuseClientEncryption } from './resultConfiguration.ts';
import { type WorkGroupConfiguration, workGroupConfigurationSchema } from './workGroupConfiguration.ts';
import { tagSchema, workGroupProperties } from './workGroupProperties.ts';

/** The workgroup that every account has, and that queries without one run in. */
export const PRIMARY = 'primary';

const workGroupSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['ENABLED', 'DISABLED']),
  description: z.string().optional(),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  configuration: workGroupConfigurationSchema,
  tags: z.array(tagSchema),
});

/** A workgroup as it is kept. */
export type WorkGroup = Readonly<z.output<typeof workGroupSchema>>;

/** What a workgroup has that says nothing of it. `primary` lets clients say where results go. */
const DEFAULTS = {
  EnforceWorkGroupConfiguration: true,
  PublishCloudWatchMetricsEnabled: false,
  RequesterPaysEnabled: false,
} as const satisfies WorkGroupConfiguration;

/** The workgroups of one account and region, on disk before a change is answered. `primary` is always there. */
export class WorkGroups {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #groups: Map<string, WorkGroup>;

  private constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    const groups = readJsonFile(file, z.array(workGroupSchema)) ?? [];
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    if (!this.#groups.has(PRIMARY)) {
      this.#keep({
        name: PRIMARY,
        state: 'ENABLED',
        createdAt: clock.now(),
        configuration: { ...DEFAULTS, EnforceWorkGroupConfiguration: false },
        tags: [],
      });
    }
  }

  /** Opens what lies in `directory`, or starts there. @throws DiskError SLUICE_DISK_DAMAGED */
  static open(options: { readonly directory: string; readonly clock: Clock }): WorkGroups {
    mkdirSync(options.directory, { recursive: true });
    return new WorkGroups(join(options.directory, 'workgroups.json'), options.clock);
  }

  /** In the order of their names. */
  all(): WorkGroup[] {
    return [...this.#groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws AwsError InvalidRequestException */
  find(name: string): WorkGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw workGroupNotFound();
    return group;
  }

  /** @throws AwsError InvalidRequestException when there is one of that name. */
  create(group: {
    readonly name: string;
    readonly description?: string | undefined;
    readonly configuration?: WorkGroupConfiguration | undefined;
    readonly tags?: WorkGroup['tags'] | undefined;
  }): void {
    if (this.#groups.has(group.name)) throw invalidRequest('WorkGroup is already created');
    this.update({
      name: group.name,
      state: 'ENABLED',
      ...(group.description === undefined ? {} : { description: group.description }),
      createdAt: this.#clock.now(),
      configuration: { ...DEFAULTS, ...group.configuration },
      tags: group.tags ?? [],
    });
  }

  /** Keeps a workgroup as it is given. */
  update(group: WorkGroup): void {
    refuseClientEncryption(group.configuration.ResultConfiguration);
    this.#keep(group);
  }

  /** @throws AwsError InvalidRequestException for `primary`, and for one that isn't there. */
  remove(name: string): void {
    this.find(name);
    if (name === PRIMARY) throw invalidRequest('The primary workgroup cannot be deleted');
    this.#groups.delete(name);
    this.#write();
  }

  /** Creates the workgroup of a template, or brings it to its properties, as an update of a stack would. */
  ensure(name: string, properties: unknown): void {
    const { Description, State, Tags, WorkGroupConfiguration } = workGroupProperties(properties);
    this.update({
      name,
      state: State,
      ...(Description === undefined ? {} : { description: Description }),
      createdAt: this.#groups.get(name)?.createdAt ?? this.#clock.now(),
      configuration: { ...DEFAULTS, ...WorkGroupConfiguration },
      tags: Tags,
    });
  }

  #keep(group: WorkGroup): void {
    this.#groups.set(group.name, group);
    this.#write();
  }

  #write(): void {
    replaceFile(this.#file, JSON.stringify(this.all()));
  }
}
