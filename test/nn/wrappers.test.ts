import { environ, HiddenState, jit, nn, numpy as np, ParamState, random } from 'xlastate';
import { expectClose, fixture } from '../support/nnFixture';

const { mapped } = fixture;
const x = np.array(mapped.x);
const noisy = () => new nn.GRUCell(2, 3, { stateInit: new nn.init.Normal() });

test('states for each lane, and a module called for each: values and keys of BrainState', () => {
  random.seed(42);
  const cell = nn.vmapInitAllStates(noisy(), { axisSize: 4, stateTag: 'new' });
  expectClose(cell.h.value.js(), mapped.first);
  expect(random.getKeyData().js()).toEqual(mapped.key);
  expect(cell.h.tag).toEqual(new Set(['new']));
  expectClose(new nn.Vmap(cell, { vmapStates: 'new' }).call(x).js(), mapped.vmap, 5);
  expectClose(cell.h.value.js(), mapped.h, 5);
  expectClose(new nn.Vmap(new nn.Linear(2, 3)).call(x).js(), mapped.linear, 5);
  cell.resetState(4);
  const step = jit(new nn.Vmap(cell, { vmapStates: { 0: HiddenState } }));
  expect([(step(x) as np.Array).shape, cell.h.value.shape]).toEqual([[4, 3], [4, 3]]);
});

test('states are made and reset for lanes with a batch each', () => {
  const model = new nn.Sequential(noisy(), new nn.LSTMCell(3, 2));
  const [gru, lstm] = model.layers as [nn.GRUCell, nn.LSTMCell];
  nn.vmapInitAllStates(model, 5, { axisSize: 4 });
  expect([gru.h.value.shape, lstm.c.value.shape]).toEqual([[4, 5, 3], [4, 5, 2]]);
  const before = gru.h.value;
  nn.vmapResetAllStates(model, 5, { axisSize: 4, nodeToExclude: nn.LSTMCell });
  expect([gru.h.value.shape, np.min(np.abs(gru.h.value.sub(before))).item() as number > 0]).toEqual([[4, 5, 3], true]);
  nn.vmapResetAllStates(model, 6, { axisSize: 4 });
  expect([gru.h.value.shape, lstm.h.value.shape]).toEqual([[4, 6, 3], [4, 6, 2]]);
  expect(() => nn.vmapResetAllStates(model, { axisSize: 3 })).toThrow('size');
  expect(() => nn.vmapInitAllStates(model, 5 as never)).toThrow('axisSize');
  expect(() => nn.vmapInitAllStates(model, { axisSize: 0 })).toThrow('axisSize');
});

test('Map makes states and maps calls, methods and functions', () => {
  random.seed(42);
  const many = new nn.Map(noisy(), 4);
  const cell = many.module as nn.GRUCell;
  expect(() => many.call(x)).toThrow('initAllStates');
  expect([...many.initAllStates()]).toEqual([cell.h]);
  expectClose(cell.h.value.js(), mapped.map[0]);
  expectClose((many.call(x) as np.Array).js(), mapped.map[1], 5);
  expectClose(cell.h.value.js(), mapped.map[2], 5);
  expect([many.map('call')(x).shape, many.dictVmapStates!.get(0)]).toEqual([[4, 3], [cell.h]]);
  expect(many.map((scale: number) => cell.h.value.mul(scale).sum(), { inAxes: [null] })(2).shape).toEqual([4]);
  expect(() => many.map('missing')).toThrow('missing');

  const across = new nn.Map(new nn.GRUCell(2, 3), 4, { initStateAxes: { 1: HiddenState } });
  across.initAllStates(5);
  expect([(across.module as nn.GRUCell).h.value.shape, (across.call(np.ones([4, 5, 2])) as np.Array).shape]).toEqual([[5, 4, 3], [4, 5, 3]]);
  expect([...across.states(ParamState).keys()].map((p) => p.join('.'))).toEqual(['module.Wh.weight', 'module.Wrz.weight']);
  expect(() => new nn.Map(cell, 4, { behavior: 'other' as never })).toThrow('behavior');
});

test('EnvironContext sets the environment for its layer', () => {
  const layer = new nn.EnvironContext(new nn.Dropout(0.5), { fit: false });
  expect(layer.call(x)).toBe(x);
  expect(layer.toString()).toBe("EnvironContext(\n  layer=Dropout(\n    prob=0.5,\n    broadcast_dims=()\n  ),\n  context={\n    'fit': False\n  }\n)");
  random.seed(0);
  expect((layer.callWith({ fit: true }, np.ones([100])) as np.Array).sum().item()).not.toBe(100);
  layer.addContext({ dt: 0.5 });
  class Reads extends nn.Module {
    override call(): unknown {
      return environ.get('dt');
    }
  }
  expect(new nn.EnvironContext(new Reads(), layer.context).call()).toBe(0.5);
  expect(() => new nn.EnvironContext(3 as never)).toThrow('module');
});
