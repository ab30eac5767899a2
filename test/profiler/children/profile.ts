// Takes profiles on the plugin that the environment names, into the folder of the first argument, in each mode of the others; prints what they hold.
// Modes after `load` are of copies of the plugin, named by them.
import { jit, numpy as np, pjrt, profiler } from '../../../lib';

const [dir, ...modes] = process.argv.slice(2) as [string, ...string[]];
const reports: Record<string, unknown> = {};
const f = jit((x: np.ArrayLike) => np.sin(x), { name: 'wave' });

function take(): unknown {
  profiler.startTrace(dir);
  f(np.ones([4])).blockUntilReady();
  const { xplane } = profiler.stopTrace();
  const { planes } = profiler.ProfileData.fromFile(xplane);
  return { extensions: pjrt.defaultClient().plugin.extensions, planes: planes.map((p) => ({ name: p.name, lines: p.lines.map((l) => ({ name: l.name, events: l.events })) })) };
}

for (const mode of modes.slice(0, modes.indexOf('load'))) {
  process.env.MODE = mode;
  try {
    reports[mode] = take();
  } catch (e) {
    reports[mode] = { error: (e as Error).name, message: (e as Error).message.split('\n')[0] };
  }
}
for (const path of modes.slice(modes.indexOf('load') + 1)) {
  process.env.MODE = /(\w+)_cpu\.so$/.exec(path)![1]!;
  const client = pjrt.Plugin.load(path).createClient();
  const profile = client.startProfile();
  reports[process.env.MODE] = { hasProfiler: profile.hasProfiler, bytes: profile.stop().space.length, extensions: client.plugin.extensions };
}
console.log(JSON.stringify(reports));
