// Run in a process of its own by `doctor`: a plugin that crashes takes only this process with it. Writes what it found as JSON.
import { findPlugin } from './discovery';
import { Plugin } from './plugin';

const plugin = findPlugin();
const loaded = Plugin.load(plugin.path);
const client = loaded.createClient(plugin.options);
process.stdout.write(
  `\n${JSON.stringify({
    apiVersion: loaded.apiVersion,
    attributes: loaded.attributes,
    platformName: client.platformName,
    platformVersion: client.platformVersion,
    devices: client.devices.map((d) => `${d.toString()}${d.kind ? ` (${d.kind})` : ''}`),
  })}\n`,
);
