import { type CommandLine, type CommandOptions, textOption } from '../commandLine.ts';
import type { PlaceOptions } from './deploymentPlace.ts';

/** Which deployment, and where: the options of every command that goes by {@link PlaceOptions}. */
export const placeOptions = {
  local: { type: 'boolean', help: 'the local cloud: stage local, http://127.0.0.1:4566' },
  stage: { type: 'string', help: 'stage of the deployment (default dev; of the local cloud: local)' },
  region: { type: 'string', help: "AWS region (default: as AWS tools have it, else the configuration's)" },
  'endpoint-url': { type: 'string', help: 'another endpoint, e.g. that of the local cloud' },
} as const satisfies CommandOptions;

/** What a command line has of them; an empty text counts as none. */
export function readPlaceOptions(line: CommandLine): PlaceOptions {
  return {
    local: line.values['local'] === true,
    stage: textOption(line, 'stage') || undefined,
    region: textOption(line, 'region') || undefined,
    endpoint: textOption(line, 'endpoint-url') || undefined,
  };
}
