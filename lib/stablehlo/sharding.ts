import type { IrValue, LoweringContext } from '../core/lowering';
import type { Mesh } from '../core/mesh';
import { PartitionSpec } from '../core/partitionSpec';
import type { NamedSharding } from '../core/sharding';
import type { Block } from './block';
import { tensorType } from './types';

/** An axis's name as MLIR takes it. */
export function axisText(mesh: Mesh, axis: string): string {
  return /^[\w.-]+$/.test(axis) ? `"${axis}"` : `"axis ${mesh.axisNames.indexOf(axis)}"`;
}

/** The meshes of a module, by their symbols. */
export class Meshes {
  private readonly known = new Map<number, { symbol: string; text: string }>();

  symbol(mesh: Mesh): string {
    let m = this.known.get(mesh.id);
    if (m === undefined) {
      const symbol = this.known.size === 0 ? 'mesh' : `mesh_${this.known.size - 1}`;
      m = { symbol, text: `sdy.mesh @${symbol} = <[${mesh.axisNames.map((n, i) => `${axisText(mesh, n)}=${mesh.axisSizes[i]}`).join(', ')}]>\n` };
      this.known.set(mesh.id, m);
    }
    return m.symbol;
  }

  /** What declares them. */
  get text(): string {
    return [...this.known.values()].map((m) => m.text).join('');
  }
}

/** How an array of `ndim` dimensions lies: `<@mesh, [{"x"}, {}]>`; `{?}` for a dimension that the compiler chooses for. */
export function shardingText(meshes: Meshes, { mesh, spec }: NamedSharding, ndim: number): string {
  const dims = Array.from({ length: ndim }, (_, d) => (spec.entries[d] === PartitionSpec.UNCONSTRAINED ? '{?}' : `{${spec.axesOf(d).map((a) => axisText(mesh, a)).join(', ')}}`));
  return `<@${meshes.symbol(mesh)}, [${dims.join(', ')}]>`;
}

/** x, which is to lie so. */
export function shardingConstraint(ctx: LoweringContext, x: IrValue, sharding: NamedSharding): IrValue {
  const block = ctx as Block;
  return block.one(`sdy.sharding_constraint ${x.name} ${shardingText(block.module.meshes, sharding, x.aval.ndim)} : ${tensorType(x.aval)}`, x.aval);
}
