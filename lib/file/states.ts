import { FlattedDict } from '../state/flattedDict';
import { NestedDict } from '../state/nestedDict';
import { State } from '../state/state';
import { registerSerialization, type RestoreContext } from './stateDict';
import { toDevice } from './toDevice';

// A state is saved as its value, and gets its value when all of a file fits.
registerSerialization(
  State as unknown as abstract new () => State<unknown>,
  (s) => s.value,
  (s, state, context: RestoreContext) => {
    const value = context.restore(s.value, state, '');
    context.commit(() => {
      s.value = toDevice(value) as never;
    });
    return s;
  },
);

function nested(d: NestedDict): Map<unknown, unknown> {
  return new Map(d.entries().map(([k, v]) => [k, v instanceof NestedDict ? nested(v) : v]));
}

function plain(x: unknown): unknown {
  return x instanceof Map ? Object.fromEntries([...x].map(([k, v]) => [String(k), plain(v)])) : x;
}

registerSerialization(NestedDict, nested, (d, state, context) => context.restore(plain(nested(d)), state, ''));
registerSerialization(FlattedDict, (d) => nested(d.toNest()), (d, state, context) => context.restore(plain(nested(d.toNest())), state, ''));
