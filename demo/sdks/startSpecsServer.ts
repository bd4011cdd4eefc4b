import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';

/** A replacement for the part of Statsig that serves rules, the only one that the SDKs call. */
export interface SpecsServer {
  /** For Server Core's `specsUrl`. */
  readonly specsUrl: string;
  /** For the browser SDK's `networkConfig.initializeUrl`. */
  readonly initializeUrl: string;
  /** For the legacy SDKs, which append the endpoint themselves: `api` or `apiForDownloadConfigSpecs`. */
  readonly api: string;
  close(): void;
}

/**
 * Serves `demo/specs/specs.json` on loopback, and initialize responses for browsers.
 *
 * @param initialize Makes the response for a user as the browser SDK sent it.
 */
export function startSpecsServer(initialize?: (user: unknown) => string): Promise<SpecsServer> {
  const specs = readFileSync(new URL('../specs/specs.json', import.meta.url), 'utf8');
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = await readText(request);
    response.setHeader('content-type', 'application/json');
    if (path === '/v1/initialize' && initialize !== undefined) response.end(initialize(userIn(body)));
    else if (path.startsWith('/v1/download_config_specs/'))
      response.end(JSON.stringify(legacySpecs(JSON.parse(specs))));
    else if (path === '/v1/get_id_lists') response.end('{}');
    else response.end(specs);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        specsUrl: `http://127.0.0.1:${port}/v2/download_config_specs`,
        initializeUrl: `http://127.0.0.1:${port}/v1/initialize`,
        api: `http://127.0.0.1:${port}/v1`,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

/** The body's text; the legacy browser SDK sends it as reversed base64. */
async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (request.headers['statsig-encoded'] !== '1') return text;
  return Buffer.from([...text].reverse().join(''), 'base64').toString('latin1');
}

function userIn(body: string): unknown {
  const sent: unknown = JSON.parse(body);
  return typeof sent === 'object' && sent !== null ? Reflect.get(sent, 'user') : {};
}

const specSchema = z.looseObject({ rules: z.array(z.looseObject({ conditions: z.array(z.string()) })) });
const specsSchema = z.looseObject({
  feature_gates: z.record(z.string(), specSchema),
  dynamic_configs: z.record(z.string(), specSchema),
  layer_configs: z.record(z.string(), specSchema),
  condition_map: z.record(z.string(), z.unknown()),
  experiment_to_layer: z.record(z.string(), z.string()),
});

type Spec = z.output<typeof specSchema>;

/**
 * Rules in the format of the legacy server SDKs: lists instead of maps, and each condition inside its rule. https://github.com/statsig-io/statsig-node, `SpecStore.ts` and `ConfigSpec.ts`.
 *
 * @param specs Rules as `/v2/download_config_specs` returns them to Server Core.
 */
export function legacySpecs(specs: unknown): object {
  const { feature_gates, dynamic_configs, layer_configs, condition_map, experiment_to_layer, ...rest } =
    specsSchema.parse(specs);
  const listed = (specsByName: Readonly<Record<string, Spec>>) =>
    Object.entries(specsByName).map(([name, spec]) => ({
      ...spec,
      name,
      rules: spec.rules.map((rule) => ({
        ...rule,
        conditions: rule.conditions.map((condition) => condition_map[condition]),
      })),
    }));
  const layers: Record<string, string[]> = {};
  for (const [experiment, layer] of Object.entries(experiment_to_layer)) {
    layers[layer] = [...(layers[layer] ?? []), experiment];
  }
  return {
    ...rest,
    feature_gates: listed(feature_gates),
    dynamic_configs: listed(dynamic_configs),
    layer_configs: listed(layer_configs),
    layers,
  };
}
