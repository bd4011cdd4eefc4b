import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const fixtureSchema = z.strictObject({
  /** npm package of the SDK. */
  sdk: z.string(),
  version: z.string(),
  /** Where the request comes from. */
  source: z.string(),
  method: z.string(),
  path: z.string(),
  /** Query string as sent, without the question mark. */
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  /** The body's bytes as sent, base64. */
  body: z.string(),
});

/** One request as an SDK sent it. */
export type StatsigFixture = z.output<typeof fixtureSchema>;

const folder = new URL('../fixtures/statsig/', import.meta.url);

/** Every recorded request, by `<folder>/<file>`; or the requests of one folder. */
export function statsigFixtures(only?: string): [name: string, fixture: StatsigFixture][] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && (only === undefined || entry.name === only))
    .flatMap(({ name }) =>
      readdirSync(new URL(`${name}/`, folder))
        .filter((file) => /^\d+\.json$/.test(file))
        .sort()
        .map((file): [string, StatsigFixture] => [
          `${name}/${file}`,
          fixtureSchema.parse(JSON.parse(readFileSync(new URL(`${name}/${file}`, folder), 'utf8'))),
        ]),
    );
}
