import { graph, nn, numpy as np, ParamState, ShortTermState, State } from '../../lib';

const names = (d: { keys(): readonly (readonly (string | number)[])[] }) => d.keys().map((p) => p.join('.'));

class Sub extends nn.Module {
  w = new ParamState(np.ones([1]));
  _h = new ShortTermState(np.ones([2]));
}

// The paths that BrainState 0.5.4 gives for the same class.
const PATHS = ['_d._b._h', '_d._b.w', '_d.a', '_l.0', '_l.1._h', '_l.1.w', '_m._h', '_m.w', '_s', 'o.q._z', 't.0._h', 't.0.w', 'x'];

class Underscored extends nn.Module {
  _s = new ParamState(np.ones([1]));
  _m = new Sub();
  _l = [new ParamState(np.ones([3])), new Sub()];
  _d = { a: new ParamState(np.ones([4])), _b: new Sub(), _n: 3 };
  x = new ParamState(np.ones([1]));
  t = [new Sub()];
  o = { q: { _z: new ParamState(np.ones([1])) } };
}

describe('names that begin with an underscore', () => {
  test('are found by states, nodes and snapshots alike', () => {
    const m = new Underscored();
    expect(names(m.states())).toEqual(PATHS);
    expect(names(graph.treefyStates(m).toFlat())).toEqual(PATHS);
    expect((m.nodes() as [readonly (string | number)[], unknown][]).map(([p]) => p.join('.'))).toEqual(['_d._b', '_l.1', '_m', 't.0', '']);
    expect(names(graph.clone(m).states())).toEqual(PATHS);
  });

  test('are printed without it, as BrainState does', () => {
    expect(String(new Sub())).toBe('Sub(\n  w=ParamState(\n    value=ShapedArray(float32[1])\n  ),\n  h=ShortTermState(\n    value=ShapedArray(float32[2])\n  )\n)');
  });

  test('graphInvisibleAttrs hides from states, snapshots and copies', () => {
    class Z extends graph.Node {
      static override graphInvisibleAttrs = ['h'];
      h? = new State(1);
      _g = new State(2);
    }
    const z = new Z();
    expect(names(z.states())).toEqual(['_g']);
    expect(names(graph.treefyStates(z).toFlat())).toEqual(['_g']);
    expect(graph.clone(z).h).toBeUndefined();
  });
});
