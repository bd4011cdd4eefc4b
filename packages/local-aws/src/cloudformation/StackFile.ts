import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../disk/files.ts';

const versionSchema = z.strictObject({
  /** The template as it was given. */
  template: z.unknown(),
  /** Directory of the functions' code. */
  codeDirectory: z.string(),
});

/** One version of a stack: what its resources are made from. */
export type StackVersion = Readonly<z.output<typeof versionSchema>>;

const deployedSchema = z.strictObject({
  name: z.string(),
  version: versionSchema,
  /** What is being applied, or was when the process ended or failed. */
  next: versionSchema.optional(),
  /** Epoch ms. */
  createdMs: z.number(),
  updatedMs: z.number().optional(),
});

/** The stack that is deployed. */
export type DeployedVersion = Readonly<z.output<typeof deployedSchema>>;

/** The deployed stack on disk. */
export class StackFile {
  readonly #file: string;
  #deployed: DeployedVersion | undefined;

  /** @param directory Created when missing. @throws DiskError DISK_DAMAGED */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#file = join(directory, 'stack.json');
    this.#deployed = readJsonFile(this.#file, deployedSchema);
  }

  get deployed(): DeployedVersion | undefined {
    return this.#deployed;
  }

  /** The disk first: if it is full, nothing has changed. */
  write(deployed: DeployedVersion): void {
    writeJsonFile(this.#file, deployed);
    this.#deployed = deployed;
  }
}
