import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AthenaClient } from '@aws-sdk/client-athena';
import { z } from 'zod';
import { answer } from './answer.ts';
import { type Ended, runClient } from './runClient.ts';

/** A build takes half a minute, and far more on a busy machine. */
const BUILD_MS = 600_000;

/** dbt's report on a run. https://docs.getdbt.com/reference/artifacts/run-results-json */
const runSchema = z.object({
  results: z
    .array(z.object({ unique_id: z.string(), status: z.string(), message: z.string().nullish() }))
    .min(1),
});
/** https://docs.getdbt.com/reference/artifacts/catalog-json */
const catalogSchema = z.object({
  nodes: z.record(z.string(), z.object({ columns: z.record(z.string(), z.unknown()) })),
  sources: z.record(z.string(), z.unknown()),
});

/** A row of a result; null is a cell without a text. */
export type Cells = readonly (string | null)[];

/** Expected answer of a statement after a build. */
export interface Expected {
  readonly what: string;
  readonly sql: string;
  /** Rows, or a judgement of them: what is wrong, empty if nothing is. */
  readonly rows: readonly Cells[] | ((rows: readonly Cells[]) => string);
}

/** Receives each check and what failed; empty if nothing did. */
export type Tell = (what: string, failure: string) => void;

interface ProjectOptions {
  /** Its folder, which also has `profiles.yml`. */
  readonly project: string;
  /** Commands of the Python that has dbt. */
  readonly bin: string;
  /** Where the local cloud answers. */
  readonly edge: string;
  /** A folder for logs and artifacts. */
  readonly directory: string;
  /** Where Athena writes, as `s3://…/`: the variable `RESULTS`. */
  readonly results: string;
  /** The database of its tables. */
  readonly schema: string;
  readonly athena: AthenaClient;
  readonly tell: Tell;
  /** How its checks are called. */
  readonly name: string;
}

/** Runs a dbt project against the local cloud, as its users do, and compares its tables with what they should have. */
export class DbtProject {
  readonly #options: ProjectOptions;

  constructor(options: ProjectOptions) {
    this.#options = options;
  }

  /** Builds everything; every node has to succeed, and the tables to have what is expected. */
  async build(round: string, vars: object, expected: readonly Expected[]): Promise<void> {
    const { directory, schema, results, athena, tell, name } = this.#options;
    const told = join(directory, 'target', 'run_results.json');
    rmSync(told, { force: true });
    const { status, stdout, stderr } = await this.#dbt(['build'], vars);
    const run = artifact(told, runSchema);
    if (run === undefined) return tell(`${name} ${round} comes to its end`, `${status}: ${stdout}${stderr}`);
    for (const { unique_id, status: ended, message } of run.results)
      tell(`${name} ${round} ${unique_id}`, /^(?:success|pass)$/.test(ended) ? '' : `${ended}: ${message}`);
    for (const { what, sql, rows } of expected) {
      const failure = await answer(athena, {
        QueryString: sql,
        QueryExecutionContext: { Database: schema },
        ResultConfiguration: { OutputLocation: `${results}checks/` },
      }).then(
        (one) =>
          typeof rows === 'function'
            ? rows(one.rows)
            : isDeepStrictEqual(one.rows, rows)
              ? ''
              : JSON.stringify(one.rows),
        (error: unknown) => String(error),
      );
      tell(`${name} ${round} ${what}`, failure);
    }
  }

  /**
   * Generates the documents; they describe each model with its number of columns, as `name 3`.
   *
   * @param models The models that have to be described.
   * @param sources How many sources have to be.
   */
  async docs(vars: object, models: readonly string[], sources: number): Promise<void> {
    const { directory, tell, name } = this.#options;
    const { stdout, stderr } = await this.#dbt(['docs', 'generate'], vars);
    const catalog = artifact(join(directory, 'target', 'catalog.json'), catalogSchema);
    const told = Object.entries(catalog?.nodes ?? {}).map(
      ([node, { columns }]) => `${node.split('.').at(-1)} ${Object.keys(columns).length}`,
    );
    const missing = models.filter((one) => !told.includes(one));
    tell(
      `${name} docs describe every model`,
      missing.length === 0 ? '' : `${missing} of ${told.join(', ')}\n${stdout}${stderr}`,
    );
    const found = Object.keys(catalog?.sources ?? {});
    tell(`${name} docs describe the views`, found.length === sources ? '' : found.join(', '));
  }

  #dbt(command: readonly string[], vars: object): Promise<Ended> {
    const { project, bin, edge, results, directory } = this.#options;
    const args = ['--project-dir', project, '--profiles-dir', project, '--vars', JSON.stringify(vars)];
    return runClient(join(bin, 'dbt'), [...command, ...args], {
      edge,
      results,
      timeoutMs: BUILD_MS,
      more: {
        DBT_TARGET_PATH: join(directory, 'target'),
        DBT_LOG_PATH: directory,
        DBT_USE_COLORS: 'false',
        DBT_VERSION_CHECK: 'false',
        DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
      },
    });
  }
}

/** A file that dbt has written; undefined when it has not, or wrote something else. */
function artifact<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
