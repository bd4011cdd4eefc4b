/**
 * What Statsig's SDKs call themselves in `sdkType`. A sender can write anything there, so logs have only names of
 * this list; a new SDK is `other` until it is added, and lands as any.
 */
const SDK_TYPES: ReadonlySet<string> = new Set([
  'javascript-client',
  'javascript-client-react',
  'javascript-client-react-native',
  'javascript-client-expo',
  'javascript-client-angular',
  'js-on-device-eval-client',
  'js-client',
  'react-client',
  'react-native-client',
  'expo-client',
  'android-client',
  'android-on-device-eval-client',
  'ios-client',
  'ios-on-device-eval-client',
  'dart-client',
  'dotnet-client',
  'unity-client',
  'roku-client',
  'cpp-client',
  'statsig-node',
  'statsig-node-lite',
  'go-sdk',
  'py-server',
  'ruby-server',
  'java-server',
  'dotnet-server',
  'php-server',
  'rust-server',
  'erlang-server',
  'statsig-server-core-node',
  'statsig-server-core-python',
  'statsig-server-core-java',
  'statsig-server-core-go',
  'statsig-server-core-php',
  'statsig-server-core-dotnet',
  'statsig-server-core-elixir',
  'statsig-server-core-rust',
  'statsig-server-core-cpp',
]);

/** Release numbers and their usual pre-releases, short enough to hold nothing else. */
const VERSION = /^\d{1,3}\.\d{1,4}\.\d{1,5}(?:-(?:alpha|beta|rc)(?:\.\d{1,3})?)?$/;

/** An SDK as logs name it, e.g. `javascript-client 3.33.5`: never text of the sender's own. */
export function sdkLabel(type: string | null, version: string | null): string {
  const name = type === null ? 'unknown' : SDK_TYPES.has(type) ? type : 'other';
  return version !== null && VERSION.test(version) ? `${name} ${version}` : name;
}
