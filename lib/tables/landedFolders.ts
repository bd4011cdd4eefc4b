import type { Config } from '../config/configSchema.ts';

type FolderLayout = Pick<Config, 'statsigFolder'>;

/**
 * The folders of forwarded tables, with the slash at their ends. Their names are Statsig's: when it forwards into the
 * same Statsig folder by itself, it writes there too.
 */
function forwardedFolders({ statsigFolder }: FolderLayout): readonly string[] {
  return [`${statsigFolder}/statsig_forwarded_exposures/`, `${statsigFolder}/statsig_forwarded_events/`];
}

/** The folder of ingested tables, with the slash at its end. Nobody but us writes there. */
export function ingestedFolder({ statsigFolder }: FolderLayout): string {
  return `${statsigFolder}/ingested/`;
}

/**
 * The folder of the table of experiment groups, with the slash at its end. It lies among the ingested tables: readers'
 * policies let them read there, and let nobody but us write. No dataset's table can have its name.
 */
export function groupsFolder(layout: FolderLayout): string {
  return `${ingestedFolder(layout)}experiment_groups/`;
}

/** Key of the object that holds the rows of that table, a line of JSON each. It is the only one in the folder. */
export function groupsKey(layout: FolderLayout): string {
  return `${groupsFolder(layout)}experiment_groups.json`;
}

/** All that analysts read: the forwarded tables, and the ingested with the experiment groups. */
export function landedFolders(layout: FolderLayout): readonly string[] {
  return [...forwardedFolders(layout), ingestedFolder(layout)];
}
