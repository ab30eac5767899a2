import { calledText, escaped, frontendText, looksLikeDictionary, metadataText, ownAttributes, shardingText, threadText } from './attributes';
import { literalText } from './literals';
import { type Computation, type Config, decode, type FrameIndex, type Instruction, type Int, type Module } from './schema';
import { braces, indexed, shapeText, typeName } from './shapes';

interface Names {
  computation(id: Int): string;
  instruction(id: Int): Instruction | undefined;
}

function instructionText(i: Instruction, names: Names): string {
  const first = i.operands.length > 0 ? names.instruction(i.operands[0]!) : undefined;
  const operandType = first?.shape ? typeName(first.shape.elementType) : '';
  const named = (id: Int): string => `%${names.instruction(id)?.name ?? `unknown.${id}`}`;
  let inner: string;
  if (i.opcode === 'parameter') inner = `${i.parameterNumber}`;
  else if (i.opcode === 'constant') inner = literalText(i.literal);
  else inner = indexed(i.operands.map(named));
  const parts = [`%${i.name} = ${shapeText(i.shape, true)} ${i.opcode}(${inner})`, ...ownAttributes(i, operandType), ...calledText(i, names.computation, operandType)];
  if (i.sharding !== null) parts.push(`sharding=${shardingText(i.sharding)}`);
  if (i.frontendAttributes?.map.length) parts.push(`frontend_attributes=${frontendText(i.frontendAttributes)}`);
  if (i.opcode === 'call' && i.isComposite) parts.push('is_composite=true');
  if (i.controlPredecessors.length > 0) parts.push(`control-predecessors={${i.controlPredecessors.map(named).join(', ')}}`);
  if (i.metadata !== null) {
    const text = metadataText(i.metadata);
    if (text !== '') parts.push(`metadata={${text}}`);
  }
  if (i.backendConfig !== '') parts.push(`backend_config=${looksLikeDictionary(i.backendConfig) ? i.backendConfig : `"${escaped(i.backendConfig)}"`}`);
  return parts.join(', ');
}

function computationText(c: Computation, order: readonly Int[] | undefined, isEntry: boolean, computation: Names['computation']): string {
  const byId = new Map(c.instructions.map((i) => [String(i.id), i]));
  const names: Names = { computation, instruction: (id) => byId.get(String(id)) };
  const parameters = c.instructions.filter((i) => i.opcode === 'parameter').sort((a, b) => Number(a.parameterNumber) - Number(b.parameterNumber));
  const root = byId.get(String(c.rootId));
  const takes = parameters.map((p) => `${p.name}: ${shapeText(p.shape, false)}`).join(', ');
  const scheduled = order?.map((id) => byId.get(String(id))).filter((i) => i !== undefined);
  const instructions = scheduled !== undefined && scheduled.length === c.instructions.length ? scheduled : c.instructions;
  const lines = instructions.map((i) => `  ${i === root ? 'ROOT ' : ''}${instructionText(i, names)}\n`);
  return `${isEntry ? 'ENTRY ' : ''}%${c.name} (${takes}) -> ${shapeText(root?.shape ?? c.programShape?.result ?? null, false)} {\n${lines.join('')}}${threadText(c)}`;
}

const ALIAS_KINDS = ['undefined', 'may-alias', 'must-alias'];

function headerText(m: Module, config: Config | null): string {
  const parts = [`HloModule ${m.name}`];
  if (m.schedule !== null && m.schedule.sequences.length > 0) parts.push('is_scheduled=true');
  if (m.aliases?.entries.length) parts.push(`input_output_alias={ ${m.aliases.entries.map((e) => `${braces(e.output)}: (${e.parameter}, ${braces(e.index)}, ${ALIAS_KINDS[e.kind] ?? e.kind})`).join(', ')} }`);
  if (m.donors?.entries.length) parts.push(`buffer_donor={ ${m.donors.entries.map((e) => `(${e.parameter}, ${braces(e.index)})`).join(', ')} }`);
  if (config?.aliasPassthrough) parts.push('alias_passthrough_params=true');
  const layout = m.programShape;
  if (layout !== null) parts.push(`entry_computation_layout={(${indexed(layout.parameters.map((p) => shapeText(p, true)))})->${shapeText(layout.result, true)}}`);
  const flags = (xs: readonly Int[]): string => `{${xs.map((x) => (x ? 'true' : 'false')).join(',')}}`;
  if (config !== null) {
    if (config.propagateToParameters.some(Boolean)) parts.push(`allow_spmd_sharding_propagation_to_parameters=${flags(config.propagateToParameters)}`);
    if (config.propagateToOutput.some(Boolean)) parts.push(`allow_spmd_sharding_propagation_to_output=${flags(config.propagateToOutput)}`);
    if (Number(config.replicaCount) > 1) parts.push(`replica_count=${config.replicaCount}`);
    if (Number(config.numPartitions) > 1) parts.push(`num_partitions=${config.numPartitions}`);
  }
  if (m.frontendAttributes?.map.length) parts.push(`frontend_attributes=${frontendText(m.frontendAttributes)}`);
  return parts.join(', ');
}

/** Where operations were traced: tables that `stack_frame_id` of their metadata points into. XLA counts parents from one, with one for none. */
function framesText(f: FrameIndex): string {
  const table = (title: string, rows: readonly string[]): string => `${title}\n${rows.map((r, i) => `${i + 1} ${r}\n`).join('')}\n`;
  const location = (l: FrameIndex['locations'][number]): string => `{file_name_id=${l.file} function_name_id=${l.func} line=${l.line} end_line=${l.endLine} column=${l.column} end_column=${l.endColumn}}`;
  return (
    table('FileNames', f.files.map((s) => `"${escaped(s)}"`)) +
    table('FunctionNames', f.functions.map((s) => `"${escaped(s)}"`)) +
    table('FileLocations', f.locations.map(location)) +
    table('StackFrames', f.frames.map((s) => `{file_location_id=${s.location} parent_frame_id=${Number(s.parent) + 1}}`))
  );
}

function moduleText(m: Module, config: Config | null): string {
  const named = new Map(m.computations.map((c) => [String(c.id), c.name]));
  const name = (id: Int): string => `%${named.get(String(id)) ?? `unknown.${id}`}`;
  const orders = new Map((m.schedule?.sequences ?? []).map((s) => [String(s.key), s.value?.ids ?? []]));
  const frames = m.frames !== null && m.frames.files.length > 0 ? `${framesText(m.frames)}\n` : '';
  const computations = m.computations.map((c) => `${computationText(c, orders.get(String(c.id)), String(c.id) === String(m.entryId), name)}\n\n`);
  return `${headerText(m, config)}\n\n${frames}${computations.join('')}`;
}

/**
 * A program of XLA's as text, in XLA's own notation; constants of more than ten elements are left out, as XLA does.
 *
 * @param code an `HloModuleProto`, or one with its configuration
 * @param format PJRT's name of what the bytes are
 * @returns null for a format that is not known
 * @throws ArgumentError if the bytes are none
 */
export function hloText(code: Uint8Array, format: string): string | null {
  if (format === 'hlo_with_config') {
    const { module, config } = decode('ModuleWithConfig', code);
    return module === null ? '' : moduleText(module, config);
  }
  if (format === 'hlo') return moduleText(decode('Module', code), null);
  if (format === 'hlo_text' || format === 'text' || format === 'mlir') return new TextDecoder().decode(code);
  return null;
}
