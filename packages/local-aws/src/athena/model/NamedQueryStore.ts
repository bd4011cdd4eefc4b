import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../../disk/files.ts';
import { invalidRequest } from './errors.ts';

const namedQuerySchema = z.strictObject({
  id: z.string(),
  workGroup: z.string(),
  name: z.string(),
  database: z.string(),
  query: z.string(),
  description: z.string().optional(),
  /** The client's token of the creation, and a digest of what it asked for. */
  token: z.string().optional(),
  digest: z.string(),
});

/** A named query as it is stored. */
export type NamedQuery = Readonly<z.output<typeof namedQuerySchema>>;

/** The named queries of all workgroups, oldest first. A change is on disk before the response is sent. */
export class NamedQueryStore {
  readonly #file: string;
  #queries: readonly NamedQuery[];

  private constructor(file: string) {
    this.#file = file;
    this.#queries = readJsonFile(file, z.array(namedQuerySchema)) ?? [];
  }

  /** Opens the file in `directory`, or creates it. @throws DiskError DISK_DAMAGED */
  static open({ directory }: { readonly directory: string }): NamedQueryStore {
    mkdirSync(directory, { recursive: true });
    return new NamedQueryStore(join(directory, 'named-queries.json'));
  }

  get(id: string): NamedQuery | undefined {
    return this.#queries.find((one) => one.id === id);
  }

  /** @throws AwsError InvalidRequestException */
  find(id: string): NamedQuery {
    const found = this.get(id);
    if (found === undefined) throw invalidRequest(namedQueryNotFound(id));
    return found;
  }

  /** The named queries of a workgroup. */
  list(workGroup: string): NamedQuery[] {
    return this.#queries.filter((one) => one.workGroup === workGroup);
  }

  /**
   * Creates a named query. The same token with the same request answers with the query that it created.
   *
   * @throws AwsError InvalidRequestException for a token that came with another request.
   */
  create(request: Omit<NamedQuery, 'id' | 'digest' | 'token'>, token: string | undefined): NamedQuery {
    const { workGroup, name, database, query, description } = request;
    const members = JSON.stringify([workGroup, name, database, query, description]);
    const digest = createHash('sha256').update(members).digest('hex');
    const earlier = this.#queries.find((one) => token !== undefined && one.token === token);
    if (earlier !== undefined) {
      if (earlier.digest !== digest) throw invalidRequest('Idempotent parameters do not match');
      return earlier;
    }
    const created = { ...request, id: randomUUID(), digest, ...(token === undefined ? {} : { token }) };
    this.#write([...this.#queries, created]);
    return created;
  }

  /** Changes a query. The database and the workgroup stay. @throws AwsError InvalidRequestException */
  update(id: string, changed: Partial<Pick<NamedQuery, 'name' | 'query' | 'description'>>): void {
    const before = this.find(id);
    this.#write(this.#queries.map((one) => (one === before ? { ...before, ...changed } : one)));
  }

  /** Removes the queries that there are of some. */
  remove(ids: readonly string[]): void {
    const left = this.#queries.filter(({ id }) => !ids.includes(id));
    if (left.length < this.#queries.length) this.#write(left);
  }

  #write(queries: readonly NamedQuery[]): void {
    writeJsonFile(this.#file, queries);
    this.#queries = queries;
  }
}

/** What Athena says of an ID that no named query has. */
export function namedQueryNotFound(id: string): string {
  return `NamedQuery ${id} was not found`;
}
